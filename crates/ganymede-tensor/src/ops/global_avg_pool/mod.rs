//! Means of whole channels.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor, bail};

/// The mean of each channel of each image: `(N, C, H, W)` to `(N, C)`.
///
/// Gradients are exact to any order. On the CPU, where no gradient is tracked, sums are in f64.
///
/// # Errors
/// `x` is not of rank 4 or not f32 or f64, or its images are empty.
pub fn global_avg_pool2d(x: &Tensor) -> Result<Tensor> {
    let (_, _, h, w) = x.dims4()?;
    if h * w == 0 {
        bail!("global_avg_pool2d: images of shape {:?} are empty", x.dims())
    }
    let fused = x.device().is_cpu() && !x.track_op();
    if fused { cpu::global_avg_pool2d(x) } else { composed::global_avg_pool2d(x) }
}
