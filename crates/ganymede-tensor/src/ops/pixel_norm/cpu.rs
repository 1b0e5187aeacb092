//! Pixel normalisation on the CPU, and its gradient without a graph.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::channel;
use ganymede_kernels::pixel_norm;

use super::composed;
use crate::autograd::creates_graph;
use crate::storage::{Elem, by_dtype, contiguous, run};

pub(super) fn pixel_norm(x: &Tensor, l: channel::Layout, eps: f64) -> Result<Tensor> {
    x.contiguous()?.apply_op1(PixelNorm(Extents { l, eps }))
}

#[derive(Clone, Copy)]
struct Extents {
    l: channel::Layout,
    eps: f64,
}

struct PixelNorm(Extents);

impl PixelNorm {
    fn run<T: Elem>(&self, s: &CpuStorage, l: &Layout) -> Result<CpuStorage> {
        let y = pixel_norm::pixel_norm(self.0.l, contiguous::<T>(s, l, self.name())?, self.0.eps);
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp1 for PixelNorm {
    fn name(&self) -> &'static str {
        "pixel_norm"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = by_dtype(self.name(), s, || self.run::<f32>(s, l), || self.run::<f64>(s, l))?;
        Ok((y, l.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        if creates_graph() {
            return composed::gradient(x, grad, self.0.eps).map(Some);
        }
        x.apply_op2_no_bwd(&grad.contiguous()?, &Gradient(self.0)).map(Some)
    }
}

struct Gradient(Extents);

impl CustomOp2 for Gradient {
    fn name(&self) -> &'static str {
        "pixel_norm_gradient"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        g: &CpuStorage,
        lg: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        fn kernel<T: Elem>(extents: &Extents, x: &[T], g: &[T]) -> Vec<T> {
            pixel_norm::gradient(extents.l, x, g, extents.eps)
        }
        let dx = run(self.name(), &self.0, (x, lx), (g, lg), (kernel::<f32>, kernel::<f64>))?;
        Ok((dx, lx.shape().clone()))
    }
}
