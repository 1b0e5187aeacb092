//! Layer normalisation of rows.

pub(super) mod composed;
mod cpu;

use candle_core::{D, DType, Result, Tensor, bail};

/// `(x − μ)/√(σ² + eps)·gain + shift` over the last dimension (Ba et al., 2016,
/// arXiv:1607.06450, eq. 4), with μ and the biased σ² of each row: PyTorch's `layer_norm` for one
/// dimension.
///
/// Gradients are exact to any order, through the statistics. In f32 on the CPU, where no gradient is
/// tracked, all of it is one operation.
///
/// # Errors
/// `x` is not of floating point, or `gain` and `shift` are not of the length of its rows.
pub fn layer_norm(x: &Tensor, gain: &Tensor, shift: &Tensor, eps: f64) -> Result<Tensor> {
    let width = x.dim(D::Minus1)?;
    if gain.dims() != [width] || shift.dims() != [width] || width == 0 {
        bail!("layer_norm: {:?} and {:?} for rows of {:?}", gain.dims(), shift.dims(), x.dims())
    }
    let tracked = [x, gain, shift].iter().any(|t| t.track_op());
    let fused = x.device().is_cpu() && x.dtype() == DType::F32 && !tracked;
    if fused { cpu::layer_norm(x, gain, shift, eps) } else { composed::layer_norm(x, gain, shift, eps) }
}
