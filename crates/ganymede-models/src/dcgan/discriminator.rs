//! The discriminator: strided convolutions down to one score.

use ganymede_tensor::{DType, Device, Params, Rng, Tensor, bail};

use super::{DcganConfig, NAME, layer_config, norm_config};
use crate::layers::activation::Activation;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::norm::{Norm, NormKind};
use crate::{Critique, Discriminator, Mode, ModelError};

/// x → convolution, leaky ReLU → [convolution, norm, leaky ReLU] × (K−1) → convolution → score.
///
/// Each convolution halves (kernel 4, stride 2, padding 1), the last makes 1×1 from 4×4 (kernel 4,
/// no padding). The first has no norm after it. Scores are raw: there is no sigmoid.
///
/// ```
/// use ganymede_models::{DcganConfig, DcganDiscriminator, Discriminator, Mode};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = DcganConfig { resolution: 8, channels: 1, width: 4, spectral: true, ..Default::default() };
/// let d = DcganDiscriminator::new(&config, Rng::new(0), DType::F32, &Device::Cpu)?;
/// let x = Rng::new(1).normal((2, 1, 8, 8), DType::F32, &Device::Cpu)?;
/// assert_eq!(d.forward(&x, None, Mode::Eval)?.scores.dims(), [2]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct DcganDiscriminator {
    hidden: Vec<(Conv2d, Norm)>,
    last: Conv2d,
    params: Params,
    config: DcganConfig,
}

impl DcganDiscriminator {
    /// A discriminator with first weights from `rng`.
    ///
    /// # Errors
    /// A field of `config` cannot be used.
    pub fn new(config: &DcganConfig, rng: Rng, dtype: DType, device: &Device) -> Result<Self, ModelError> {
        config.validate()?;
        let params = Params::new();
        let main = params.builder(rng, dtype, device).pp("main");
        let norm = config.resolved_discriminator_norm();
        let conv = |from: usize, to: usize, [stride, padding]: [usize; 2], index: usize| {
            let conv = Conv2dConfig::new(from, to, 4)
                .with_stride(stride, padding)
                .with_layer(layer_config(norm, config.spectral));
            Conv2d::new(&conv, &main.pp(index))
        };
        let mut index = 0;
        let mut channels = config.channels;
        let mut hidden = Vec::new();
        for (stage, width) in config.widths().into_iter().enumerate() {
            let kind = if stage == 0 { NormKind::None } else { norm };
            let down = conv(channels, width, [2, 1], index)?;
            hidden.push((down, Norm::new(&norm_config(kind, width), &main.pp(index + 1))?));
            // With a norm a stage is convolution, norm, leaky ReLU in the numbering.
            index += if kind == NormKind::None { 2 } else { 3 };
            channels = width;
        }
        let last = conv(channels, 1, [1, 0], index)?;
        Ok(Self { hidden, last, params, config: config.clone() })
    }

    /// The configuration that it was built from.
    pub fn config(&self) -> &DcganConfig {
        &self.config
    }
}

impl Discriminator for DcganDiscriminator {
    /// Images `(N, C, R, R)` to raw scores `(N,)`; `y` is not used.
    fn forward(&self, x: &Tensor, _y: Option<&Tensor>, mode: Mode) -> ganymede_tensor::Result<Critique> {
        let (c, r) = (self.config.channels, self.config.resolution);
        match x.dims() {
            &[_, channels, h, w] if [channels, h, w] == [c, r, r] => {}
            dims => bail!("{NAME} discriminator: x is {dims:?}, expected (N, {c}, {r}, {r})"),
        }
        let mut x = x.clone();
        for (conv, norm) in &self.hidden {
            x = if norm.is_none() {
                conv.forward_activated(&x, Activation::LeakyRelu, mode)?
            } else {
                norm.forward_activated(&conv.forward(&x, mode)?, Activation::LeakyRelu, mode)?
            };
        }
        Ok(Critique::unconditional(self.last.forward(&x, mode)?.flatten_all()?))
    }

    fn params(&self) -> &Params {
        &self.params
    }
}
