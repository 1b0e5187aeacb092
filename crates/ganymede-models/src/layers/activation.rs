//! Pointwise non-linearities.

use ganymede_tensor::{Result, Tensor, leaky_relu, relu, sigmoid, softplus, tanh};
use serde::{Deserialize, Serialize};

use super::pending::Pending;

/// A pointwise non-linearity; the shape of the input is kept.
///
/// ```
/// use ganymede_models::Activation;
/// use ganymede_tensor::{Device, Tensor};
/// let x = Tensor::new(&[-1f32, 2.0], &Device::Cpu)?;
/// assert_eq!(Activation::LeakyRelu.forward(&x)?.to_vec1::<f32>()?, [-0.2, 2.0]);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// max(x, 0.2·x): the slope of DCGAN and most discriminators since; PyTorch's default is 0.01.
    LeakyRelu,
    /// tanh(x).
    Tanh,
    /// log(1 + eˣ), smooth: its second derivative is not 0, which matters under gradient penalties.
    Softplus,
    /// x·σ(x) (Elfwing et al., 2018, arXiv:1702.03118).
    Silu,
}

impl Activation {
    /// The slope of [`Activation::LeakyRelu`] below 0.
    pub const LEAKY_SLOPE: f64 = 0.2;

    /// Every activation.
    pub const ALL: &[Self] = &[Self::Relu, Self::LeakyRelu, Self::Tanh, Self::Softplus, Self::Silu];

    /// Applies it to each element of `x`.
    ///
    /// # Errors
    /// `x` is not of a floating type.
    pub fn forward(self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Relu => relu(x),
            Self::LeakyRelu => leaky_relu(x, Self::LEAKY_SLOPE),
            Self::Tanh => tanh(x),
            Self::Softplus => softplus(x),
            Self::Silu => x * sigmoid(x)?,
        }
    }

    /// The gain that keeps the variance of signals through a layer before this activation.
    ///
    /// √2 for ReLU, √(2/(1+0.2²)) for leaky ReLU (He et al., 2015, arXiv:1502.01852, eq. 15), √2
    /// as an approximation for softplus and SiLU, 5/3 for tanh, which makes up for its saturation
    /// (PyTorch's `calculate_gain`).
    pub fn gain(self) -> f64 {
        match self {
            Self::Relu | Self::Softplus | Self::Silu => std::f64::consts::SQRT_2,
            Self::LeakyRelu => (2.0 / (1.0 + Self::LEAKY_SLOPE * Self::LEAKY_SLOPE)).sqrt(),
            Self::Tanh => 5.0 / 3.0,
        }
    }

    /// The slope on the negative side, of those that have one: they run in the pass of what is before them.
    pub(crate) fn slope(self) -> Option<f64> {
        match self {
            Self::Relu => Some(0.0),
            Self::LeakyRelu => Some(Self::LEAKY_SLOPE),
            Self::Tanh | Self::Softplus | Self::Silu => None,
        }
    }
}

/// A convolution and what follows it: a bias, if there is one, and an activation, if one is asked for.
pub(crate) fn bias_and_activation(
    conv: &Pending,
    bias: Option<&Tensor>,
    activation: Option<Activation>,
) -> Result<Tensor> {
    let slope = activation.and_then(Activation::slope);
    let y = match (bias, slope) {
        (_, Some(slope)) => return conv.finish_with(bias, slope),
        (Some(_), None) => conv.finish_with(bias, 1.0)?,
        (None, None) => conv.finish()?,
    };
    activation.map_or(Ok(y.clone()), |activation| activation.forward(&y))
}
