//! Linear maps, biases and norms.

use candle_core::{Result, Tensor, bail};

/// `x·Wᵀ + b`: `x` is `(N, I)`, `w` is `(O, I)` as in PyTorch, `b` is `(O,)`; the result `(N, O)`.
///
/// # Errors
/// The shapes do not agree.
pub fn linear(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let (&[_, inputs], &[_, expected]) = (x.dims(), w.dims()) else {
        bail!("linear: expected (N, I) and (O, I), got {:?} and {:?}", x.dims(), w.dims())
    };
    if inputs != expected {
        bail!("linear: the input has {inputs} features, the weight {:?} takes {expected}", w.dims())
    }
    let y = x.matmul(&w.t()?)?;
    match b {
        Some(b) => y.broadcast_add(b),
        None => Ok(y),
    }
}

/// Adds `b`, of shape `(C,)`, along dimension 1 of `x`, which is `(N, C)` or `(N, C, H, W)`.
///
/// # Errors
/// The shapes do not agree.
pub fn add_channel_bias(x: &Tensor, b: &Tensor) -> Result<Tensor> {
    match x.dims() {
        &[_, c] if b.dims() == [c] => x.broadcast_add(b),
        &[_, c, _, _] if b.dims() == [c] => x.broadcast_add(&b.reshape((1, c, 1, 1))?),
        dims => bail!("add_channel_bias: image {dims:?} and bias {:?} do not fit", b.dims()),
    }
}

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
