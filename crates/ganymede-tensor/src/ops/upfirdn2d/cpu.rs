//! Resampling on the CPU, plane by plane.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::Axis;
use ganymede_kernels::upfirdn::{Taps, upfirdn};

use crate::storage::{Elem, by_dtype, contiguous};

pub(super) fn upfirdn2d(x: &Tensor, axes: [Axis; 2], taps: Taps) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Resample { axes, taps })
}

/// A linear map of each plane; its transpose is another, and so is its gradient.
struct Resample {
    axes: [Axis; 2],
    taps: Taps,
}

impl Resample {
    fn transposed(&self) -> Self {
        let [rows, columns] = self.axes;
        let [high, wide] = self.taps.size();
        Self { axes: [rows.transposed(high), columns.transposed(wide)], taps: self.taps.reversed() }
    }

    fn run<T: Elem>(&self, s: &CpuStorage, l: &Layout) -> Result<CpuStorage> {
        let y = upfirdn(contiguous::<T>(s, l, self.name())?, self.axes, &self.taps);
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp1 for Resample {
    fn name(&self) -> &'static str {
        "upfirdn2d"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, _, _) = l.shape().dims4()?;
        let y = by_dtype(self.name(), s, || self.run::<f32>(s, l), || self.run::<f64>(s, l))?;
        Ok((y, (n, c, self.axes[0].out, self.axes[1].out).into()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(grad.contiguous()?.apply_op1(self.transposed())?))
    }
}
