//! Activations and what losses are made of: finite for any logit, exact to any order.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, WithDType};

use crate::autograd::creates_graph;
use crate::kernels::elem::{Elem, by_dtype, contiguous};
use crate::kernels::map::{map, zip_map};

/// `log(1 + eˣ)`, computed as `max(x, 0) + log1p(e^−|x|)`: finite and exact for any `x`.
///
/// Its gradient is [`sigmoid`]. candle's own `log(sigmoid(x))` is NaN or infinite for logits
/// beyond ±40.
///
/// # Errors
/// `x` is not of dtype f32 or f64 on the CPU.
pub fn softplus(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op1(Softplus);
    }
    // `maximum` shares the gradient at a tie and |x| has none there: together ½, which is right.
    let zero = x.zeros_like()?;
    x.maximum(&zero)? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

/// `log σ(x) = −softplus(−x)`.
///
/// # Errors
/// As [`softplus`].
pub fn log_sigmoid(x: &Tensor) -> Result<Tensor> {
    softplus(&x.neg()?)?.neg()
}

/// `σ(x) = 1/(1 + e^−x)`, without overflow. Its gradient is computed as `σ(x)·σ(−x)`, which keeps
/// its relative accuracy where `1 − σ(x)` has lost it.
///
/// # Errors
/// As [`softplus`].
pub fn sigmoid(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op1(Sigmoid);
    }
    (x.affine(0.5, 0.0)?.tanh()? + 1.0)?.affine(0.5, 0.0)
}

/// `tanh x`.
///
/// # Errors
/// As [`softplus`].
pub fn tanh(x: &Tensor) -> Result<Tensor> {
    if x.device().is_cpu() { x.contiguous()?.apply_op1(Tanh) } else { x.tanh() }
}

/// `max(x, 0)`, with gradient 0 at 0 as in PyTorch (candle's own has 1).
///
/// # Errors
/// As [`softplus`].
pub fn relu(x: &Tensor) -> Result<Tensor> {
    leaky_relu(x, 0.0)
}

/// `x` where positive, else `slope·x`; the gradient at 0 is `slope`, as in PyTorch.
///
/// # Errors
/// As [`softplus`].
pub fn leaky_relu(x: &Tensor, slope: f64) -> Result<Tensor> {
    if x.device().is_cpu() {
        return x.contiguous()?.apply_op1(LeakyRelu { slope });
    }
    let positive = x.gt(&x.zeros_like()?)?.to_dtype(x.dtype())?;
    x.mul(&positive.affine(1.0 - slope, slope)?)
}

/// `eˣⁱ / Σⱼ eˣʲ` along `dim`. (candle's `softmax_last_dim` has no gradient and says nothing.)
///
/// # Errors
/// `dim` is out of range.
pub fn softmax(x: &Tensor, dim: usize) -> Result<Tensor> {
    let e = x.broadcast_sub(&x.max_keepdim(dim)?.detach())?.exp()?;
    e.broadcast_div(&e.sum_keepdim(dim)?)
}

/// `x − log Σⱼ eˣʲ` along `dim`, finite for any logits.
///
/// # Errors
/// `dim` is out of range.
pub fn log_softmax(x: &Tensor, dim: usize) -> Result<Tensor> {
    let shifted = x.broadcast_sub(&x.max_keepdim(dim)?.detach())?;
    shifted.broadcast_sub(&shifted.exp()?.sum_keepdim(dim)?.log()?)
}

/// Applies a function of f32 or of f64.
fn unary(
    op: &str,
    s: &CpuStorage,
    l: &Layout,
    (f32_fn, f64_fn): (impl Fn(f32) -> f32 + Sync, impl Fn(f64) -> f64 + Sync),
) -> Result<(CpuStorage, Shape)> {
    fn typed<T: Elem>(op: &str, s: &CpuStorage, l: &Layout, f: impl Fn(T) -> T + Sync) -> Result<CpuStorage> {
        Ok(<T as WithDType>::to_cpu_storage_owned(map(contiguous::<T>(s, l, op)?, f)))
    }
    let y = by_dtype(op, s, || typed(op, s, l, f32_fn), || typed(op, s, l, f64_fn))?;
    Ok((y, l.shape().clone()))
}

