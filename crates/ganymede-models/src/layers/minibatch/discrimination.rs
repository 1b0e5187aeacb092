//! Minibatch discrimination (Salimans et al., 2016, arXiv:1606.03498, section 3.2).

use ganymede_tensor::{Builder, Result, Tensor, closeness, pairwise_l1};

use crate::Mode;
use crate::layers::linear::Linear;
use crate::layers::weight::LayerConfig;

/// The shape of a [`MinibatchDiscrimination`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinibatchDiscriminationConfig {
    /// Kernels B: features that come out.
    pub kernels: usize,
    /// Numbers C that a kernel compares samples by.
    pub dim: usize,
}

impl Default for MinibatchDiscriminationConfig {
    fn default() -> Self {
        Self { kernels: 50, dim: 5 }
    }
}

/// How close each sample of a batch is to the others, under B learned kernels:
///
/// Mᵢ = f(xᵢ)·T with T of A×B×C, o(xᵢ)_b = Σ_{j≠i} exp(−‖Mᵢ,b − Mⱼ,b‖₁).
///
/// The paper's sum has the sample itself, whose part is always 1; the authors' code leaves it out, and so does this.
/// T is `weight` `(B·C, A)`. Takes some N²·B numbers of memory, of which a batch of 256 makes 13 MB; where there is no
/// kernel for it ([`pairwise_l1`]), C times as many.
#[derive(Debug)]
pub struct MinibatchDiscrimination {
    tensor: Linear,
    config: MinibatchDiscriminationConfig,
}

impl MinibatchDiscrimination {
    /// A layer over `features` (A); T starts as the weights that `layer` describes, and has no bias.
    ///
    /// # Errors
    /// A size is 0, or a name is taken.
    pub fn new(
        features: usize,
        config: &MinibatchDiscriminationConfig,
        layer: &LayerConfig,
        builder: &Builder,
    ) -> Result<Self> {
        let layer = LayerConfig { bias: None, ..*layer };
        let tensor = Linear::new(features, config.kernels * config.dim, &layer, builder)?;
        Ok(Self { tensor, config: *config })
    }

    /// Features `(N, A)` to `(N, B)`; of a single sample, zeros.
    ///
    /// # Errors
    /// `x` has another number of features or another dtype.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let MinibatchDiscriminationConfig { kernels, dim } = self.config;
        let n = x.dim(0)?;
        let m = self.tensor.forward(x, mode)?.reshape((n, kernels, dim))?;
        let close = closeness(&pairwise_l1(&m)?)?;
        // As close to the others as they are to it: the sum over the first axis, which a product of matrices takes.
        let ones = Tensor::ones((1, n), x.dtype(), x.device())?;
        ones.matmul(&close.reshape((n, n * kernels))?)?.reshape((n, kernels))
    }
}
