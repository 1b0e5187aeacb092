//! Means of whole channels on the CPU, for frozen networks.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::window::plane_means;

use crate::storage::{Elem, by_dtype, contiguous};

pub(super) fn global_avg_pool2d(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&PlaneMeans)
}

struct PlaneMeans;

impl PlaneMeans {
    fn run<T: Elem>(&self, s: &CpuStorage, l: &Layout, pixels: usize) -> Result<CpuStorage> {
        let means = plane_means(contiguous::<T>(s, l, self.name())?, pixels);
        Ok(<T as WithDType>::to_cpu_storage_owned(means))
    }
}

impl CustomOp1 for PlaneMeans {
    fn name(&self) -> &'static str {
        "global_avg_pool2d"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = l.shape().dims4()?;
        let y = by_dtype(self.name(), s, || self.run::<f32>(s, l, h * w), || self.run::<f64>(s, l, h * w))?;
        Ok((y, (n, c).into()))
    }
}
