//! Mean pooling over blocks.

pub(super) mod composed;

use candle_core::{Result, Tensor};

use super::blocks::{Blocks, divided};

/// The mean of each `k × k` block: `(N, C, H, W)` to `(N, C, H/k, W/k)`.
///
/// # Errors
/// `x` is not of rank 4, or `k` divides not both sides.
pub fn avg_pool2d(x: &Tensor, k: usize) -> Result<Tensor> {
    divided("avg_pool2d", x, k)?;
    if x.device().is_cpu() {
        x.contiguous()?.apply_op1(Blocks::Sum(k))?.affine(1.0 / (k * k) as f64, 0.0)
    } else {
        composed::avg_pool2d(x, k)
    }
}
