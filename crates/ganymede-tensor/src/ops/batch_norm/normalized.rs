//! The result of batch normalisation.

use candle_core::Tensor;

/// What [`batch_norm`](crate::batch_norm) gives.
pub struct Normalized {
    /// The normalised input, of its shape.
    pub output: Tensor,
    /// The mean of each channel over the batch, shape `(C,)`, detached.
    pub mean: Tensor,
    /// The biased variance of each channel over the batch, shape `(C,)`, detached.
    pub var: Tensor,
}
