//! Convolution from candle's own operations.
//!
//! They know one stride, padding and dilation for both axes, and the gradient of a strided one is right
//! only where the last window ends at the edge. So images are framed to end there, padding that differs is
//! laid on beforehand, strides that differ are taken from a result of stride 1, and taps are set apart by
//! zeros where dilations differ.

use candle_core::{Error, Result, Tensor};
use ganymede_kernels::ConvConfig;

use crate::ops::channel_bias::composed::biased;

pub(crate) fn conv2d(x: &Tensor, w: &Tensor, cfg: ConvConfig) -> Result<Tensor> {
    let (w, dilation) = undilated(w, cfg.dilation)?;
    let [sh, sw] = cfg.stride;
    let stride = if sh == sw { sh } else { 1 };
    let reach = |axis: usize| Ok::<_, Error>(dilation * (w.dim(2 + axis)? - 1) + 1);
    let (x, padding) = framed(x, [reach(0)?, reach(1)?], stride, cfg.padding)?;
    let y = x.conv2d(&w, padding, stride, dilation, cfg.groups)?;
    if sh == sw { Ok(y) } else { every(&every(&y, 2, sh)?, 3, sw) }
}

pub(crate) fn conv_transpose2d(
    x: &Tensor,
    w: &Tensor,
    cfg: ConvConfig,
    output_padding: [usize; 2],
) -> Result<Tensor> {
    let (w, dilation) = undilated(w, cfg.dilation)?;
    let [sh, sw] = cfg.stride;
    let (x, stride) = if sh == sw { (x.clone(), sh) } else { (spread(&spread(x, 2, sh)?, 3, sw)?, 1) };
    // candle's gradient knows nothing of output padding: harmless below the stride.
    let ([ph, pw], [oh, ow]) = (cfg.padding, output_padding);
    let direct = ph == pw && oh == ow && oh < stride;
    let (padding, grown) = if direct { (ph, oh) } else { (0, 0) };
    let one = |x: &Tensor, w: &Tensor| x.conv_transpose2d(w, padding, grown, stride, dilation);
    let y = if cfg.groups == 1 {
        one(&x, &w)?
    } else {
        let (x, w) = (x.chunk(cfg.groups, 1)?, w.chunk(cfg.groups, 0)?);
        let parts = x.iter().zip(&w).map(|(x, w)| one(&x.contiguous()?, &w.contiguous()?));
        Tensor::cat(&parts.collect::<Result<Vec<_>>>()?, 1)?
    };
    if direct { Ok(y) } else { framed_result(&framed_result(&y, 2, (ph, oh))?, 3, (pw, ow)) }
}

pub(crate) fn conv2d_bias_relu(x: &Tensor, w: &Tensor, b: &Tensor, cfg: ConvConfig) -> Result<Tensor> {
    biased(&conv2d(x, w, cfg)?, b, 0.0)
}

pub(crate) fn conv2d_weight_gradient(
    x: &Tensor,
    dy: &Tensor,
    weight: &Tensor,
    cfg: ConvConfig,
) -> Result<Tensor> {
    // Linear in the weight: its value does not matter.
    let weight = candle_core::Var::from_tensor(&weight.contiguous()?)?;
    let y = (conv2d(x, &weight, cfg)? * dy)?.sum_all()?;
    Ok(crate::grad(&y, &[weight.as_tensor()], crate::Graph::Create)?.remove(0))
}

/// The weight, with zeros between its taps where the dilations differ, and the dilation that is left.
fn undilated(w: &Tensor, [a, b]: [usize; 2]) -> Result<(Tensor, usize)> {
    if a == b { Ok((w.clone(), a)) } else { Ok((spread(&spread(w, 2, a)?, 3, b)?, 1)) }
}

/// The image, padded and cut such that the last window ends where it does, and the padding that is left.
fn framed(x: &Tensor, reach: [usize; 2], stride: usize, padding: [usize; 2]) -> Result<(Tensor, usize)> {
    let rest = |axis: usize| Ok::<_, Error>((x.dim(2 + axis)? + 2 * padding[axis] - reach[axis]) % stride);
    let rest = [rest(0)?, rest(1)?];
    if padding[0] == padding[1] && rest == [0, 0] {
        return Ok((x.clone(), padding[0]));
    }
    let mut framed = x.clone();
    for axis in 0..2 {
        let (dim, p, rest) = (2 + axis, padding[axis], rest[axis]);
        let kept = x.dim(dim)? - rest.saturating_sub(p);
        framed = framed.narrow(dim, 0, kept)?.pad_with_zeros(dim, p, p.saturating_sub(rest))?;
    }
    Ok((framed.contiguous()?, 0))
}

/// Takes padding off both ends of a transposed convolution's whole result, and adds to the second.
fn framed_result(y: &Tensor, dim: usize, (padding, output_padding): (usize, usize)) -> Result<Tensor> {
    let len = y.dim(dim)? - 2 * padding + output_padding;
    y.pad_with_zeros(dim, 0, output_padding.saturating_sub(padding))?.narrow(dim, padding, len)?.contiguous()
}

/// Zeros between the slices along `dim`, which are `step` apart then.
fn spread(x: &Tensor, dim: usize, step: usize) -> Result<Tensor> {
    if step == 1 {
        return Ok(x.clone());
    }
    let (mut dims, len) = (x.dims().to_vec(), x.dim(dim)?);
    dims[dim] = len * step;
    let apart = x.unsqueeze(dim + 1)?.pad_with_zeros(dim + 1, 0, step - 1)?.reshape(dims)?;
    apart.narrow(dim, 0, (len - 1) * step + 1)?.contiguous()
}

/// Every `step`-th slice along `dim`.
fn every(x: &Tensor, dim: usize, step: usize) -> Result<Tensor> {
    if step == 1 {
        return Ok(x.clone());
    }
    let indices: Vec<u32> = (0..x.dim(dim)? as u32).step_by(step).collect();
    let len = indices.len();
    x.contiguous()?.index_select(&Tensor::from_vec(indices, len, x.device())?, dim)
}
