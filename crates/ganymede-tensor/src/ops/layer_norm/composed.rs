//! Layer normalisation from plain operations.

use candle_core::{D, Result, Tensor};

pub(in crate::ops) fn layer_norm(x: &Tensor, gain: &Tensor, shift: &Tensor, eps: f64) -> Result<Tensor> {
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    centred.broadcast_div(&deviation)?.broadcast_mul(gain)?.broadcast_add(shift)
}
