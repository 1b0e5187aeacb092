//! Max pooling over blocks, from plain operations on every device.

use candle_core::{D, Result, Tensor};

use super::blocks::divided;

/// The largest of each `k × k` block; where several are equal, the gradient goes to the first, as
/// in PyTorch. (The gradient of candle's own is too small by k².)
///
/// # Errors
/// `x` is not of rank 4, or `k` divides not both sides.
pub fn max_pool2d(x: &Tensor, k: usize) -> Result<Tensor> {
    let (n, c, h, w) = divided("max_pool2d", x, k)?;
    let blocks = x.reshape((n, c, h / k, k, w / k, k))?.permute((0, 1, 2, 4, 3, 5))?.contiguous()?;
    let blocks = blocks.reshape((n, c, h / k, w / k, k * k))?;
    // A product with a mask, not `gather`: the gradient of its gradient fails in candle.
    let first = blocks.detach().argmax_keepdim(D::Minus1)?;
    let places = Tensor::arange(0u32, (k * k) as u32, x.device())?;
    let mask = places.broadcast_eq(&first)?.to_dtype(x.dtype())?;
    blocks.mul(&mask)?.sum(D::Minus1)
}
