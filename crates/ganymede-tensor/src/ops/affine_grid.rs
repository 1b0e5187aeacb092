//! Grids of affine maps, by matrix products on every device.

use candle_core::{Device, Result, Tensor, bail};

/// The points `(N, H', W', 2)` at which [`grid_sample`](crate::grid_sample) reads an image for results of
/// `size = [H', W']`: `theta` `(N, 2, 3)` times (x, y, 1), where (x, y) is the centre of a pixel of the result, −1 and 1
/// being its edges. PyTorch's `affine_grid` with `align_corners=False`.
///
/// # Errors
/// `theta` has another shape or is not of floating point, or a side is 0.
pub fn affine_grid(theta: &Tensor, size: [usize; 2]) -> Result<Tensor> {
    let (&[n, 2, 3], [h, w]) = (theta.dims(), size) else {
        bail!("affine_grid: expected (N, 2, 3), got {:?}", theta.dims())
    };
    if h == 0 || w == 0 {
        bail!("affine_grid: a result of {size:?} has no pixels")
    }
    let centre = |i: usize, len: usize| (2 * i + 1) as f64 / len as f64 - 1.0;
    let row = |y: usize| (0..w).flat_map(move |x| [centre(x, w), centre(y, h), 1.0]);
    let pixels: Vec<f64> = (0..h).flat_map(row).collect();
    let pixels = Tensor::from_vec(pixels, (1, h * w, 3), &Device::Cpu)?;
    let pixels = pixels.to_dtype(theta.dtype())?.to_device(theta.device())?;
    let pixels = pixels.broadcast_as((n, h * w, 3))?.contiguous()?;
    pixels.matmul(&theta.transpose(1, 2)?.contiguous()?)?.reshape((n, h, w, 2))
}
