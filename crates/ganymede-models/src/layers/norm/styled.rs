//! Batch normalisation whose gain and bias are made from a vector.

use ganymede_tensor::{Builder, Result, Tensor, bail};

use super::scale_and_shift;
use super::standard::Standard;
use crate::Mode;
use crate::layers::linear::Linear;
use crate::layers::weight::LayerConfig;

/// y = (1 + G·v)·(x − μ)/√(σ² + ε) + B·v, with a vector v for each sample: linear layers `gain` and `bias` without bias,
/// `(C, V)`. Statistics as in [`ConditionalBatchNorm`](crate::ConditionalBatchNorm).
///
/// # References
/// Brock et al., 2019, arXiv:1809.11096, section 3 and appendix B: v is an embedding of the class that all layers share,
/// and a part of the latent vector.
#[derive(Debug)]
pub struct StyledBatchNorm {
    gain: Linear,
    bias: Linear,
    standard: Standard,
}

impl StyledBatchNorm {
    /// A layer of `channels` channels for vectors of length `dim`; both maps start as `layer` says.
    ///
    /// # Errors
    /// A size is 0, or a name is taken.
    pub fn new(dim: usize, channels: usize, layer: &LayerConfig, builder: &Builder) -> Result<Self> {
        let layer = LayerConfig { bias: None, ..*layer };
        Ok(Self {
            gain: Linear::new(dim, channels, &layer, &builder.pp("gain"))?,
            bias: Linear::new(dim, channels, &layer, &builder.pp("bias"))?,
            standard: Standard::new(channels, builder)?,
        })
    }

    /// `(N, C, H, W)` under vectors `(N, V)` to the same shape.
    ///
    /// # Errors
    /// The channels differ; there is not a vector of length V for each sample; in training N·H·W = 1, whose variance
    /// is 0.
    pub fn forward(&self, x: &Tensor, vectors: &Tensor, mode: Mode) -> Result<Tensor> {
        let (n, c, h, w) = x.dims4()?;
        if vectors.rank() != 2 || vectors.dim(0)? != n {
            bail!("styled batch norm: {n} samples under vectors {:?}, expected ({n}, V)", vectors.dims())
        }
        // Before the statistics, which must not move where vectors are refused.
        let gain = (self.gain.forward(vectors, mode)? + 1.0)?;
        let bias = self.bias.forward(vectors, mode)?;
        let standard = self.standard.forward(x, mode)?;
        scale_and_shift(&standard.reshape((n, c, h * w))?, &gain, &bias)?.reshape(x.shape())
    }
}
