//! Bilinear upsampling, by matrix products on every device.

use candle_core::{Result, Tensor, bail};

/// Bilinear interpolation to `out = [H, W]`, pixel centres at half-integers, edges repeated, no
/// antialiasing: PyTorch's `interpolate(mode="bilinear", align_corners=False)`.
///
/// # Errors
/// `x` is not of rank 4, or a side is 0.
pub fn upsample_bilinear2d(x: &Tensor, out: [usize; 2]) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    if out.contains(&0) || h == 0 || w == 0 {
        bail!("upsample_bilinear2d: cannot resize {:?} to {out:?}", x.dims())
    }
    // Interpolation along an axis is a product with a matrix of two weights a row.
    let across = interpolation(w, out[1])?.to_dtype(x.dtype())?.to_device(x.device())?;
    let down = interpolation(h, out[0])?.to_dtype(x.dtype())?.to_device(x.device())?;
    let wide = x.contiguous()?.reshape((n * c * h, w))?.matmul(&across.t()?)?.reshape((n * c, h, out[1]))?;
    let tall = down.unsqueeze(0)?.broadcast_as((n * c, out[0], h))?.contiguous()?.matmul(&wide)?;
    tall.reshape((n, c, out[0], out[1]))
}

/// The `(to, from)` matrix of linear interpolation.
fn interpolation(from: usize, to: usize) -> Result<Tensor> {
    let mut matrix = vec![0.0f64; to * from];
    for (i, row) in matrix.chunks_mut(from).enumerate() {
        let at = ((i as f64 + 0.5) * from as f64 / to as f64 - 0.5).max(0.0);
        let low = (at as usize).min(from - 1);
        let high = (low + 1).min(from - 1);
        let share = at - low as f64;
        row[low] += 1.0 - share;
        row[high] += share;
    }
    Tensor::from_vec(matrix, (to, from), &candle_core::Device::Cpu)
}
