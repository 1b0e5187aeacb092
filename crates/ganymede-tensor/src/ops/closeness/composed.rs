//! Closeness from plain operations.

use candle_core::{Result, Tensor};

pub(in crate::ops) fn closeness(d: &Tensor) -> Result<Tensor> {
    let others = (1.0 - Tensor::eye(d.dim(0)?, d.dtype(), d.device())?)?.unsqueeze(2)?;
    d.neg()?.exp()?.broadcast_mul(&others)
}
