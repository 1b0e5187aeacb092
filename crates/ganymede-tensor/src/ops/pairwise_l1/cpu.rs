//! Distances between rows on the CPU.
//!
//! |x| is sign(x)·x, so that the distances are linear in the rows where no signs change: with the signs of one tensor
//! the sums and their adjoint are two operations, each the gradient of the other.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor};
use ganymede_kernels::pairwise::{Extents, gathered, spread};

use crate::storage::run;

pub(super) fn pairwise_l1(m: &Tensor) -> Result<Tensor> {
    let m = m.contiguous()?;
    m.apply_op2(&m.detach(), Spread(extents(&m)?))
}

fn extents(m: &Tensor) -> Result<Extents> {
    let (rows, groups, len) = m.dims3()?;
    Ok(Extents { rows, groups, len })
}

/// Σ_c sign(s\[i, b, c\] − s\[j, b, c\])·(t\[i, b, c\] − t\[j, b, c\]) of `t` and `s`.
struct Spread(Extents);
/// Its adjoint in `t`: Σ_j sign(s\[i, b, c\] − s\[j, b, c\])·(g\[i, j, b\] + g\[j, i, b\]) of `g` and `s`.
struct Gathered(Extents);

impl CustomOp2 for Spread {
    fn name(&self) -> &'static str {
        "pairwise_l1"
    }

    fn cpu_fwd(
        &self,
        t: &CpuStorage,
        lt: &Layout,
        s: &CpuStorage,
        ls: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let Extents { rows, groups, .. } = self.0;
        let sums = run(self.name(), &self.0, (t, lt), (s, ls), (spread, spread))?;
        Ok((sums, (rows, rows, groups).into()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        s: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        // Signs are piecewise constant: no gradient there.
        Ok((Some(grad.contiguous()?.apply_op2(&s.detach(), Gathered(self.0))?), None))
    }
}

impl CustomOp2 for Gathered {
    fn name(&self) -> &'static str {
        "pairwise_l1_gradient"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        s: &CpuStorage,
        ls: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let Extents { rows, groups, len } = self.0;
        let sums = run(self.name(), &self.0, (g, lg), (s, ls), (gathered, gathered))?;
        Ok((sums, (rows, groups, len).into()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        s: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((Some(grad.contiguous()?.apply_op2(&s.detach(), Spread(self.0))?), None))
    }
}
