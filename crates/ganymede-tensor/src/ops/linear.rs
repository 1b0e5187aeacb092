//! Linear maps, biases and norms.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, WithDType, bail};

use super::batch_norm::layout;
use crate::kernels::channel::{self, map, sums};
use crate::kernels::elem::{Elem, contiguous};

/// `x·Wᵀ + b`: `x` is `(N, I)`, `w` is `(O, I)` as in PyTorch, `b` is `(O,)`; the result `(N, O)`.
///
/// # Errors
/// The shapes do not agree.
pub fn linear(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let (&[_, inputs], &[_, expected]) = (x.dims(), w.dims()) else {
        bail!("linear: expected (N, I) and (O, I), got {:?} and {:?}", x.dims(), w.dims())
    };
    if inputs != expected {
        bail!("linear: the input has {inputs} features, the weight {:?} takes {expected}", w.dims())
    }
    let y = x.matmul(&w.t()?)?;
    match b {
        Some(b) => y.broadcast_add(b),
        None => Ok(y),
    }
}

/// Adds `b`, of shape `(C,)`, along dimension 1 of `x`, which is `(N, C)` or `(N, C, H, W)`.
///
/// # Errors
/// The shapes do not agree.
pub fn add_channel_bias(x: &Tensor, b: &Tensor) -> Result<Tensor> {
    let l = layout("add_channel_bias", x)?;
    if b.dims() != [l.c] {
        bail!("add_channel_bias: image {:?} and bias {:?} do not fit", x.dims(), b.dims())
    }
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op2(&b.contiguous()?, AddBias(l));
    }
    if x.rank() == 2 { x.broadcast_add(b) } else { x.broadcast_add(&b.reshape((1, l.c, 1, 1))?) }
}

/// The Euclidean norm of each sample: `√(Σ x² + eps)` over all dimensions but the first, shape
/// `(N,)`.
///
/// `eps` keeps the gradient finite where a sample is 0; 1e-12 is far below f32's resolution of any
/// norm that matters.
///
/// # Errors
/// `x` is a scalar.
pub fn l2_norm(x: &Tensor, eps: f64) -> Result<Tensor> {
    let squares = x.sqr()?;
    let flat = if x.rank() == 1 { squares.unsqueeze(1)? } else { squares.flatten_from(1)? };
    (flat.sum(1)? + eps)?.sqrt()
}

struct AddBias(channel::Layout);

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add_channel_bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        fn typed<T: Elem>(
            l: channel::Layout,
            (x, lx): (&CpuStorage, &Layout),
            (b, lb): (&CpuStorage, &Layout),
        ) -> Result<CpuStorage> {
            let op = "add_channel_bias";
            let (x, b) = (contiguous::<T>(x, lx, op)?, contiguous::<T>(b, lb, op)?);
            Ok(<T as WithDType>::to_cpu_storage_owned(map(l, x, x, |c, x, _| x + b[c])))
        }
        let y = match x {
            CpuStorage::F32(_) => typed::<f32>(self.0, (x, lx), (b, lb))?,
            CpuStorage::F64(_) => typed::<f64>(self.0, (x, lx), (b, lb))?,
            _ => bail!("{}: f32 or f64 expected", self.name()),
        };
        Ok((y, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        b: &Tensor,
        _: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let db = if b.track_op() { Some(g.contiguous()?.apply_op1(ChannelSum(self.0))?) } else { None };
        Ok((x.track_op().then(|| g.clone()), db))
    }
}

/// The sum of each channel, shape `(C,)`.
struct ChannelSum(channel::Layout);

impl CustomOp1 for ChannelSum {
    fn name(&self) -> &'static str {
        "channel_sum"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        fn typed<T: Elem>(layout: channel::Layout, s: &CpuStorage, l: &Layout) -> Result<CpuStorage> {
            let x = contiguous::<T>(s, l, "channel_sum")?;
            let sums = sums(layout, x, x, |_, x, _| x).into_iter().map(T::from_f64).collect();
            Ok(<T as WithDType>::to_cpu_storage_owned(sums))
        }
        let y = match s {
            CpuStorage::F32(_) => typed::<f32>(self.0, s, l)?,
            CpuStorage::F64(_) => typed::<f64>(self.0, s, l)?,
            _ => bail!("{}: f32 or f64 expected", self.name()),
        };
        Ok((y, self.0.c.into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let column = if x.rank() == 2 { g.reshape((1, self.0.c))? } else { g.reshape((1, self.0.c, 1, 1))? };
        Ok(Some(column.broadcast_as(x.shape())?.contiguous()?))
    }
}
