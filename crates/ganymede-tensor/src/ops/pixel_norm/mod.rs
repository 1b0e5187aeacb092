//! Pixel normalisation.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor};

use super::channels::layout;

/// `x/√(mean x² + eps)` with the mean over the channels at each position (Karras et al., 2018, arXiv:1710.10196,
/// section 4.2, with `eps` 1e-8): dimension 1 of `x`, which is `(N, C)` or `(N, C, H, W)`.
///
/// Gradients are exact to any order. On the CPU nothing but `x` and the result is held for them.
///
/// # Errors
/// `x` has another number of dimensions; it is not of dtype f32 or f64 on the CPU.
pub fn pixel_norm(x: &Tensor, eps: f64) -> Result<Tensor> {
    let l = layout("pixel_norm", x)?;
    if x.device().is_cpu() { cpu::pixel_norm(x, l, eps) } else { composed::pixel_norm(x, eps) }
}
