//! Softplus from plain operations.

use candle_core::{Result, Tensor};

pub(in crate::ops) fn softplus(x: &Tensor) -> Result<Tensor> {
    // candle's |x| has the derivative 1 at 0: ½(1 + 1) − ½ is the ½ that softplus has there, and the second
    // derivative, of log(1 + e^−|x|) alone, is its ¼.
    let magnitude = x.abs()?;
    (x + &magnitude)?.affine(0.5, 0.0)? + (magnitude.neg()?.exp()? + 1.0)?.log()?
}

pub(in crate::ops) fn log_sigmoid(x: &Tensor) -> Result<Tensor> {
    softplus(&x.neg()?)?.neg()
}
