//! Batch normalisation whose gain and bias are those of a class.

use ganymede_tensor::{Builder, Init, Result, Tensor, bail};

use super::scale_and_shift;
use super::standard::Standard;
use crate::Mode;
use crate::layers::embedding::Embedding;

/// y = γ\[c\]·(x − μ)/√(σ² + ε) + β\[c\], with μ and σ² over the batch and the image as in batch norm, and a γ and a β of
/// each class c: embeddings `gain.weight` and `bias.weight` `(K, C)`.
///
/// In training μ and σ² are of the batch, and gradients flow through them to any order; [`Mode::Eval`] uses the running
/// statistics `running_mean`, `running_var`.
///
/// # References
/// Dumoulin et al., 2017, arXiv:1610.07629, equation 5 (of styles); de Vries et al., 2017, arXiv:1707.00683; for GANs
/// Miyato and Koyama, 2018, arXiv:1802.05637. Later programs write 1 + γ\[c\] with γ from 0.
#[derive(Debug)]
pub struct ConditionalBatchNorm {
    gain: Embedding,
    bias: Embedding,
    standard: Standard,
}

impl ConditionalBatchNorm {
    /// A layer of `channels` channels for `classes` classes; β starts at 0.
    ///
    /// # Errors
    /// A size is 0, or a name is taken.
    pub fn new(classes: usize, channels: usize, gain_init: Init, builder: &Builder) -> Result<Self> {
        Ok(Self {
            gain: Embedding::new(classes, channels, gain_init, None, &builder.pp("gain"))?,
            bias: Embedding::new(classes, channels, Init::Zeros, None, &builder.pp("bias"))?,
            standard: Standard::new(channels, builder)?,
        })
    }

    /// `(N, C, H, W)` of classes `(N,)` to the same shape.
    ///
    /// # Errors
    /// The channels differ; there is not a class for each sample; in training N·H·W = 1, whose variance is 0.
    pub fn forward(&self, x: &Tensor, y: &Tensor, mode: Mode) -> Result<Tensor> {
        let (n, c, h, w) = x.dims4()?;
        if y.dims() != [n] {
            bail!("conditional batch norm: {n} samples of classes {:?}, expected ({n},)", y.dims())
        }
        // Before the statistics, which must not move where a class is refused.
        let (gain, bias) = (self.gain.forward(y, mode)?, self.bias.forward(y, mode)?);
        let standard = self.standard.forward(x, mode)?;
        scale_and_shift(&standard.reshape((n, c, h * w))?, &gain, &bias)?.reshape(x.shape())
    }
}
