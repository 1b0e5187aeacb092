//! Pooling over windows that overlap or reach over the edge.

pub(super) mod composed;
mod config;
mod cpu;

use candle_core::{DType, Result, Tensor, bail};
use ganymede_kernels::window::Windows;

pub use config::{Pooling, WindowConfig};

/// Pools `(N, C, H, W)` over windows to `(N, C, OH, OW)`, with
/// `OH = (H + 2·padding − kernel)/stride + 1`, rounded down. Pixels outside the image count
/// neither for the largest nor for the mean.
///
/// Gradients are exact to any order; where several pixels of a window are the largest, the gradient goes to
/// the first, as in PyTorch. On the CPU, where no gradient is tracked, all of it is one operation.
/// [`avg_pool2d`](crate::avg_pool2d) and [`max_pool2d`](crate::max_pool2d) are faster for windows that tile
/// the image.
///
/// # Errors
/// `x` is not of rank 4 or not f32 or f64; a kernel or stride is 0; padding is more than half of
/// the kernel; the window is larger than the padded image.
pub fn pool2d(x: &Tensor, pooling: Pooling, cfg: WindowConfig) -> Result<Tensor> {
    if !matches!(x.dtype(), DType::F32 | DType::F64) {
        bail!("pool2d: f32 or f64 expected, got {:?}", x.dtype())
    }
    let g = windows(x, cfg)?;
    let fused = x.device().is_cpu() && !x.track_op();
    if fused { cpu::pool2d(x, pooling, g) } else { composed::pool2d(x, pooling, &g) }
}

pub(super) fn windows(x: &Tensor, cfg: WindowConfig) -> Result<Windows> {
    let (_, _, h, w) = x.dims4()?;
    let WindowConfig { kernel, stride, padding } = cfg;
    if kernel.contains(&0) || stride.contains(&0) || (0..2).any(|i| 2 * padding[i] > kernel[i]) {
        bail!("pool2d: kernel and stride at least 1, padding at most half of the kernel; got {cfg:?}")
    }
    let size = |len: usize, axis: usize| match (len + 2 * padding[axis]).checked_sub(kernel[axis]) {
        Some(room) if len > 0 => Ok(room / stride[axis] + 1),
        _ => bail!("pool2d: the window {kernel:?} is larger than image {:?} with {cfg:?}", x.dims()),
    };
    Ok(Windows { h, w, oh: size(h, 0)?, ow: size(w, 1)?, kernel, stride, padding })
}
