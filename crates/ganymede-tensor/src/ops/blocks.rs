//! Square blocks of pixels, which pooling and upsampling share.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType, bail};
use ganymede_kernels::resample::{repeat_blocks, sum_blocks};

use crate::storage::{Elem, by_dtype, contiguous};

/// The dimensions of images that blocks of `k × k` divide.
pub(super) fn divided(op: &str, x: &Tensor, k: usize) -> Result<(usize, usize, usize, usize)> {
    let dims = x.dims4()?;
    if k == 0 || dims.2 % k != 0 || dims.3 % k != 0 {
        bail!("{op}: blocks of {k} do not divide image {:?}", x.dims())
    }
    Ok(dims)
}

/// Two linear maps that are each other's transpose, and so each other's gradient.
#[derive(Clone, Copy)]
pub(super) enum Blocks {
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
