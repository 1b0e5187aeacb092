//! Distances between rows from plain operations.

use candle_core::{Result, Tensor};

use crate::ops::leaky_relu::composed::leaky_relu;

pub(in crate::ops) fn pairwise_l1(m: &Tensor) -> Result<Tensor> {
    let difference = m.unsqueeze(1)?.broadcast_sub(&m.unsqueeze(0)?)?;
    // Not `abs`, whose derivative candle takes to be 1 at 0.
    (leaky_relu(&difference, 0.0)? + leaky_relu(&difference.neg()?, 0.0)?)?.sum(3)
}
