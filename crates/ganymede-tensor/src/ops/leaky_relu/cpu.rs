//! Leaky ReLU on the CPU, in one pass.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};

use crate::ops::elementwise::{binary, unary};

pub(super) fn leaky_relu(x: &Tensor, slope: f64) -> Result<Tensor> {
    x.contiguous()?.apply_op1(LeakyRelu { slope })
}

struct LeakyRelu {
    slope: f64,
}

impl CustomOp1 for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (self.slope as f32, self.slope);
        // A NaN is not positive, and 0 · NaN is NaN: it shows.
        let f32_fn = move |x: f32| if x > 0.0 { x } else { a * x };
        unary(self.name(), s, l, (f32_fn, move |x: f64| if x > 0.0 { x } else { b * x }))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(leaky_relu_gradient(grad, &x.detach(), self.slope)?))
    }
}

/// The gradient `grad` of a leaky ReLU's output, taken through it: times `slope` where `x` is not
/// positive. `x` may be input or output, whose signs agree.
pub(in crate::ops) fn leaky_relu_gradient(grad: &Tensor, x: &Tensor, slope: f64) -> Result<Tensor> {
    grad.contiguous()?.apply_op2(&x.contiguous()?, LeakyMask { slope })
}

/// The first argument, times `slope` where the second is not positive.
struct LeakyMask {
    slope: f64,
}

impl CustomOp2 for LeakyMask {
    fn name(&self) -> &'static str {
        "leaky_relu_gradient"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        x: &CpuStorage,
        lx: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (self.slope as f32, self.slope);
        let f32_fn = move |g: f32, x: f32| if x > 0.0 { g } else { a * g };
        binary(self.name(), (g, lg), (x, lx), (f32_fn, move |g: f64, x: f64| if x > 0.0 { g } else { b * g }))
    }

    fn bwd(
        &self,
        _: &Tensor,
        x: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        // Piecewise constant in x: no gradient there.
        let mask = LeakyMask { slope: self.slope };
        Ok((Some(grad.contiguous()?.apply_op2(x, mask)?), None))
    }
}
