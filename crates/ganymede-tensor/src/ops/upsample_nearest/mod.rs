//! Nearest-neighbour upsampling.

pub(super) mod composed;

use candle_core::{Result, Tensor, bail};

use super::blocks::Blocks;

/// Each pixel becomes a `factor × factor` block: `(N, C, H, W)` to `(N, C, H·factor, W·factor)`.
///
/// candle's own overwrites the gradient of an input that is used twice, as every residual block
/// does.
///
/// # Errors
/// `x` is not of rank 4, or `factor` is 0.
pub fn upsample_nearest2d(x: &Tensor, factor: usize) -> Result<Tensor> {
    x.dims4()?;
    if factor == 0 {
        bail!("upsample_nearest2d: the factor must be at least 1")
    }
    if x.device().is_cpu() {
        x.contiguous()?.apply_op1(Blocks::Repeat(factor))
    } else {
        composed::upsample_nearest2d(x, factor)
    }
}
