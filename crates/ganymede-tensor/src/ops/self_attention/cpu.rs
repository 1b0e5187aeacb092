//! Attention on the CPU, head by head, for frozen networks.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use ganymede_kernels::transformer::{self, Heads};

use crate::storage::contiguous;

pub(super) fn self_attention(qkv: &Tensor, h: Heads) -> Result<Tensor> {
    qkv.contiguous()?.apply_op1_no_bwd(&Attention(h))
}

struct Attention(Heads);

impl CustomOp1 for Attention {
    fn name(&self) -> &'static str {
        "self_attention"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, tokens, width) = l.shape().dims3()?;
        let y = transformer::attention(contiguous::<f32>(s, l, self.name())?, self.0);
        Ok((CpuStorage::F32(y), (n, tokens, width / 3).into()))
    }
}
