//! What linear and convolution layers share: a weight, plain or spectrally normalised, and a bias.

use ganymede_tensor::{Builder, Init, Param, Result, Tensor, bail, scaled_param};

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
    /// An equalised learning rate, or none. Not together with spectral normalisation.
    pub equalised: Option<Equalised>,
}

/// An equalised learning rate (Karras et al., 2018, arXiv:1710.10196, section 4.1): weights are near N(0, 1) in the
/// optimiser's eyes, whose steps are then as large for each layer as its weights are, and are scaled where they are used.
///
/// With a multiplier m (Karras et al., 2019, arXiv:1812.04948, appendix C: 0.01 in the mapping network) the stored weight is
/// from N(0, 1/m²), the weight used is `gain`·m/√fan-in times it, and the bias used m times the stored one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Equalised {
    /// √2 before a ReLU whose output is not scaled, else 1.
    pub gain: f64,
    /// The learning rate relative to that of other layers, m.
    pub lr_multiplier: f64,
    /// Whether the stored bias is scaled as the weight is, in place of m alone: pytorch_GAN_zoo scales what comes out of a
    /// layer, bias and all.
    pub scales_bias: bool,
}

impl Default for LayerConfig {
    fn default() -> Self {
        Self {
            weight_init: Init::FanInUniform,
            bias: Some(Init::FanInUniform),
            spectral: None,
            equalised: None,
        }
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

    /// A weight from N(0, 1/m²) with an equalised learning rate, and a bias that starts as 0.
    pub fn equalised(gain: f64, lr_multiplier: f64) -> Self {
        Self {
            weight_init: Init::Normal { mean: 0.0, std: 1.0 / lr_multiplier },
            bias: Some(Init::Zeros),
            spectral: None,
            equalised: Some(Equalised { gain, lr_multiplier, scales_bias: false }),
        }
    }

    /// A bias of `len` elements, if there is to be one.
    pub(crate) fn build_bias(
        &self,
        builder: &Builder,
        len: usize,
        (weight, weight_shape): (&Weight, &[usize]),
    ) -> Result<Option<Bias>> {
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
        let scale = match (self.equalised, weight) {
            (Some(Equalised { scales_bias: true, .. }), Weight::Equalised(_, scale)) => *scale,
            (Some(Equalised { lr_multiplier, .. }), _) => lr_multiplier,
            (None, _) => 1.0,
        };
        builder.param("bias", len, init).map(|param| Some(Bias { param, scale }))
    }
}

/// A bias as a layer uses it.
#[derive(Debug)]
pub(crate) struct Bias {
    param: Param,
    scale: f64,
}

impl Bias {
    /// The bias to add.
    pub(crate) fn get(&self) -> Result<Tensor> {
        scaled_param(&self.param, self.scale)
    }
}

/// A weight as a layer uses it.
#[derive(Debug)]
pub(crate) enum Weight {
    Plain(Param),
    Spectral(SpectralNorm),
    /// A weight, and what it is multiplied by.
    Equalised(Param, f64),
}

impl Weight {
    /// `output_dim` is the axis of the weight that counts output channels.
    pub(crate) fn new(
        builder: &Builder,
        shape: &[usize],
        output_dim: usize,
        config: &LayerConfig,
    ) -> Result<Self> {
        Ok(match (config.spectral, config.equalised) {
            (None, None) => Self::Plain(builder.param("weight", shape, config.weight_init)?),
            (Some(_), Some(_)) => {
                bail!("a weight is normalised or has an equalised learning rate, not both")
            }
            (None, Some(Equalised { gain, lr_multiplier, .. })) => {
                let outputs = shape[output_dim].max(1);
                let fan_in = (shape.iter().product::<usize>() / outputs).max(1);
                let weight = builder.param("weight", shape, config.weight_init)?;
                Self::Equalised(weight, gain * lr_multiplier / (fan_in as f64).sqrt())
            }
            (Some(spectral), None) => {
                let init = config.weight_init;
                Self::Spectral(SpectralNorm::new(builder, shape, output_dim, init, spectral)?)
            }
        })
    }

