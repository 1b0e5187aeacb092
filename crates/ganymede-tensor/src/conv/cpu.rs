//! The three bilinear operations and their gradients, each in terms of the others.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use ganymede_kernels::{Geometry, conv2d, conv2d_input_gradient, conv2d_weight_gradient};

use super::product::Plan;
use crate::autograd::bilinear_gradient;
use crate::storage::run;

/// `y = conv(x, w)`.
pub(crate) struct Forward(pub(crate) Geometry);
/// `dx` of `dy` and `w`.
pub(crate) struct InputGradient(pub(crate) Geometry);
/// `dw` of `x` and `dy`.
pub(crate) struct WeightGradient(pub(crate) Geometry);

impl CustomOp2 for Forward {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let g = &self.0;
        let y = run(self.name(), g, (x, lx), (w, lw), (conv2d, conv2d))?;
        Ok((y, (g.n, g.o, g.oh, g.ow).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Plan::Conv2d(self.0).gradients(x, w, dy).map(Into::into)
    }
}

impl CustomOp2 for InputGradient {
    fn name(&self) -> &'static str {
        "conv_transpose2d"
    }

    fn cpu_fwd(
        &self,
        dy: &CpuStorage,
        ly: &Layout,
        w: &CpuStorage,
        lw: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let g = &self.0;
        let dx = run(self.name(), g, (dy, ly), (w, lw), (conv2d_input_gradient, conv2d_input_gradient))?;
        Ok((dx, (g.n, g.c, g.h, g.w).into()))
    }

    fn bwd(
        &self,
        dy: &Tensor,
        w: &Tensor,
        _: &Tensor,
        ddx: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Plan::Transposed(self.0).gradients(dy, w, ddx).map(Into::into)
    }
}

impl CustomOp2 for WeightGradient {
    fn name(&self) -> &'static str {
        "conv2d_weight_gradient"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        dy: &CpuStorage,
        ly: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let g = &self.0;
        let dw = run(self.name(), g, (x, lx), (dy, ly), (conv2d_weight_gradient, conv2d_weight_gradient))?;
        Ok((dw, (g.o, g.c / g.cfg.groups, g.kh, g.kw).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        dy: &Tensor,
        _: &Tensor,
        ddw: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((
            bilinear_gradient(x, dy, ddw, InputGradient(self.0))?,
            bilinear_gradient(dy, x, ddw, Forward(self.0))?,
        ))
    }
}
