//! Batch normalisation in training, with the gradient through the statistics.

pub(super) mod composed;
mod cpu;
mod normalized;

use candle_core::{Result, Tensor, bail};

use ganymede_kernels::channel::Layout;

use super::channels::layout;
use crate::conv::ConvProduct;
pub use normalized::Normalized;

/// `w·(x − E[x])/√(Var[x] + eps) + b` with moments of each channel over the batch (Ioffe and
/// Szegedy, 2015, arXiv:1502.03167, algorithm 1).
///
/// `x` is `(N, C)` or `(N, C, H, W)`; `w` and `b` are `(C,)`. Moments are biased, as PyTorch
/// normalises (its running variance is not: that is the caller's affair). Gradients go through the
/// moments, and are exact to any order.
///
/// # Errors
/// The shapes do not agree, or a channel has less than two values, whose variance says nothing.
pub fn batch_norm(x: &Tensor, w: &Tensor, b: &Tensor, eps: f64) -> Result<Normalized> {
    batch_norm_leaky_relu(x, w, b, eps, 1.0)
}

/// [`batch_norm`] followed by [`leaky_relu`](crate::leaky_relu), in as many passes over memory as
/// batch norm alone. `slope` 0 is ReLU, and 1 is none.
///
/// # Errors
/// As [`batch_norm`]; a negative slope.
pub fn batch_norm_leaky_relu(x: &Tensor, w: &Tensor, b: &Tensor, eps: f64, slope: f64) -> Result<Normalized> {
    let l = checked(x, [w, b], slope)?;
    if x.device().is_cpu() {
        cpu::batch_norm(x, w, b, l, (eps, slope))
    } else {
        composed::batch_norm(x, w, b, l, (eps, slope))
    }
}

/// [`batch_norm_leaky_relu`] of the convolution `of` of `x` with `weight`: the same numbers with one node of the graph fewer,
/// each of which costs a backward pass three passes over memory.
///
/// # Errors
/// As [`batch_norm_leaky_relu`] and [`ConvProduct::apply`].
pub fn conv_batch_norm_leaky_relu(
    of: ConvProduct,
    [x, weight]: [&Tensor; 2],
    [gain, shift]: [&Tensor; 2],
    eps: f64,
    slope: f64,
) -> Result<Normalized> {
    if x.device().is_cpu() {
        cpu::of_conv(of.plan(x, weight)?, [x, weight], [gain, shift], (eps, slope))
    } else {
        batch_norm_leaky_relu(&of.apply(x, weight)?, gain, shift, eps, slope)
    }
}

/// The layout of `x`, if everything fits.
fn checked(x: &Tensor, [w, b]: [&Tensor; 2], slope: f64) -> Result<Layout> {
    let l = layout("batch_norm", x)?;
    if w.dims() != [l.c] || b.dims() != [l.c] {
        bail!("batch_norm: image {:?}, weight {:?} and bias {:?} do not fit", x.dims(), w.dims(), b.dims())
    }
    if l.count() < 2 {
        bail!("batch_norm: a channel of {:?} has less than two values: use a larger batch", x.dims())
    }
    if slope.is_nan() || slope < 0.0 {
        bail!("batch_norm: the slope {slope} of the leaky ReLU must be at least 0")
    }
    Ok(l)
}
