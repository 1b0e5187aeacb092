//! A vector for each class.

use ganymede_tensor::{Builder, DType, Init, Result, Tensor, bail};

use super::spectral::SpectralConfig;
use super::weight::{LayerConfig, Weight};
use crate::Mode;

/// Rows of a `weight` `(K, D)` by class, as `torch.nn.Embedding`: y ↦ W\[y\].
///
/// The rows are picked by a product with the classes as unit vectors, so that the gradient is exact to any order, also
/// where a class occurs several times in a batch. With spectral normalisation (`weight_orig`, `weight_u`, `weight_v`)
/// all rows are divided by σ(W), as in the projection discriminator (Miyato and Koyama, 2018, arXiv:1802.05637).
///
/// ```
/// use ganymede_models::{Embedding, Mode};
/// use ganymede_tensor::{DType, Device, Init, Params, Rng, Tensor};
/// let params = Params::new();
/// let builder = params.builder(Rng::new(0), DType::F32, &Device::Cpu);
/// let embedding = Embedding::new(10, 4, Init::Normal { mean: 0.0, std: 1.0 }, None, &builder)?;
/// let y = Tensor::new(&[3u32, 3, 0], &Device::Cpu)?;
/// assert_eq!(embedding.forward(&y, Mode::Eval)?.dims(), [3, 4]);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Embedding {
    weight: Weight,
    classes: usize,
}

impl Embedding {
    /// Vectors of length `dim` for `classes` classes.
    ///
    /// # Errors
    /// A size is 0, or a name is taken.
    pub fn new(
        classes: usize,
        dim: usize,
        weight_init: Init,
        spectral: Option<SpectralConfig>,
        builder: &Builder,
    ) -> Result<Self> {
        if classes == 0 || dim == 0 {
            bail!("embedding: {classes} classes, vectors of length {dim}: both must be at least 1")
        }
        let config = LayerConfig { weight_init, bias: None, spectral, equalised: None };
        Ok(Self { weight: Weight::new(&builder.tables(), &[classes, dim], 0, &config)?, classes })
    }

    /// Classes `(N,)` of dtype u32 to vectors `(N, D)`.
    ///
    /// # Errors
    /// `y` has another shape or dtype. On the CPU also where a class is K or more; elsewhere, where looking would wait
    /// for the device, its vector is 0.
    pub fn forward(&self, y: &Tensor, mode: Mode) -> Result<Tensor> {
        let weight = self.weight.get(mode)?;
        one_hot(y, self.classes, weight.dtype())?.matmul(&weight)
    }

    /// What [`Self::forward`] refuses, for networks that must not have moved statistics by then.
    pub(crate) fn check(&self, y: &Tensor) -> Result<()> {
        check(y, self.classes)
    }
}

/// Classes `(N,)` as unit vectors `(N, K)`.
///
/// # Errors
/// As [`Embedding::forward`].
pub(crate) fn one_hot(y: &Tensor, classes: usize, dtype: DType) -> Result<Tensor> {
    check(y, classes)?;
    let all = Tensor::arange(0, classes as u32, y.device())?.unsqueeze(0)?;
    let shape = (y.dim(0)?, classes);
    y.unsqueeze(1)?.broadcast_as(shape)?.eq(&all.broadcast_as(shape)?)?.to_dtype(dtype)
}

fn check(y: &Tensor, classes: usize) -> Result<()> {
    if y.rank() != 1 || y.dtype() != DType::U32 {
        bail!("embedding: the classes are {:?} of {:?}, expected (N,) of U32", y.dims(), y.dtype())
    }
    if y.device().is_cpu()
        && let Some(class) = y.to_vec1::<u32>()?.into_iter().find(|class| *class as usize >= classes)
    {
        bail!("embedding: class {class} of {classes}: they are numbered from 0")
    }
    Ok(())
}
