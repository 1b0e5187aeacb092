//! The logistic function on the CPU, in one pass.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use crate::ops::elementwise::unary;

pub(super) fn sigmoid(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Sigmoid)
}

struct Sigmoid;

impl CustomOp1 for Sigmoid {
    fn name(&self) -> &'static str {
        "sigmoid"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        // e^−x overflows to infinity for very negative x, and 1/∞ is the right 0.
        unary(self.name(), s, l, (|x: f32| 1.0 / (1.0 + (-x).exp()), |x: f64| 1.0 / (1.0 + (-x).exp())))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(grad.mul(&y.mul(&sigmoid(&x.neg()?)?)?)?))
    }
}
