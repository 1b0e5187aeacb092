//! Biases of channels, with an activation.

pub(crate) mod composed;
mod cpu;

use candle_core::{Result, Tensor, bail};

use super::channels::layout;

/// Adds `b`, of shape `(C,)`, along dimension 1 of `x`, which is `(N, C)` or `(N, C, H, W)`.
///
/// # Errors
/// The shapes do not agree.
pub fn add_channel_bias(x: &Tensor, b: &Tensor) -> Result<Tensor> {
    biased("add_channel_bias", x, b, 1.0)
}

/// [`leaky_relu`](crate::leaky_relu) of [`add_channel_bias`], in one pass; `slope` 0 is ReLU.
///
/// # Errors
/// The shapes do not agree; a negative slope.
pub fn add_channel_bias_leaky_relu(x: &Tensor, b: &Tensor, slope: f64) -> Result<Tensor> {
    biased("add_channel_bias_leaky_relu", x, b, slope)
}

fn biased(op: &str, x: &Tensor, b: &Tensor, slope: f64) -> Result<Tensor> {
    let l = layout(op, x)?;
    if b.dims() != [l.c] {
        bail!("{op}: image {:?} and bias {:?} do not fit", x.dims(), b.dims())
    }
    if slope.is_nan() || slope < 0.0 {
        bail!("{op}: the slope {slope} must be at least 0")
    }
    if x.device().is_cpu() { cpu::biased(x, b, l, slope) } else { composed::biased(x, b, slope) }
}
