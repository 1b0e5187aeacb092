//! A factor for each plane, from plain operations.

use candle_core::{Result, Tensor};

pub(in crate::ops) fn scale_planes(x: &Tensor, s: &Tensor) -> Result<Tensor> {
    let (n, c) = s.dims2()?;
    x.broadcast_mul(&s.reshape((n, c, 1, 1))?)
}
