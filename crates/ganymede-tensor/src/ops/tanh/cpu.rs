//! The hyperbolic tangent on the CPU, in one pass.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor};
use ganymede_kernels::exponential;

use crate::autograd::creates_graph;
use crate::ops::elementwise::{binary, unary};

pub(super) fn tanh(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1(Tanh)
}

struct Tanh;

impl CustomOp1 for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        // A closure, not a name: it is compiled for the instructions of whoever calls it.
        unary(self.name(), s, l, (|x: f32| exponential::tanh(x), f64::tanh))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        if creates_graph() {
            return Ok(Some(grad.mul(&y.sqr()?.affine(-1.0, 1.0)?)?));
        }
        Ok(Some(grad.contiguous()?.apply_op2_no_bwd(y, &TanhGradient)?))
    }
}

/// `g·(1 − y²)`, without a graph.
struct TanhGradient;

impl CustomOp2 for TanhGradient {
    fn name(&self) -> &'static str {
        "tanh_gradient"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        y: &CpuStorage,
        ly: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let f32_fn = |g: f32, y: f32| g * (1.0 - y * y);
        binary(self.name(), (g, lg), (y, ly), (f32_fn, |g: f64, y: f64| g * (1.0 - y * y)))
    }
}