/// Applies a function of two f32 or two f64.
fn binary(
    op: &str,
    (a, la): (&CpuStorage, &Layout),
    (b, lb): (&CpuStorage, &Layout),
    (f32_fn, f64_fn): (impl Fn(f32, f32) -> f32 + Sync, impl Fn(f64, f64) -> f64 + Sync),
) -> Result<(CpuStorage, Shape)> {
    fn typed<T: Elem>(
        op: &str,
        a: (&CpuStorage, &Layout),
        b: (&CpuStorage, &Layout),
        f: impl Fn(T, T) -> T + Sync,
    ) -> Result<CpuStorage> {
        let y = zip_map(contiguous::<T>(a.0, a.1, op)?, contiguous::<T>(b.0, b.1, op)?, f);
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
    let y = by_dtype(op, a, || typed(op, (a, la), (b, lb), f32_fn), || typed(op, (a, la), (b, lb), f64_fn))?;
    Ok((y, la.shape().clone()))
}

struct Softplus;

impl CustomOp1 for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        // `max` drops a NaN, the other term keeps it.
        let f32_fn = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
        unary(self.name(), s, l, (f32_fn, |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(grad.mul(&sigmoid(x)?)?))
    }
}

struct Sigmoid;

impl CustomOp1 for Sigmoid {
    fn name(&self) -> &'static str {
        "sigmoid"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        // e^−x overflows to infinity for very negative x, and 1/∞ is the right 0.
        unary(self.name(), s, l, (|x: f32| 1.0 / (1.0 + (-x).exp()), |x: f64| 1.0 / (1.0 + (-x).exp())))
    }

    fn bwd(&self, x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(grad.mul(&y.mul(&sigmoid(&x.neg()?)?)?)?))
    }
}

struct Tanh;

impl CustomOp1 for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        unary(self.name(), s, l, (f32::tanh, f64::tanh))
    }

    fn bwd(&self, _: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        if creates_graph() {
            return Ok(Some(grad.mul(&y.sqr()?.affine(-1.0, 1.0)?)?));
        }
        Ok(Some(grad.contiguous()?.apply_op2_no_bwd(y, &TanhGradient)?))
    }
}

/// `g·(1 − y²)`, without a graph.
struct TanhGradient;

impl CustomOp2 for TanhGradient {
    fn name(&self) -> &'static str {
        "tanh_gradient"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        y: &CpuStorage,
        ly: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let f32_fn = |g: f32, y: f32| g * (1.0 - y * y);
        binary(self.name(), (g, lg), (y, ly), (f32_fn, |g: f64, y: f64| g * (1.0 - y * y)))
    }
}

struct LeakyRelu {
    slope: f64,
}

impl CustomOp1 for LeakyRelu {
    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (self.slope as f32, self.slope);
        // A NaN is not positive, and 0 · NaN is NaN: it shows.
        let f32_fn = move |x: f32| if x > 0.0 { x } else { a * x };
        unary(self.name(), s, l, (f32_fn, move |x: f64| if x > 0.0 { x } else { b * x }))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(leaky_relu_gradient(grad, &x.detach(), self.slope)?))
    }
}

/// The gradient `grad` of a leaky ReLU's output, taken through it: times `slope` where `x` is not
/// positive. `x` may be input or output, whose signs agree.
pub(super) fn leaky_relu_gradient(grad: &Tensor, x: &Tensor, slope: f64) -> Result<Tensor> {
    if !x.device().is_cpu() {
        let positive = x.gt(&x.zeros_like()?)?.to_dtype(x.dtype())?;
        return grad.mul(&positive.affine(1.0 - slope, slope)?);
    }
    grad.contiguous()?.apply_op2(&x.contiguous()?, LeakyMask { slope })
}

/// The first argument, times `slope` where the second is not positive.
struct LeakyMask {
    slope: f64,
}

impl CustomOp2 for LeakyMask {
    fn name(&self) -> &'static str {
        "leaky_relu_gradient"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        x: &CpuStorage,
        lx: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (a, b) = (self.slope as f32, self.slope);
        let f32_fn = move |g: f32, x: f32| if x > 0.0 { g } else { a * g };
        binary(self.name(), (g, lg), (x, lx), (f32_fn, move |g: f64, x: f64| if x > 0.0 { g } else { b * g }))
    }

    fn bwd(
        &self,
        _: &Tensor,
        x: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        // Piecewise constant in x: no gradient there.
        let mask = LeakyMask { slope: self.slope };
        Ok((Some(grad.contiguous()?.apply_op2(x, mask)?), None))
    }
}
