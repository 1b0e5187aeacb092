//! Closeness on the CPU, in one pass.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::pairwise;

use crate::storage::{by_dtype, contiguous};

pub(super) fn closeness(d: &Tensor) -> Result<Tensor> {
    d.contiguous()?.apply_op1(Closeness)
}

struct Closeness;

impl CustomOp1 for Closeness {
    fn name(&self) -> &'static str {
        "closeness"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, _, groups) = l.shape().dims3()?;
        let f32s = || {
            let y = pairwise::closeness((rows, groups), contiguous::<f32>(s, l, self.name())?, f32::exp);
            Ok(f32::to_cpu_storage_owned(y))
        };
        let f64s = || {
            let y = pairwise::closeness((rows, groups), contiguous::<f64>(s, l, self.name())?, f64::exp);
            Ok(f64::to_cpu_storage_owned(y))
        };
        Ok((by_dtype(self.name(), s, f32s, f64s)?, l.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        // A row's closeness to itself is 0, and so is what it passes on.
        Ok(Some(grad.mul(y)?.neg()?))
    }
}
