//! Reading and sharing out on the CPU: two linear maps, each the gradient of the other.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use ganymede_kernels::sample::{Sampling, sample, scatter};

use crate::storage::run;

pub(super) fn grid_sample(x: &Tensor, grid: &Tensor, sampling: Sampling) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&grid.contiguous()?, Read(sampling))
}

/// The image at the points of the grid.
struct Read(Sampling);
/// The transpose of [`Read`].
struct ShareOut(Sampling);

impl CustomOp2 for Read {
    fn name(&self) -> &'static str {
        "grid_sample"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        grid: &CpuStorage,
        lg: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let Sampling { n, c, oh, ow, .. } = self.0;
        let y = run(self.name(), &self.0, (x, lx), (grid, lg), (sample, sample))?;
        Ok((y, (n, c, oh, ow).into()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        grid: &Tensor,
        _: &Tensor,
        dy: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(dy.contiguous()?.apply_op2(grid, ShareOut(self.0))?), None))
    }
}

impl CustomOp2 for ShareOut {
    fn name(&self) -> &'static str {
        "grid_sample_gradient"
    }

    fn cpu_fwd(
        &self,
        dy: &CpuStorage,
        ly: &Layout,
        grid: &CpuStorage,
        lg: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let Sampling { n, c, h, w, .. } = self.0;
        let dx = run(self.name(), &self.0, (dy, ly), (grid, lg), (scatter, scatter))?;
        Ok((dx, (n, c, h, w).into()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        grid: &Tensor,
        _: &Tensor,
        ddx: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(ddx.contiguous()?.apply_op2(grid, Read(self.0))?), None))
    }
}
