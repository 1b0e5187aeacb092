//! What linear and convolution layers share: a weight, plain or spectrally normalised, and a bias.

use ganymede_tensor::{Builder, Init, Param, Result, Tensor};

use super::spectral::{SpectralConfig, SpectralNorm};
use crate::Mode;

/// How the weight and the bias of a layer start, and how the weight is parametrised.
///
/// The default is PyTorch's: both from U(±1/√fan-in), the weight used as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerConfig {
    /// The first value of the weight.
    pub weight_init: Init,
    /// The first value of the bias, or no bias. [`Init::FanInUniform`] means U(±1/√fan-in) with the
    /// fan-in of the weight, as in PyTorch.
    pub bias: Option<Init>,
    /// Spectral normalisation of the weight, or none.
    pub spectral: Option<SpectralConfig>,
}

impl Default for LayerConfig {
    fn default() -> Self {
        Self { weight_init: Init::FanInUniform, bias: Some(Init::FanInUniform), spectral: None }
    }
}

impl LayerConfig {
    /// The default without a bias.
    pub fn without_bias() -> Self {
        Self { bias: None, ..Self::default() }
    }

    /// This configuration with spectral normalisation, one iteration a step.
    #[must_use]
    pub fn with_spectral(self) -> Self {
        Self { spectral: Some(SpectralConfig::default()), ..self }
    }

    /// A bias of `len` elements, if there is to be one.
    pub(crate) fn build_bias(
        &self,
        builder: &Builder,
        len: usize,
        weight_shape: &[usize],
    ) -> Result<Option<Param>> {
        // A bias has no fan-in of its own: PyTorch takes that of the weight.
        let init = match self.bias {
            None => return Ok(None),
            Some(Init::FanInUniform) => {
                let fan_in: usize = weight_shape[1..].iter().product();
                let bound = 1.0 / (fan_in.max(1) as f64).sqrt();
                Init::Uniform { lo: -bound, hi: bound }
            }
            Some(init) => init,
        };
        builder.param("bias", len, init).map(Some)
    }
}

/// A weight as a layer uses it.
#[derive(Debug)]
pub(crate) enum Weight {
    Plain(Param),
    Spectral(SpectralNorm),
}

impl Weight {
    /// `output_dim` is the axis of the weight that counts output channels.
    pub(crate) fn new(
        builder: &Builder,
        shape: &[usize],
        output_dim: usize,
        config: &LayerConfig,
    ) -> Result<Self> {
        Ok(match config.spectral {
            None => Self::Plain(builder.param("weight", shape, config.weight_init)?),
            Some(spectral) => {
                let init = config.weight_init;
                Self::Spectral(SpectralNorm::new(builder, shape, output_dim, init, spectral)?)
            }
        })
    }

    /// The weight to multiply with.
    pub(crate) fn get(&self, mode: Mode) -> Result<Tensor> {
        match self {
            Self::Plain(weight) => Ok(weight.get()),
            Self::Spectral(spectral) => spectral.weight(mode),
        }
    }
}
