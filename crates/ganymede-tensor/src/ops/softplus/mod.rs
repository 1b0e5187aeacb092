//! Softplus, which all losses on raw scores are made of.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor};

/// `log(1 + eˣ)`, computed as `max(x, 0) + log1p(e^−|x|)`: finite and exact for any `x`.
///
/// Its gradient is [`sigmoid`](crate::sigmoid). candle's own `log(sigmoid(x))` is NaN or infinite for logits
/// beyond ±40.
///
/// # Errors
/// `x` is not of dtype f32 or f64 on the CPU.
pub fn softplus(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() { cpu::softplus(x) } else { composed::softplus(x) }
}

/// `log σ(x) = −softplus(−x)`.
///
/// # Errors
/// As [`softplus`].
pub fn log_sigmoid(x: &Tensor) -> Result<Tensor> {
    softplus(&x.neg()?)?.neg()
}
