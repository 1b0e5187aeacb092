//! Mean pooling over blocks from plain operations.

use candle_core::{Result, Tensor};

pub(in crate::ops) fn avg_pool2d(x: &Tensor, k: usize) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    let sum = x.reshape((n, c, h / k, k, w / k, k))?.sum((3, 5))?;
    sum.affine(1.0 / (k * k) as f64, 0.0)
}
