//! Softplus on the CPU, in one pass.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use crate::ops::elementwise::unary;
use crate::ops::sigmoid::sigmoid;

pub(super) fn softplus(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Softplus)
}

struct Softplus;

impl CustomOp1 for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        // `max` drops a NaN, the other term keeps it.
        let f32_fn = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
        unary(self.name(), s, l, (f32_fn, |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(grad.mul(&sigmoid(x)?)?))
    }
}
