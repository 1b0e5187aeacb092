//! Linear maps, by matrix products on every device.

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
