//! Biases of channels, with an activation.

pub(crate) mod composed;
mod config;
mod cpu;
mod of_conv;

use candle_core::{Result, Tensor, bail};

use super::channels::layout;
use crate::conv::ConvProduct;
pub use config::BiasAct;

/// Adds `b`, of shape `(C,)`, along dimension 1 of `x`, which is `(N, C)` or `(N, C, H, W)`.
///
/// # Errors
/// The shapes do not agree.
pub fn add_channel_bias(x: &Tensor, b: &Tensor) -> Result<Tensor> {
    biased("add_channel_bias", x, b, BiasAct::leaky(1.0))
}

/// [`leaky_relu`](crate::leaky_relu) of [`add_channel_bias`], in one pass; `slope` 0 is ReLU.
///
/// # Errors
/// The shapes do not agree; a negative slope.
pub fn add_channel_bias_leaky_relu(x: &Tensor, b: &Tensor, slope: f64) -> Result<Tensor> {
    biased("add_channel_bias_leaky_relu", x, b, BiasAct::leaky(slope))
}

/// `gain·leaky_relu(x + b)` within ±`clamp`, in one pass: [`add_channel_bias`] and what StyleGAN2 has behind it
/// (Karras et al., 2020, arXiv:1912.04958; `bias_act` in its authors' code, linear or `lrelu`).
///
/// Where the result is at its bound no gradient passes, as in that code on a GPU; PyTorch's `clamp` lets one pass where
/// the two are equal.
///
/// # Errors
/// The shapes do not agree; a setting is out of its range.
pub fn bias_act(x: &Tensor, b: &Tensor, act: BiasAct) -> Result<Tensor> {
    biased("bias_act", x, b, act)
}

/// [`bias_act`] of the convolution `of` of `x` with `weight`; without a bias the activation alone. The same numbers with one
/// node of the graph fewer: the convolution's result is not kept, and its gradient not added to zeros.
///
/// # Errors
/// As [`bias_act`] and [`ConvProduct::apply`].
pub fn conv_bias_act(
    of: ConvProduct,
    [x, weight]: [&Tensor; 2],
    bias: Option<&Tensor>,
    act: BiasAct,
) -> Result<Tensor> {
    const OP: &str = "conv_bias_act";
    act.check(OP)?;
    let plan = of.plan(x, weight)?;
    let [_, c, ..] = plan.shape();
    if let Some(bias) = bias.filter(|bias| bias.dims() != [c]) {
        bail!("{OP}: {c} channels and bias {:?} do not fit", bias.dims())
    }
    if x.device().is_cpu() {
        return of_conv::conv_bias_act(plan, [x, weight], bias, act);
    }
    let y = of.apply(x, weight)?;
    let none = bias.is_none().then(|| Tensor::zeros(c, y.dtype(), y.device())).transpose()?;
    composed::bias_act(&y, bias.or(none.as_ref()).expect("a bias, or zeros"), act)
}

fn biased(op: &str, x: &Tensor, b: &Tensor, act: BiasAct) -> Result<Tensor> {
    let l = layout(op, x)?;
    if b.dims() != [l.c] {
        bail!("{op}: image {:?} and bias {:?} do not fit", x.dims(), b.dims())
    }
    act.check(op)?;
    if x.device().is_cpu() { cpu::bias_act(x, b, l, act) } else { composed::bias_act(x, b, act) }
}
