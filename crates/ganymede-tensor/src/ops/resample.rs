//! Changing the resolution of images.

use candle_core::{CpuStorage, CustomOp1, D, Layout, Result, Shape, Tensor, WithDType, bail};

use crate::kernels::elem::{Elem, by_dtype, contiguous};
use crate::kernels::resample::{repeat_blocks, sum_blocks};

/// Each pixel becomes a `factor × factor` block: `(N, C, H, W)` to `(N, C, H·factor, W·factor)`.
///
/// candle's own overwrites the gradient of an input that is used twice, as every residual block
/// does.
///
/// # Errors
/// `x` is not of rank 4, or `factor` is 0.
pub fn upsample_nearest2d(x: &Tensor, factor: usize) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    if factor == 0 {
        bail!("upsample_nearest2d: the factor must be at least 1")
    }
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op1(Blocks::Repeat(factor));
    }
    x.reshape((n, c, h, 1, w, 1))?.broadcast_as((n, c, h, factor, w, factor))?.contiguous()?.reshape((
        n,
        c,
        h * factor,
        w * factor,
    ))
}

/// The mean of each `k × k` block: `(N, C, H, W)` to `(N, C, H/k, W/k)`.
///
/// # Errors
/// `x` is not of rank 4, or `k` divides not both sides.
pub fn avg_pool2d(x: &Tensor, k: usize) -> Result<Tensor> {
    let (n, c, h, w) = divided("avg_pool2d", x, k)?;
    let sum = if x.device().is_cpu() {
        x.contiguous()?.apply_op1(Blocks::Sum(k))?
    } else {
        x.reshape((n, c, h / k, k, w / k, k))?.sum((3, 5))?
    };
    sum.affine(1.0 / (k * k) as f64, 0.0)
}

/// The largest of each `k × k` block; where several are equal, the gradient goes to the first, as
/// in PyTorch. (The gradient of candle's own is too small by k².)
///
/// # Errors
/// As [`avg_pool2d`].
pub fn max_pool2d(x: &Tensor, k: usize) -> Result<Tensor> {
    let (n, c, h, w) = divided("max_pool2d", x, k)?;
    let blocks = x.reshape((n, c, h / k, k, w / k, k))?.permute((0, 1, 2, 4, 3, 5))?.contiguous()?;
    let blocks = blocks.reshape((n, c, h / k, w / k, k * k))?;
    // A product with a mask, not `gather`: the gradient of its gradient fails in candle.
    let first = blocks.detach().argmax_keepdim(D::Minus1)?;
    let places = Tensor::arange(0u32, (k * k) as u32, x.device())?;
    let mask = places.broadcast_eq(&first)?.to_dtype(x.dtype())?;
    blocks.mul(&mask)?.sum(D::Minus1)
}

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

fn divided(op: &str, x: &Tensor, k: usize) -> Result<(usize, usize, usize, usize)> {
    let dims = x.dims4()?;
    if k == 0 || dims.2 % k != 0 || dims.3 % k != 0 {
        bail!("{op}: blocks of {k} do not divide image {:?}", x.dims())
    }
    Ok(dims)
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

/// Two linear maps that are each other's transpose, and so each other's gradient.
#[derive(Clone, Copy)]
enum Blocks {
    Repeat(usize),
    Sum(usize),
}

impl Blocks {
    fn run<T: Elem>(self, s: &CpuStorage, l: &Layout, plane: (usize, usize)) -> Result<CpuStorage> {
        let x = contiguous::<T>(s, l, self.name())?;
        let y = match self {
            Blocks::Repeat(k) => repeat_blocks(x, plane, k),
            Blocks::Sum(k) => sum_blocks(x, plane, k),
        };
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp1 for Blocks {
    fn name(&self) -> &'static str {
        match self {
            Blocks::Repeat(_) => "upsample_nearest2d",
            Blocks::Sum(_) => "avg_pool2d",
        }
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = l.shape().dims4()?;
        let y = by_dtype(self.name(), s, || self.run::<f32>(s, l, (h, w)), || self.run::<f64>(s, l, (h, w)))?;
        let (h, w) = match self {
            Blocks::Repeat(k) => (h * k, w * k),
            Blocks::Sum(k) => (h / k, w / k),
        };
        Ok((y, (n, c, h, w).into()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let transpose = match *self {
            Blocks::Repeat(k) => Blocks::Sum(k),
            Blocks::Sum(k) => Blocks::Repeat(k),
        };
        Ok(Some(grad.contiguous()?.apply_op1(transpose)?))
    }
}
