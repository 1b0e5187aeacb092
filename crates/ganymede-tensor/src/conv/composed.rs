//! Convolution by candle's own operations, for devices other than the CPU.
//!
//! They know one stride, padding and dilation for both axes: padding is laid on beforehand, and
//! strides that differ are taken from a result of stride 1.

use candle_core::{Result, Tensor, bail};

use super::ConvConfig;

pub(super) fn conv2d(x: &Tensor, w: &Tensor, cfg: ConvConfig) -> Result<Tensor> {
    let dilation = equal("conv2d", "dilation", cfg.dilation)?;
    let [ph, pw] = cfg.padding;
    let (x, padding) =
        if ph == pw { (x.clone(), ph) } else { (x.pad_with_zeros(2, ph, ph)?.pad_with_zeros(3, pw, pw)?, 0) };
    let [sh, sw] = cfg.stride;
    if sh == sw {
        return x.conv2d(w, padding, sh, dilation, cfg.groups);
    }
    let dense = x.conv2d(w, padding, 1, dilation, cfg.groups)?;
    every(&every(&dense, 2, sh)?, 3, sw)
}

pub(super) fn conv_transpose2d(
    x: &Tensor,
    w: &Tensor,
    cfg: ConvConfig,
    output_padding: [usize; 2],
) -> Result<Tensor> {
    let op = "conv_transpose2d";
    let dilation = equal(op, "dilation", cfg.dilation)?;
    let stride = equal(op, "stride", cfg.stride)?;
    let padding = equal(op, "padding", cfg.padding)?;
    let output_padding = equal(op, "output padding", output_padding)?;
    let one = |x: &Tensor, w: &Tensor| x.conv_transpose2d(w, padding, output_padding, stride, dilation);
    if cfg.groups == 1 {
        return one(x, w);
    }
    let (x, w) = (x.chunk(cfg.groups, 1)?, w.chunk(cfg.groups, 0)?);
    let parts = x.iter().zip(&w).map(|(x, w)| one(&x.contiguous()?, w)).collect::<Result<Vec<_>>>()?;
    Tensor::cat(&parts, 1)
}

fn equal(op: &str, what: &str, [a, b]: [usize; 2]) -> Result<usize> {
    if a != b {
        bail!("{op}: on this device the {what} must be the same on both axes, got {a} and {b}")
    }
    Ok(a)
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
