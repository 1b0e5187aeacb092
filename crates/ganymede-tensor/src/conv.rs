//! Convolution that is closed under differentiation.
//!
//! A convolution is bilinear in image and weight, and so are its two gradients; the gradient of
//! each of the three is written with the other two. They therefore differentiate to any order.
//! On the CPU they run on kernels of our own; on other devices on candle's operations.

use candle_core::{Result, Tensor, bail};
use ganymede_kernels::ConvConfig;

mod bias_relu;
pub(crate) mod composed;
pub(crate) mod cpu;
mod geometry;
mod product;

pub use bias_relu::conv2d_bias_relu;
use geometry::{conv_geometry, transposed_geometry};
pub use product::ConvProduct;
pub(crate) use product::Plan;

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
        x.contiguous()?.apply_op2(&w.contiguous()?, cpu::Forward(g))
    } else {
        composed::conv2d(x, w, cfg)
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
        x.contiguous()?.apply_op2(&w.contiguous()?, cpu::InputGradient(g))
    } else {
        composed::conv_transpose2d(x, w, cfg, output_padding)
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
        return composed::conv2d_weight_gradient(x, dy, &weight, cfg);
    }
    x.contiguous()?.apply_op2(&dy.contiguous()?, cpu::WeightGradient(g))
}

#[cfg(test)]
mod tests;
