//! The Euclidean norm, from plain operations on every device.

use candle_core::{Result, Tensor};

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
