//! Resampling through a filter.

pub(super) mod composed;
mod config;
mod cpu;
mod filter;

use candle_core::{Result, Tensor};

pub use config::UpFirDn;
pub use filter::Filter;

/// Changes the resolution of each plane of `x` `(N, C, H, W)` through a filter: zeros are inserted (`up`), borders added
/// or taken off (`padding`), the filter is convolved with what is there, and every few pixels one is kept (`down`). The
/// result is `(N, C, OH, OW)` with `OH = (H·up + y0 + y1 − taps)/down + 1`, rounded down.
///
/// It is linear in the image, and its gradient is another such operation: exact to any order. The filter is a constant.
/// On the CPU no product with an inserted zero is made; a separable filter is applied to one axis after the other.
///
/// StyleGAN2, Karras et al., 2020, arXiv:1912.04958, appendix B; the arguments are those of its authors' `upfirdn2d`.
///
/// # Errors
/// `x` is not of rank 4, on the CPU not f32 or f64, or smaller than the filter with the padding; a factor, padding or
/// gain is out of range.
pub fn upfirdn2d(x: &Tensor, cfg: &UpFirDn) -> Result<Tensor> {
    let (axes, taps) = cfg.plan(x)?;
    if x.device().is_cpu() { cpu::upfirdn2d(x, axes, taps) } else { composed::upfirdn2d(x, axes, &taps) }
}

/// [`upfirdn2d`] as [`UpFirDn::filtering`].
///
/// # Errors
/// As [`upfirdn2d`].
pub fn filter2d(x: &Tensor, filter: &Filter) -> Result<Tensor> {
    upfirdn2d(x, &UpFirDn::filtering(filter))
}

/// [`upfirdn2d`] as [`UpFirDn::upsampling`].
///
/// # Errors
/// As [`upfirdn2d`].
pub fn upsample2d(x: &Tensor, filter: &Filter, factor: usize) -> Result<Tensor> {
    upfirdn2d(x, &UpFirDn::upsampling(filter, factor))
}

/// [`upfirdn2d`] as [`UpFirDn::downsampling`].
///
/// # Errors
/// As [`upfirdn2d`].
pub fn downsample2d(x: &Tensor, filter: &Filter, factor: usize) -> Result<Tensor> {
    upfirdn2d(x, &UpFirDn::downsampling(filter, factor))
}

#[cfg(test)]
mod tests;
