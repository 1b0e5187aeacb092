//! The logistic function.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor};

/// `σ(x) = 1/(1 + e^−x)`, without overflow. Its gradient is computed as `σ(x)·σ(−x)`, which keeps
/// its relative accuracy where `1 − σ(x)` has lost it.
///
/// # Errors
/// `x` is not of dtype f32 or f64 on the CPU.
pub fn sigmoid(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() { cpu::sigmoid(x) } else { composed::sigmoid(x) }
}
