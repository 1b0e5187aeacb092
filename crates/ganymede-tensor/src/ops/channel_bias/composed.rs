//! Biases of channels from plain operations.

use candle_core::{Result, Tensor};

use crate::ops::leaky_relu::composed::leaky_relu;

/// `slope` 1 is no activation.
pub(crate) fn biased(x: &Tensor, b: &Tensor, slope: f64) -> Result<Tensor> {
    let column = if x.rank() == 2 { b.clone() } else { b.reshape((1, b.elem_count(), 1, 1))? };
    let y = x.broadcast_add(&column)?;
    if slope == 1.0 { Ok(y) } else { leaky_relu(&y, slope) }
}
