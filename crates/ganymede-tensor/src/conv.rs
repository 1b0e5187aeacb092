//! Convolution that is closed under differentiation.
//!
//! A convolution is bilinear in image and weight, and so are its two gradients; the gradient of
//! each of the three is written with the other two. They therefore differentiate to any order.
//! On the CPU they run on kernels of our own; on other devices on candle's operations.

use candle_core::{Result, Tensor, bail};

use crate::kernels::conv::Geometry;

mod fallback;
mod inference;
mod ops;

pub use inference::conv2d_bias_relu;

/// How a convolution slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvConfig {
    /// Distance between the positions of the kernel, vertical and horizontal.
    pub stride: [usize; 2],
    /// Rows and columns of zeros on each side.
    pub padding: [usize; 2],
    /// Distance between the taps of the kernel.
    pub dilation: [usize; 2],
    /// Groups of channels that do not see each other.
    pub groups: usize,
}

impl Default for ConvConfig {
    fn default() -> Self {
        Self { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 }
    }
}

/// Cross-correlation of images with a weight, as PyTorch's `conv2d` without bias.
///
/// `x` is `(N, C, H, W)`, `w` is `(O, C/groups, KH, KW)`; the result is `(N, O, OH, OW)` with
/// `OH = (H + 2·padding − dilation·(KH − 1) − 1)/stride + 1`, rounded down.
///
/// # Errors
/// Shapes or dtypes do not agree, the kernel is larger than the padded image, or a stride,
/// dilation or group count is 0.
pub fn conv2d(x: &Tensor, w: &Tensor, cfg: ConvConfig) -> Result<Tensor> {
    let g = conv_geometry(x, w, cfg)?;
    if x.device().is_cpu() {
        x.contiguous()?.apply_op2(&w.contiguous()?, ops::Forward(g))
    } else {
        fallback::conv2d(x, w, cfg)
    }
}

/// Transposed convolution, as PyTorch's `conv_transpose2d` without bias: the gradient of
/// [`conv2d`] in its image.
///
/// `x` is `(N, I, H, W)`, `w` is `(I, O/groups, KH, KW)`; the result is `(N, O, OH, OW)` with
/// `OH = (H − 1)·stride − 2·padding + dilation·(KH − 1) + output_padding + 1`.
///
/// # Errors
/// As [`conv2d`]; an `output_padding` that is not smaller than stride or dilation.
pub fn conv_transpose2d(
    x: &Tensor,
    w: &Tensor,
    cfg: ConvConfig,
    output_padding: [usize; 2],
) -> Result<Tensor> {
    let g = transposed_geometry(x, w, cfg, output_padding)?;
    if x.device().is_cpu() {
        x.contiguous()?.apply_op2(&w.contiguous()?, ops::InputGradient(g))
    } else {
        fallback::conv_transpose2d(x, w, cfg, output_padding)
    }
}

/// The gradient of [`conv2d`] in its weight: for images `x` `(N, C, H, W)` and the gradient `dy`
/// `(N, O, OH, OW)` of the result, that of a weight of `(O, C/groups, KH, KW)`, whose `kernel` is `[KH, KW]`.
///
/// It is bilinear, and differentiable to any order, like the other two.
///
/// # Errors
/// As [`conv2d`]; `dy` has another shape than the convolution of `x` with such a weight.
pub fn conv2d_weight_gradient(
    x: &Tensor,
    dy: &Tensor,
    kernel: [usize; 2],
    cfg: ConvConfig,
) -> Result<Tensor> {
    const OP: &str = "conv2d_weight_gradient";
    let ((_, c, _, _), (_, o, _, _)) = (x.dims4()?, dy.dims4()?);
    let weight = Tensor::zeros((o, c / cfg.groups.max(1), 1, 1), x.dtype(), x.device())?;
    let weight = weight.broadcast_as((o, c / cfg.groups.max(1), kernel[0], kernel[1]))?;
    let g = conv_geometry(x, &weight, cfg)?;
    if dy.dims() != [g.n, g.o, g.oh, g.ow] || dy.dtype() != x.dtype() {
        bail!(
            "{OP}: the gradient is {:?} of {:?}, expected {:?}",
            dy.dims(),
            dy.dtype(),
            [g.n, g.o, g.oh, g.ow]
        )
    }
    if !x.device().is_cpu() {
        let weight = candle_core::Var::from_tensor(&weight.contiguous()?)?;
        let y = (fallback::conv2d(x, &weight, cfg)? * dy)?.sum_all()?;
        return Ok(crate::grad(&y, &[weight.as_tensor()], crate::Graph::Create)?.remove(0));
    }
    x.contiguous()?.apply_op2(&dy.contiguous()?, ops::WeightGradient(g))
}

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

fn conv_geometry(x: &Tensor, w: &Tensor, cfg: ConvConfig) -> Result<Geometry> {
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
fn transposed_geometry(
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

#[cfg(test)]
mod tests;
