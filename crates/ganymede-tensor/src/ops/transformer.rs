//! What a frozen transformer is made of.

use candle_core::{CpuStorage, CustomOp1, CustomOp3, D, Layout, Result, Shape, Tensor, bail};

use super::activation::softmax;
use crate::kernels::elem::contiguous;
use crate::kernels::map::map;
use crate::kernels::transformer::{self, Heads};

/// `x·Φ(x)` with the distribution function Φ of the standard normal, Φ(x) = ½(1 + erf(x/√2))
/// (Hendrycks and Gimpel, 2016, arXiv:1606.08415): not its approximation by tanh. Off by less than
/// 5e-7·|x|.
///
/// For inference: f32; on the CPU it has no gradient, and asking for one is an error.
///
/// # Errors
/// `x` is not f32.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() { x.contiguous()?.apply_op1(Gelu) } else { x.gelu_erf() }
}

/// `(x − μ)/√(σ² + eps)·gain + shift` over the last dimension (Ba et al., 2016,
/// arXiv:1607.06450, eq. 4), with μ and the biased σ² of each row: PyTorch's `layer_norm` for one
/// dimension.
///
/// For inference, as [`gelu`].
///
/// # Errors
/// `x` is not f32, or `gain` and `shift` are not of the length of its rows.
pub fn layer_norm(x: &Tensor, gain: &Tensor, shift: &Tensor, eps: f64) -> Result<Tensor> {
    let width = x.dim(D::Minus1)?;
    if gain.dims() != [width] || shift.dims() != [width] || width == 0 {
        bail!("layer_norm: {:?} and {:?} for rows of {:?}", gain.dims(), shift.dims(), x.dims())
    }
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op3(&gain.contiguous()?, &shift.contiguous()?, LayerNorm(eps));
    }
    let centred = x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)?;
    let deviation = (centred.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?;
    centred.broadcast_div(&deviation)?.broadcast_mul(gain)?.broadcast_add(shift)
}

/// `softmax(q·kᵀ)·v` for each head (Vaswani et al., 2017, arXiv:1706.03762, eq. 1, without its
/// division by √d: scale the queries). `qkv` is `(N, T, 3·H·D)`, in each row all queries, then all
/// keys, then all values, head after head; the result is `(N, T, H·D)`.
///
/// For inference, as [`gelu`].
///
/// # Errors
/// `qkv` is not f32 of that shape.
pub fn self_attention(qkv: &Tensor, heads: usize) -> Result<Tensor> {
    let (n, tokens, width) = qkv.dims3()?;
    if heads == 0 || width % (3 * heads) != 0 {
        bail!("self_attention: rows of {width} are not queries, keys and values of {heads} heads")
    }
    let h = Heads { tokens, heads, dim: width / 3 / heads };
    if qkv.device().is_cpu() { qkv.contiguous()?.apply_op1(Attention(h)) } else { by_products(qkv, n, h) }
}

fn by_products(qkv: &Tensor, n: usize, h: Heads) -> Result<Tensor> {
    let parts = qkv.reshape((n, h.tokens, 3, h.heads, h.dim))?.permute((2, 0, 3, 1, 4))?.contiguous()?;
    let [q, k, v] = [parts.get(0)?, parts.get(1)?, parts.get(2)?];
    let shares = softmax(&q.matmul(&k.transpose(2, 3)?.contiguous()?)?, 3)?;
    shares.matmul(&v)?.transpose(1, 2)?.contiguous()?.reshape((n, h.tokens, h.heads * h.dim))
}

struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let y = map(contiguous::<f32>(s, l, self.name())?, transformer::gelu);
        Ok((CpuStorage::F32(y), l.shape().clone()))
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tol, assert_close};
    use crate::{Graph, Rng, grad, watch};
    use candle_core::{DType, Device};

    fn normal(shape: &[usize], seed: u64) -> Tensor {
        Rng::new(seed).normal(shape, DType::F32, &Device::Cpu).unwrap()
    }

    #[test]
    fn gelu_is_that_of_erf() {
        let x = Tensor::arange_step(-9f32, 9.0, 1e-3, &Device::Cpu).unwrap();
        let expected = x.to_dtype(DType::F64).unwrap().gelu_erf().unwrap();
        let found = gelu(&x).unwrap().to_dtype(DType::F64).unwrap();
        assert_close(&found, &expected, Tol { rel: 1e-6, abs: 3e-6 });
    }

    #[test]
    fn rows_are_normalised() {
        let x = (normal(&[2, 5, 37], 0) * 3.0).unwrap().affine(1.0, 20.0).unwrap();
        let (gain, shift) = (normal(&[37], 1), normal(&[37], 2));
        let exact = |t: &Tensor| t.to_dtype(DType::F64).unwrap();
        let centred = exact(&x).broadcast_sub(&exact(&x).mean_keepdim(2).unwrap()).unwrap();
        let deviation = (centred.sqr().unwrap().mean_keepdim(2).unwrap() + 1e-6).unwrap().sqrt().unwrap();
        let scaled = centred.broadcast_div(&deviation).unwrap().broadcast_mul(&exact(&gain)).unwrap();
        let expected = scaled.broadcast_add(&exact(&shift)).unwrap();
        let found = layer_norm(&x, &gain, &shift, 1e-6).unwrap();
        assert_close(&exact(&found), &expected, Tol { rel: 1e-5, abs: 1e-5 });
    }

    #[test]
    fn attention_equals_its_products() {
        for (n, tokens, heads, dim) in [(2, 17, 3, 8), (1, 1, 1, 1), (3, 5, 2, 16)] {
            let qkv = normal(&[n, tokens, 3 * heads * dim], 7);
            let expected = by_products(&qkv, n, Heads { tokens, heads, dim }).unwrap();
            assert_close(&self_attention(&qkv, heads).unwrap(), &expected, Tol::F32);
        }
    }

    #[test]
    fn what_has_no_gradient_says_so() {
        let x = watch(&normal(&[1, 2, 6], 0)).unwrap();
        let row = Tensor::ones(6, DType::F32, &Device::Cpu).unwrap();
        let results = [gelu(&x), layer_norm(&x, &row, &row, 1e-6), self_attention(&x, 2)];
        for y in results {
            assert!(grad(&y.unwrap(), &[&x], Graph::Discard).is_err());
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let x = normal(&[1, 2, 6], 0);
        let row = Tensor::ones(5, DType::F32, &Device::Cpu).unwrap();
        assert!(layer_norm(&x, &row, &row, 1e-6).is_err());
        assert!(self_attention(&x, 0).is_err() && self_attention(&x, 4).is_err());
        assert!(gelu(&x.to_dtype(DType::F64).unwrap()).is_err());
    }
}
