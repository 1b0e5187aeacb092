//! Layer normalisation on the CPU, in one operation, for frozen networks.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use ganymede_kernels::transformer;

use crate::storage::contiguous;

pub(super) fn layer_norm(x: &Tensor, gain: &Tensor, shift: &Tensor, eps: f64) -> Result<Tensor> {
    x.contiguous()?.apply_op3_no_bwd(&gain.contiguous()?, &shift.contiguous()?, &LayerNorm(eps))
}

struct LayerNorm(f64);

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        gain: &CpuStorage,
        lg: &Layout,
        shift: &CpuStorage,
        ls: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let [x, gain, shift] =
            [(x, lx), (gain, lg), (shift, ls)].map(|(s, l)| contiguous::<f32>(s, l, self.name()));
        let y = transformer::layer_norm(x?, gain?, shift?, self.0);
        Ok((CpuStorage::F32(y), lx.shape().clone()))
    }
}
