//! Biases of channels, with an activation.

pub(crate) mod composed;
mod config;
mod cpu;

use candle_core::{Result, Tensor, bail};

use super::channels::layout;
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

fn biased(op: &str, x: &Tensor, b: &Tensor, act: BiasAct) -> Result<Tensor> {
    let l = layout(op, x)?;
    if b.dims() != [l.c] {
        bail!("{op}: image {:?} and bias {:?} do not fit", x.dims(), b.dims())
    }
    act.check(op)?;
    if x.device().is_cpu() { cpu::bias_act(x, b, l, act) } else { composed::bias_act(x, b, act) }
}
