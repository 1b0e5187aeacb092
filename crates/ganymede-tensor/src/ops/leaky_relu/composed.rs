//! Leaky ReLU from plain operations.

use candle_core::{Result, Tensor};

pub(in crate::ops) fn leaky_relu(x: &Tensor, slope: f64) -> Result<Tensor> {
    // Piecewise constant: no gradient passes through the comparison.
    let positive = x.detach().gt(&x.zeros_like()?)?.to_dtype(x.dtype())?;
    x.mul(&positive.affine(1.0 - slope, slope)?)
}
