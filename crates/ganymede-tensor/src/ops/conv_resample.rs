//! Convolutions that change the resolution, through a filter.

use candle_core::{Result, Tensor, bail};
use ganymede_kernels::ConvConfig;

use super::channel_bias::{BiasAct, bias_act, conv_bias_act};
use super::upfirdn2d::{Filter, UpFirDn, upfirdn2d};
use crate::conv::{ConvProduct, conv_transpose2d, conv2d};

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

/// [`bias_act`] of [`conv2d_resample`], in one node of the graph where a convolution is what comes last.
///
/// # Errors
/// As [`conv2d_resample`] and [`bias_act`].
pub fn conv2d_resample_bias_act(
    x: &Tensor,
    w: &Tensor,
    resample: ConvResample,
    bias: &Tensor,
    act: BiasAct,
) -> Result<Tensor> {
    let k = side(w)?;
    let (x, cfg) = match resample {
        ConvResample::Same => (x.clone(), every(1, k / 2, 1)),
        ConvResample::Down(filter) => lowered(x, k, filter, 1)?,
        ConvResample::Up(_) => return bias_act(&conv2d_resample(x, w, resample)?, bias, act),
    };
    conv_bias_act(ConvProduct::Conv2d(cfg), [&x, w], Some(bias), act)
}

pub(super) fn grouped(x: &Tensor, w: &Tensor, resample: ConvResample, groups: usize) -> Result<Tensor> {
    let k = side(w)?;
    let half = (k / 2) as isize;
    match resample {
        ConvResample::Same => conv2d(x, w, every(1, k / 2, groups)),
        ConvResample::Down(filter) => {
            let (x, cfg) = lowered(x, k, filter, groups)?;
            conv2d(&x, w, cfg)
        }
        ConvResample::Up(filter) if k == 1 => {
            upfirdn2d(&conv2d(x, w, every(1, 0, groups))?, &UpFirDn::upsampling(filter, 2))
        }
        ConvResample::Up(filter) => {
            let large = conv_transpose2d(x, &transposed(w, groups)?, every(2, 0, groups), [0; 2])?;
            // It reaches over the image by k − 1 before and k − 2 after, of which k/2 are padding.
            let smooth = UpFirDn { up: [1; 2], ..UpFirDn::upsampling(filter, 2) };
            upfirdn2d(&large, &smooth.padded([-half, 1 - half, -half, 1 - half]))
        }
    }
}

/// The side of a kernel.
fn side(w: &Tensor) -> Result<usize> {
    let (_, _, k, across) = w.dims4()?;
    if k != across || k % 2 == 0 {
        bail!("conv2d_resample: the kernel {:?} is not square and odd", w.dims())
    }
    Ok(k)
}

/// What is convolved on the way down, and how.
fn lowered(x: &Tensor, k: usize, filter: &Filter, groups: usize) -> Result<(Tensor, ConvConfig)> {
    if k == 1 {
        return Ok((upfirdn2d(x, &UpFirDn::downsampling(filter, 2))?, every(1, 0, groups)));
    }
    let smooth = UpFirDn { down: [1; 2], ..UpFirDn::downsampling(filter, 2) };
    Ok((upfirdn2d(x, &smooth.padded([(k / 2) as isize; 4]))?, every(2, 0, groups)))
}

fn every(stride: usize, padding: usize, groups: usize) -> ConvConfig {
    ConvConfig { stride: [stride; 2], padding: [padding; 2], groups, ..ConvConfig::default() }
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
