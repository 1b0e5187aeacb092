//! Attention from plain operations.

use candle_core::{Result, Tensor};
use ganymede_kernels::transformer::Heads;

use crate::ops::softmax::softmax;

pub(in crate::ops) fn self_attention(qkv: &Tensor, h: Heads) -> Result<Tensor> {
    let n = qkv.dim(0)?;
    let parts = qkv.reshape((n, h.tokens, 3, h.heads, h.dim))?.permute((2, 0, 3, 1, 4))?.contiguous()?;
    let [q, k, v] = [parts.get(0)?, parts.get(1)?, parts.get(2)?];
    let shares = softmax(&q.matmul(&k.transpose(2, 3)?.contiguous()?)?, 3)?;
    shares.matmul(&v)?.transpose(1, 2)?.contiguous()?.reshape((n, h.tokens, h.heads * h.dim))
}
