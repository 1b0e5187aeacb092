//! Batch normalisation from plain operations.

use candle_core::{Result, Tensor};
use ganymede_kernels::channel::Layout;

use super::normalized::Normalized;
use crate::ops::leaky_relu::composed::leaky_relu;

pub(in crate::ops) fn batch_norm(
    x: &Tensor,
    w: &Tensor,
    b: &Tensor,
    l: Layout,
    (eps, slope): (f64, f64),
) -> Result<Normalized> {
    let flat = x.detach().contiguous()?.reshape((l.n, l.c, l.pixels))?;
    let mean = flat.mean((0, 2))?;
    let var = flat.broadcast_sub(&mean.reshape((1, l.c, 1))?)?.sqr()?.mean((0, 2))?;
    let (xhat, _) = standardised(x, l, eps)?;
    let column = |t: &Tensor| t.reshape((1, l.c, 1));
    let output = xhat.broadcast_mul(&column(w)?)?.broadcast_add(&column(b)?)?.reshape(x.shape())?;
    let output = if slope == 1.0 { output } else { leaky_relu(&output, slope)? };
    Ok(Normalized { output, mean, var })
}

/// `(x − mean)·rstd` as `(N, C, pixels)`, and `rstd` as `(1, C, 1)`.
pub(super) fn standardised(x: &Tensor, l: Layout, eps: f64) -> Result<(Tensor, Tensor)> {
    let x = x.contiguous()?.reshape((l.n, l.c, l.pixels))?;
    let centred = x.broadcast_sub(&channel_mean(&x)?)?;
    let rstd = (channel_mean(&centred.sqr()?)? + eps)?.sqrt()?.recip()?;
    Ok((centred.broadcast_mul(&rstd)?, rstd))
}

pub(super) fn channel_mean(x: &Tensor) -> Result<Tensor> {
    x.mean_keepdim(2)?.mean_keepdim(0)
}