    /// The weight to multiply with.
    pub(crate) fn get(&self, mode: Mode) -> Result<Tensor> {
        match self {
            Self::Plain(weight) => Ok(weight.get()),
            Self::Equalised(weight, scale) => scaled_param(weight, *scale),
            Self::Spectral(spectral) => spectral.weight(mode),
        }
    }
}

#[cfg(test)]
mod tests {
    use ganymede_tensor::testing::{Tol, assert_close};
    use ganymede_tensor::{DType, Device, Params, Rng};

    use super::*;
    use crate::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, Linear};

    const GAIN: f64 = 1.5;
    const M: f64 = 0.01;
    type Forward = Box<dyn Fn(&Tensor) -> Result<Tensor>>;

    /// A layer that takes 4 channels and gives 3, of each kind, with its fan-in.
    fn layers(config: LayerConfig) -> Vec<(Params, Forward, usize)> {
        let built = |fan_in: usize, build: &dyn Fn(&Builder) -> Forward| {
            let params = Params::new();
            let forward = build(&params.builder(Rng::new(1), DType::F64, &Device::Cpu));
            (params, forward, fan_in)
        };
        vec![
            built(4, &|builder| {
                let layer = Linear::new(4, 3, &config, builder).unwrap();
                Box::new(move |x| {
                    layer.forward(&x.narrow(2, 0, 1)?.narrow(3, 0, 1)?.flatten_from(1)?, Mode::Eval)
                })
            }),
            built(4 * 9, &|builder| {
                let layer = Conv2d::new(&Conv2dConfig::new(4, 3, 3).with_layer(config), builder).unwrap();
                Box::new(move |x| layer.forward(x, Mode::Eval))
            }),
            built(4 * 9, &|builder| {
                let config = ConvTranspose2dConfig::new(4, 3, 3).with_layer(config);
                let layer = ConvTranspose2d::new(&config, builder).unwrap();
                Box::new(move |x| layer.forward(x, Mode::Eval))
            }),
        ]
    }

    /// An equalised layer is the plain one of scaled weights; its own are near N(0, 1/m²).
    #[test]
    fn equalised_layers_are_plain_ones_of_scaled_weights() -> Result<()> {
        let x = Rng::new(2).normal((2, 4, 5, 5), DType::F64, &Device::Cpu)?;
        for scales_bias in [false, true] {
            let mut config = LayerConfig::equalised(GAIN, M);
            config.equalised = config.equalised.map(|equalised| Equalised { scales_bias, ..equalised });
            let plain = LayerConfig { equalised: None, ..config };
            for ((params, forward, fan_in), (twin, plain, _)) in layers(config).into_iter().zip(layers(plain))
            {
                let scale = GAIN * M / (fan_in as f64).sqrt();
                for param in params.params() {
                    if param.name() == "bias" {
                        param.set(&Rng::new(3).normal(3, DType::F64, &Device::Cpu)?)?;
                    } else {
                        let deviation = param.get().sqr()?.mean_all()?.to_scalar::<f64>()?.sqrt();
                        assert!((0.5..2.0).contains(&(deviation * M)), "{deviation}");
                    }
                }
                let scaled = |(name, stored): (String, Tensor)| {
                    let of_bias = if scales_bias { scale } else { M };
                    let used = stored * if name == "bias" { of_bias } else { scale };
                    Ok((name, used?))
                };
                twin.load_state_dict(&params.state_dict().into_iter().map(scaled).collect::<Result<_>>()?)
                    .unwrap();
                assert_close(&forward(&x)?, &plain(&x)?, Tol { rel: 1e-12, abs: 1e-12 });
            }
        }
        Ok(())
    }

    #[test]
    fn a_weight_is_not_equalised_and_normalised_at_once() {
        let builder = Params::new().builder(Rng::new(1), DType::F64, &Device::Cpu);
        let both = LayerConfig::equalised(1.0, 1.0).with_spectral();
        let message = Linear::new(2, 2, &both, &builder).unwrap_err().to_string();
        assert!(message.contains("equalised learning rate, not both"), "{message}");
    }
}
