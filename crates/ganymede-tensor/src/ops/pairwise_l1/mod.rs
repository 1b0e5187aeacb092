//! How far each sample of a batch is from each other one.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor};

/// Distances in the 1-norm between the rows of each of B groups: of `m` `(N, B, C)` the tensor `(N, N, B)` of
/// Σ_c |m\[i, b, c\] − m\[j, b, c\]|.
///
/// The derivative of |x| at 0 is 0, as in PyTorch: rows that are equal stay so. No more than N·N·B numbers are held,
/// where plain operations hold C times as many, several times.
///
/// # Errors
/// `m` has not three axes, or on the CPU is not of dtype f32 or f64.
pub fn pairwise_l1(m: &Tensor) -> Result<Tensor> {
    m.dims3()?;
    if m.device().is_cpu() { cpu::pairwise_l1(m) } else { composed::pairwise_l1(m) }
}
