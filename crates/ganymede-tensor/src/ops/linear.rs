//! Linear maps, biases and norms.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, WithDType, bail};

use super::activation::{leaky_relu, leaky_relu_gradient};
use super::batch_norm::layout;
use crate::autograd::wanted;
use crate::kernels::channel::{self, map, sums};
use crate::kernels::elem::{Elem, by_dtype, contiguous};

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
        return x.contiguous()?.apply_op2(&b.contiguous()?, AddBias { l, slope: 1.0 });
    }
    if x.rank() == 2 { x.broadcast_add(b) } else { x.broadcast_add(&b.reshape((1, l.c, 1, 1))?) }
}

/// [`leaky_relu`](crate::leaky_relu) of [`add_channel_bias`], in one pass; `slope` 0 is ReLU.
///
/// # Errors
/// The shapes do not agree; a negative slope.
pub fn add_channel_bias_leaky_relu(x: &Tensor, b: &Tensor, slope: f64) -> Result<Tensor> {
    let l = layout("add_channel_bias_leaky_relu", x)?;
    if slope.is_nan() || slope < 0.0 {
        bail!("add_channel_bias_leaky_relu: the slope {slope} must be at least 0")
    }
    if !x.device().is_cpu() {
        return leaky_relu(&add_channel_bias(x, b)?, slope);
    }
    if b.dims() != [l.c] {
        bail!("add_channel_bias_leaky_relu: image {:?} and bias {:?} do not fit", x.dims(), b.dims())
    }
    x.contiguous()?.apply_op2(&b.contiguous()?, AddBias { l, slope })
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

/// Bias, and the leaky ReLU of that slope: none where it is 1.
struct AddBias {
    l: channel::Layout,
    slope: f64,
}

impl AddBias {
    fn run<T: Elem>(&self, x: (&CpuStorage, &Layout), b: (&CpuStorage, &Layout)) -> Result<CpuStorage> {
        let (x, b) = (contiguous::<T>(x.0, x.1, self.name())?, contiguous::<T>(b.0, b.1, self.name())?);
        let (zero, slope) = (T::default(), T::from_f64(self.slope));
        let y = map(self.l, x, x, |c| {
            let bias = b[c];
            move |x, _| {
                let y = x + bias;
                if y > zero { y } else { slope * y }
            }
        });
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

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
        let y = by_dtype(
            self.name(),
            x,
            || self.run::<f32>((x, lx), (b, lb)),
            || self.run::<f64>((x, lx), (b, lb)),
        )?;
        Ok((y, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        b: &Tensor,
        y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = if self.slope == 1.0 { g.clone() } else { leaky_relu_gradient(g, &y.detach(), self.slope)? };
        let db = if wanted(b) { Some(channel_sum(&g, self.l)?) } else { None };
        Ok((wanted(x).then_some(g), db))
    }
}

/// The sum of each channel of `x`, shape `(C,)`.
pub(super) fn channel_sum(x: &Tensor, l: channel::Layout) -> Result<Tensor> {
    x.contiguous()?.apply_op1(ChannelSum(l))
}

struct ChannelSum(channel::Layout);

impl CustomOp1 for ChannelSum {
    fn name(&self) -> &'static str {
        "channel_sum"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        fn typed<T: Elem>(layout: channel::Layout, s: &CpuStorage, l: &Layout) -> Result<CpuStorage> {
            let x = contiguous::<T>(s, l, "channel_sum")?;
            let sums = sums(layout, x, x, |_| |x, _| [x]).into_iter().map(|[s]| T::from_f64(s)).collect();
            Ok(<T as WithDType>::to_cpu_storage_owned(sums))
        }
        let y = by_dtype(self.name(), s, || typed::<f32>(self.0, s, l), || typed::<f64>(self.0, s, l))?;
        Ok((y, self.0.c.into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let column = if x.rank() == 2 { g.reshape((1, self.0.c))? } else { g.reshape((1, self.0.c, 1, 1))? };
        Ok(Some(column.broadcast_as(x.shape())?.contiguous()?))
    }
}
