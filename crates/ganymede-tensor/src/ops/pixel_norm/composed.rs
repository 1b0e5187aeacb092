//! Pixel normalisation from plain operations.

use candle_core::{Result, Tensor};

pub(in crate::ops) fn pixel_norm(x: &Tensor, eps: f64) -> Result<Tensor> {
    x.broadcast_div(&(x.sqr()?.mean_keepdim(1)? + eps)?.sqrt()?)
}

/// The gradient `g` of the result, taken through it to `x`: `(g − y·mean(y·g))/√(mean x² + eps)` with the result y.
pub(super) fn gradient(x: &Tensor, g: &Tensor, eps: f64) -> Result<Tensor> {
    let deviation = (x.sqr()?.mean_keepdim(1)? + eps)?.sqrt()?;
    let y = x.broadcast_div(&deviation)?;
    (g - y.broadcast_mul(&(&y * g)?.mean_keepdim(1)?)?)?.broadcast_div(&deviation)
}
