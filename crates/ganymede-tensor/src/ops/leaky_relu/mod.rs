//! ReLU, and with a slope.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor};

/// `max(x, 0)`, with gradient 0 at 0 as in PyTorch (candle's own has 1).
///
/// # Errors
/// `x` is not of dtype f32 or f64 on the CPU.
pub fn relu(x: &Tensor) -> Result<Tensor> {
    leaky_relu(x, 0.0)
}

/// `x` where positive, else `slope·x`; the gradient at 0 is `slope`, as in PyTorch.
///
/// # Errors
/// `x` is not of dtype f32 or f64 on the CPU.
pub fn leaky_relu(x: &Tensor, slope: f64) -> Result<Tensor> {
    if x.device().is_cpu() { cpu::leaky_relu(x, slope) } else { composed::leaky_relu(x, slope) }
}

pub(super) use cpu::leaky_relu_gradient;
