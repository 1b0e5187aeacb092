//! Biases of channels from plain operations.

use candle_core::{Result, Tensor};

use super::config::BiasAct;
use crate::ops::leaky_relu::composed::leaky_relu;

/// `slope` 1 is no activation.
pub(crate) fn biased(x: &Tensor, b: &Tensor, slope: f64) -> Result<Tensor> {
    bias_act(x, b, BiasAct::leaky(slope))
}

pub(crate) fn bias_act(x: &Tensor, b: &Tensor, act: BiasAct) -> Result<Tensor> {
    let column = if x.rank() == 2 { b.clone() } else { b.reshape((1, b.elem_count(), 1, 1))? };
    let sum = x.broadcast_add(&column)?;
    let y = if act.slope == 1.0 { sum } else { leaky_relu(&sum, act.slope)? };
    let y = if act.gain == 1.0 { y } else { (y * act.gain)? };
    let Some(bound) = act.clamp else { return Ok(y) };
    let still = y.detach();
    // What is not a number is left as it is.
    let bounded = still.abs()?.ge(bound)?;
    bounded.where_cond(&still.clamp(-bound, bound)?, &y)
}
