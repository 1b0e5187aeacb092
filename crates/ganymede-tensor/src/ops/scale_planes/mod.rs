//! A factor for each plane.

pub(crate) mod composed;
mod cpu;

use candle_core::{Result, Tensor, bail};

/// Each plane of `x` `(N, C, H, W)` times its factor in `s` `(N, C)`.
///
/// # Errors
/// Shapes or dtypes do not agree, or on the CPU are not f32 or f64.
pub fn scale_planes(x: &Tensor, s: &Tensor) -> Result<Tensor> {
    let (n, c, _, _) = x.dims4()?;
    if s.dims() != [n, c] || s.dtype() != x.dtype() {
        bail!(
            "scale_planes: image {:?} of {:?} and factors {:?} of {:?} do not fit",
            x.dims(),
            x.dtype(),
            s.dims(),
            s.dtype()
        )
    }
    if x.device().is_cpu() { cpu::scale_planes(x, s) } else { composed::scale_planes(x, s) }
}
