//! Self-attention between the places of an image (Zhang et al., 2019, arXiv:1805.08318, section 3).

use ganymede_tensor::{Builder, Init, Param, Result, Tensor, bail, max_pool2d, softmax};

use super::conv::{Conv2d, Conv2dConfig};
use super::spectral::SpectralConfig;
use super::weight::LayerConfig;
use crate::Mode;

/// y = x + γ·o(g(x)·βᵀ), with attention β = softmax(θ(x)ᵀφ(x)) over the places that are looked at; γ starts at 0.
///
/// θ, φ, g and o are 1×1 convolutions without bias, C → C/8, C/8, C/2 and C/2 → C, named `theta`, `phi`, `g`, `o`; γ is
/// the scalar `gamma`. Keys and values are pooled (the largest of 2×2), so that each place looks at a quarter of all.
/// That is the form of the authors' code and of BigGAN; the paper has values of C channels and no pooling (equations 1 to
/// 3), and its text C̄ = C/8.
///
/// ```
/// use ganymede_models::{Mode, SelfAttention2d};
/// use ganymede_tensor::{DType, Device, Params, Rng, Tensor};
/// let builder = Params::new().builder(Rng::new(0), DType::F32, &Device::Cpu);
/// let attention = SelfAttention2d::new(16, None, &builder)?;
/// let x = Tensor::ones((2, 16, 8, 8), DType::F32, &Device::Cpu)?;
/// assert_eq!(attention.forward(&x, Mode::Eval)?.dims(), [2, 16, 8, 8]);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct SelfAttention2d {
    theta: Conv2d,
    phi: Conv2d,
    g: Conv2d,
    o: Conv2d,
    gamma: Param,
    channels: usize,
}

/// Channels of values are those of the image over this, those of keys and queries over its fourfold.
const FEWER: usize = 2;

impl SelfAttention2d {
    /// A layer of `channels` channels, a multiple of 8.
    ///
    /// # Errors
    /// 8 does not divide the channels, or a name is taken.
    pub fn new(channels: usize, spectral: Option<SpectralConfig>, builder: &Builder) -> Result<Self> {
        if channels == 0 || !channels.is_multiple_of(4 * FEWER) {
            bail!("self-attention: {channels} channels, expected a multiple of 8")
        }
        let layer = LayerConfig {
            weight_init: Init::XavierUniform { gain: 1.0 },
            bias: None,
            spectral,
            equalised: None,
        };
        let conv = |name: &str, from: usize, to: usize| {
            Conv2d::new(&Conv2dConfig::new(from, to, 1).with_layer(layer), &builder.pp(name))
        };
        let values = channels / FEWER;
        Ok(Self {
            theta: conv("theta", channels, values / 4)?,
            phi: conv("phi", channels, values / 4)?,
            g: conv("g", channels, values)?,
            o: conv("o", values, channels)?,
            gamma: builder.param("gamma", (), Init::Zeros)?,
            channels,
        })
    }

    /// The layer of a network that asks for attention at `sides`, after a map of one of them. It is called as in the
    /// references, `attn_block`; where there are several, each by its side.
    pub(crate) fn at(
        side: usize,
        channels: usize,
        sides: &[usize],
        spectral: Option<SpectralConfig>,
        root: &Builder,
    ) -> Result<Self> {
        let place = root.pp("attn_block");
        Self::new(channels, spectral, &if sides.len() == 1 { place } else { place.pp(side) })
    }

    /// Weights of a layer of so many channels, each convolution for itself.
    pub(crate) fn weights(channels: usize) -> [u128; 4] {
        let (c, values) = (channels as u128, (channels / FEWER) as u128);
        [c * (values / 4), c * (values / 4), c * values, values * c]
    }

    /// Multiplications of queries by keys and of values by attention, between so many places.
    pub(crate) fn products_between(channels: usize, places: u128) -> u128 {
        let values = (channels / FEWER) as u128;
        (values / 4 + values) * places * (places / 4)
    }

    /// `(N, C, H, W)` to the same shape.
    ///
    /// # Errors
    /// The channels differ, or a side is odd.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let (n, c, h, w) = x.dims4()?;
        if c != self.channels || h % 2 != 0 || w % 2 != 0 {
            bail!("self-attention: got {:?}, expected (N, {}, H, W) with even sides", x.dims(), self.channels)
        }
        let queries = self.theta.forward(x, mode)?.flatten_from(2)?.transpose(1, 2)?.contiguous()?;
        let keys = max_pool2d(&self.phi.forward(x, mode)?, 2)?.flatten_from(2)?;
        let attention = softmax(&queries.matmul(&keys)?, 2)?;
        let values = max_pool2d(&self.g.forward(x, mode)?, 2)?.flatten_from(2)?;
        let seen = values.matmul(&attention.transpose(1, 2)?.contiguous()?)?;
        #[cfg(test)]
        super::tally::add((queries.elem_count() + values.dim(1)? * n * h * w) * keys.dim(2)?);
        let seen = self.o.forward(&seen.reshape((n, c / FEWER, h, w))?, mode)?;
        x + seen.broadcast_mul(&self.gamma.get())?
    }
}
