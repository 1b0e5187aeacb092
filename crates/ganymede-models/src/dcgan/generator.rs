//! The generator: transposed convolutions from a 1×1 latent image up.

use ganymede_tensor::{Builder, DType, Device, Params, Rng, Tensor, bail, tanh};

use super::{DcganConfig, NAME, layer_config, norm_config};
use crate::layers::activation::Activation;
use crate::layers::conv_transpose::{ConvTranspose2d, ConvTranspose2dConfig};
use crate::layers::norm::{Norm, NormKind};
use crate::{Generator, Mode, ModelError};

/// z → [transposed convolution, norm, ReLU] × K → transposed convolution → tanh.
///
/// The first convolution makes 4×4 from 1×1 (kernel 4, stride 1, no padding), each further one
/// doubles (kernel 4, stride 2, padding 1).
///
/// ```
/// use ganymede_models::{DcganConfig, DcganGenerator, Generator, Mode};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = DcganConfig { resolution: 8, channels: 1, z_dim: 6, width: 4, ..Default::default() };
/// let g = DcganGenerator::new(&config, Rng::new(0), DType::F32, &Device::Cpu)?;
/// let z = Rng::new(1).normal((2, 6), DType::F32, &Device::Cpu)?;
/// assert_eq!(g.forward(&z, None, Mode::Eval)?.dims(), [2, 1, 8, 8]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct DcganGenerator {
    hidden: Vec<(ConvTranspose2d, Norm)>,
    last: ConvTranspose2d,
    params: Params,
    config: DcganConfig,
}

impl DcganGenerator {
    /// A generator with first weights from `rng`.
    ///
    /// # Errors
    /// A field of `config` cannot be used.
    pub fn new(config: &DcganConfig, rng: Rng, dtype: DType, device: &Device) -> Result<Self, ModelError> {
        config.validate()?;
        let params = Params::new();
        let main = params.builder(rng, dtype, device).pp("main");
        // With a norm a stage is convolution, norm, ReLU in the numbering; without, one shorter.
        let stage_len = if config.norm == NormKind::None { 2 } else { 3 };
        let mut channels = config.z_dim;
        let mut hidden = Vec::new();
        for (stage, width) in config.widths().into_iter().rev().enumerate() {
            let index = stage * stage_len;
            let conv = up(config, [channels, width], stage == 0, &main.pp(index))?;
            let norm = Norm::new(&norm_config(config.norm, width), &main.pp(index + 1))?;
            hidden.push((conv, norm));
            channels = width;
        }
        let index = hidden.len() * stage_len;
        let last = up(config, [channels, config.channels], false, &main.pp(index))?;
        Ok(Self { hidden, last, params, config: config.clone() })
    }

    /// The configuration that it was built from.
    pub fn config(&self) -> &DcganConfig {
        &self.config
    }

    /// The latent vectors as 1×1 images.
    fn latent_images(&self, z: &Tensor) -> ganymede_tensor::Result<Tensor> {
        let z_dim = self.config.z_dim;
        match z.dims() {
            &[n, d] if d == z_dim => z.reshape((n, d, 1, 1)),
            &[_, d, 1, 1] if d == z_dim => Ok(z.clone()),
            dims => bail!("{NAME} generator: z is {dims:?}, expected (N, {z_dim}) or (N, {z_dim}, 1, 1)"),
        }
    }
}

impl Generator for DcganGenerator {
    /// `z` `(N, Z)` or `(N, Z, 1, 1)` to images `(N, C, R, R)` in [−1, 1]; `y` is not used.
    fn forward(&self, z: &Tensor, _y: Option<&Tensor>, mode: Mode) -> ganymede_tensor::Result<Tensor> {
        let mut x = self.latent_images(z)?;
        for (conv, norm) in &self.hidden {
            x = if norm.is_none() {
                conv.forward_activated(&x, Activation::Relu, mode)?
            } else {
                norm.forward_activated(&conv.forward(&x, mode)?, Activation::Relu, mode)?
            };
        }
        tanh(&self.last.forward(&x, mode)?)
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        self.config.z_dim
    }

    fn output_shape(&self) -> Vec<usize> {
        vec![self.config.channels, self.config.resolution, self.config.resolution]
    }
}

/// From 1×1 to 4×4 at first, then to twice the size.
fn up(
    config: &DcganConfig,
    [from, to]: [usize; 2],
    first: bool,
    builder: &Builder,
) -> ganymede_tensor::Result<ConvTranspose2d> {
    let (stride, padding) = if first { (1, 0) } else { (2, 1) };
    let conv = ConvTranspose2dConfig::new(from, to, 4)
        .with_stride(stride, padding)
        .with_layer(layer_config(config.norm, false));
    ConvTranspose2d::new(&conv, builder)
}
