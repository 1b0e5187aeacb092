//! The logistic function from plain operations.

use candle_core::{Result, Tensor};

use crate::ops::softplus::composed::log_sigmoid;

pub(in crate::ops) fn sigmoid(x: &Tensor) -> Result<Tensor> {
    // No overflow, and exact also where σ is tiny. The gradient is σ(x)·σ(−x).
    log_sigmoid(x)?.exp()
}
