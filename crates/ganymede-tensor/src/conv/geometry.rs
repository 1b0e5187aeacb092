//! Sizes, from shapes that are checked.

use candle_core::{Result, Tensor, bail};
use ganymede_kernels::{ConvConfig, Geometry};

fn check(op: &str, x: &Tensor, w: &Tensor, cfg: &ConvConfig) -> Result<()> {
    if x.dtype() != w.dtype() {
        bail!("{op}: image is {:?}, weight is {:?}", x.dtype(), w.dtype())
    }
    if cfg.stride.contains(&0) || cfg.dilation.contains(&0) || cfg.groups == 0 {
        bail!("{op}: stride, dilation and groups must be at least 1, got {cfg:?}")
    }
    if x.rank() != 4 || w.rank() != 4 {
        bail!(
            "{op}: expected image (N, C, H, W) and a weight of rank 4, got {:?} and {:?}",
            x.dims(),
            w.dims()
        )
    }
    if w.dims()[2..].contains(&0) {
        bail!("{op}: the kernel {:?} is empty", w.dims())
    }
    Ok(())
}

pub(super) fn conv_geometry(x: &Tensor, w: &Tensor, cfg: ConvConfig) -> Result<Geometry> {
    check("conv2d", x, w, &cfg)?;
    let (n, c, h, width) = x.dims4()?;
    let (o, per_group, kh, kw) = w.dims4()?;
    if per_group * cfg.groups != c || o % cfg.groups != 0 {
        bail!("conv2d: image {:?} and weight {:?} do not fit for {} groups", x.dims(), w.dims(), cfg.groups)
    }
    let size = |len: usize, k: usize, axis: usize| {
        let (padded, reach) = (len + 2 * cfg.padding[axis], cfg.dilation[axis] * (k - 1) + 1);
        match padded.checked_sub(reach) {
            Some(room) => Ok(room / cfg.stride[axis] + 1),
            None => bail!("conv2d: kernel {:?} is larger than image {:?} with {cfg:?}", w.dims(), x.dims()),
        }
    };
    let (oh, ow) = (size(h, kh, 0)?, size(width, kw, 1)?);
    Ok(Geometry { n, c, h, w: width, o, kh, kw, oh, ow, cfg })
}

/// The geometry of the convolution whose gradient in the image is the transposed convolution.
pub(super) fn transposed_geometry(
    x: &Tensor,
    w: &Tensor,
    cfg: ConvConfig,
    output_padding: [usize; 2],
) -> Result<Geometry> {
    check("conv_transpose2d", x, w, &cfg)?;
    let (n, o, oh, ow) = x.dims4()?;
    let (w_in, per_group, kh, kw) = w.dims4()?;
    if w_in != o || o % cfg.groups != 0 {
        bail!(
            "conv_transpose2d: image {:?} and weight {:?} do not fit for {} groups",
            x.dims(),
            w.dims(),
            cfg.groups
        )
    }
    let size = |len: usize, k: usize, axis: usize| {
        if output_padding[axis] >= cfg.stride[axis].max(cfg.dilation[axis]) {
            bail!(
                "conv_transpose2d: output_padding {output_padding:?} must be smaller than stride or dilation"
            )
        }
        let full =
            (len.max(1) - 1) * cfg.stride[axis] + cfg.dilation[axis] * (k - 1) + output_padding[axis] + 1;
        match full.checked_sub(2 * cfg.padding[axis]) {
            Some(size) if size > 0 => Ok(size),
            _ => bail!("conv_transpose2d: {cfg:?} leaves nothing of image {:?}", x.dims()),
        }
    };
    let (h, width) = (size(oh, kh, 0)?, size(ow, kw, 1)?);
    Ok(Geometry { n, c: per_group * cfg.groups, h, w: width, o, kh, kw, oh, ow, cfg })
}
