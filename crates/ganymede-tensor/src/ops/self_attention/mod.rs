//! Attention of a sequence to itself.

pub(super) mod composed;
mod cpu;

use candle_core::{DType, Result, Tensor, bail};
use ganymede_kernels::transformer::Heads;

/// `softmax(q·kᵀ)·v` for each head (Vaswani et al., 2017, arXiv:1706.03762, eq. 1, without its
/// division by √d: scale the queries). `qkv` is `(N, T, 3·H·D)`, in each row all queries, then all
/// keys, then all values, head after head; the result is `(N, T, H·D)`.
///
/// Gradients are exact to any order. In f32 on the CPU, where no gradient is tracked, no matrix of shares
/// outlives its head.
///
/// # Errors
/// `qkv` is not of floating point and that shape.
pub fn self_attention(qkv: &Tensor, heads: usize) -> Result<Tensor> {
    let (_, tokens, width) = qkv.dims3()?;
    if heads == 0 || width % (3 * heads) != 0 {
        bail!("self_attention: rows of {width} are not queries, keys and values of {heads} heads")
    }
    let h = Heads { tokens, heads, dim: width / 3 / heads };
    let fused = qkv.device().is_cpu() && qkv.dtype() == DType::F32 && !qkv.track_op();
    if fused { cpu::self_attention(qkv, h) } else { composed::self_attention(qkv, h) }
}
