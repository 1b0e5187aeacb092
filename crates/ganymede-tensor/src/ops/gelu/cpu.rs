//! GELU on the CPU, in one pass, for frozen networks.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use ganymede_kernels::map::map;
use ganymede_kernels::transformer;

use crate::storage::contiguous;

pub(super) fn gelu(x: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&Gelu)
}

struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    #[expect(
        clippy::redundant_closure,
        reason = "a closure is compiled for its caller's instructions, a name is not"
    )]
    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = map(contiguous::<f32>(s, l, self.name())?, |x| transformer::gelu(x));
        Ok((CpuStorage::F32(y), l.shape().clone()))
    }
}
