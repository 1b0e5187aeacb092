//! Convolutions that change the resolution, through a filter.

use candle_core::{Result, Tensor, bail};
use ganymede_kernels::ConvConfig;

use super::upfirdn2d::{Filter, UpFirDn, upfirdn2d};
use crate::conv::{conv_transpose2d, conv2d};

/// What becomes of the resolution in [`conv2d_resample`].
#[derive(Clone, Copy, Debug)]
pub enum ConvResample<'a> {
    /// It stays.
    Same,
    /// Doubled, then filtered.
    Up(&'a Filter),
    /// Filtered, then halved.
    Down(&'a Filter),
}

/// A convolution with padding such that it keeps the resolution, which a filter doubles or halves on the way:
/// `x` is `(N, I, H, W)`, `w` `(O, I/groups, k, k)` with odd k.
///
/// * up: the transposed convolution of stride 2, then the filter with gain 4. The weight is that of a transposed
///   convolution but for the order of its first two axes: it is not turned by 180°;
/// * down: the filter, then the convolution of stride 2;
/// * where k is 1, the filter resamples the smaller image instead, before or after.
///
/// This is `conv2d_resample` of StyleGAN2-ADA (Karras et al., 2020, arXiv:2006.06676) as its networks call it, with
/// `padding = k // 2` and `flip_weight = (up == 1)`.
///
/// # Errors
/// As [`conv2d`](crate::conv2d) and [`upfirdn2d`](crate::upfirdn2d); the kernel is not square and odd.
pub fn conv2d_resample(x: &Tensor, w: &Tensor, resample: ConvResample) -> Result<Tensor> {
    grouped(x, w, resample, 1)
}

pub(super) fn grouped(x: &Tensor, w: &Tensor, resample: ConvResample, groups: usize) -> Result<Tensor> {
    let (_, _, k, across) = w.dims4()?;
    if k != across || k % 2 == 0 {
        bail!("conv2d_resample: the kernel {:?} is not square and odd", w.dims())
    }
    let half = (k / 2) as isize;
    let every = |stride: usize, padding: usize| ConvConfig {
        stride: [stride; 2],
        padding: [padding; 2],
        groups,
        ..ConvConfig::default()
    };
    match resample {
        ConvResample::Same => conv2d(x, w, every(1, k / 2)),
        ConvResample::Down(filter) if k == 1 => {
            conv2d(&upfirdn2d(x, &UpFirDn::downsampling(filter, 2))?, w, every(1, 0))
        }
        ConvResample::Up(filter) if k == 1 => {
            upfirdn2d(&conv2d(x, w, every(1, 0))?, &UpFirDn::upsampling(filter, 2))
        }
        ConvResample::Down(filter) => {
            let smooth = UpFirDn { down: [1; 2], ..UpFirDn::downsampling(filter, 2) }.padded([half; 4]);
            conv2d(&upfirdn2d(x, &smooth)?, w, every(2, 0))
        }
        ConvResample::Up(filter) => {
            let large = conv_transpose2d(x, &transposed(w, groups)?, every(2, 0), [0; 2])?;
            // It reaches over the image by k − 1 before and k − 2 after, of which k/2 are padding.
            let smooth = UpFirDn { up: [1; 2], ..UpFirDn::upsampling(filter, 2) };
            upfirdn2d(&large, &smooth.padded([-half, 1 - half, -half, 1 - half]))
        }
    }
}

/// `(O, I/groups, k, k)` as the weight `(I, O/groups, k, k)` of a transposed convolution.
fn transposed(w: &Tensor, groups: usize) -> Result<Tensor> {
    let (o, i, k, _) = w.dims4()?;
    if groups == 1 {
        return w.transpose(0, 1)?.contiguous();
    }
    w.reshape((groups, o / groups, i, k, k))?.transpose(1, 2)?.contiguous()?.reshape((
        groups * i,
        o / groups,
        k,
        k,
    ))
}
