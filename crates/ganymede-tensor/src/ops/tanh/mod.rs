//! The hyperbolic tangent.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor};

/// `tanh x`.
///
/// # Errors
/// `x` is not of dtype f32 or f64 on the CPU.
pub fn tanh(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() { cpu::tanh(x) } else { composed::tanh(x) }
}
