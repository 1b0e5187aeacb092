//! Softmax and its logarithm, from plain operations on every device.

use candle_core::{Result, Tensor};

/// `eˣⁱ / Σⱼ eˣʲ` along `dim`. (candle's `softmax_last_dim` has no gradient and says nothing.)
///
/// # Errors
/// `dim` is out of range.
pub fn softmax(x: &Tensor, dim: usize) -> Result<Tensor> {
    let e = x.broadcast_sub(&x.max_keepdim(dim)?.detach())?.exp()?;
    e.broadcast_div(&e.sum_keepdim(dim)?)
}

/// `x − log Σⱼ eˣʲ` along `dim`, finite for any logits.
///
/// # Errors
/// `dim` is out of range.
pub fn log_softmax(x: &Tensor, dim: usize) -> Result<Tensor> {
    let shifted = x.broadcast_sub(&x.max_keepdim(dim)?.detach())?;
    shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(dim)?.log()?)
}
