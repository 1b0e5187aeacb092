//! Images read at points between their pixels.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor, bail};
use ganymede_kernels::sample::Sampling;

/// Bilinear values of `x` `(N, C, H, W)` at the points of `grid` `(N, H', W', 2)`: `(N, C, H', W')`.
///
/// A point is (x, y). −1 is the left or upper edge of the image and 1 the other; pixel `i` of W lies at
/// `(2i + 1)/W − 1`. Outside the image is 0: PyTorch's `grid_sample` with `padding_mode="zeros"` and
/// `align_corners=False`. A coordinate that is not finite gives NaN.
///
/// It is linear in the image, and exact to any order there. The grid is a constant: PyTorch differentiates in it,
/// and warping whose parameters are learned needs that; this operation refuses a grid that is tracked.
/// [`affine_grid`](crate::affine_grid) makes one.
///
/// # Errors
/// Shapes or dtypes do not agree; the image or the grid is empty; the grid is tracked by a graph.
pub fn grid_sample(x: &Tensor, grid: &Tensor) -> Result<Tensor> {
    let sampling = sampling(x, grid)?;
    if grid.track_op() {
        bail!("grid_sample: the grid is tracked, and has no gradient here; detach it if none is wanted")
    }
    if x.device().is_cpu() { cpu::grid_sample(x, grid, sampling) } else { composed::grid_sample(x, grid) }
}

fn sampling(x: &Tensor, grid: &Tensor) -> Result<Sampling> {
    let ((n, c, h, w), (images, oh, ow, two)) = (x.dims4()?, grid.dims4()?);
    if images != n || two != 2 || x.dtype() != grid.dtype() {
        bail!(
            "grid_sample: image {:?} of {:?} and grid {:?} of {:?} do not fit: (N, C, H, W) and (N, H', W', 2) expected",
            x.dims(),
            x.dtype(),
            grid.dims(),
            grid.dtype()
        )
    }
    if h * w == 0 || oh * ow == 0 {
        bail!("grid_sample: image {:?} or grid {:?} is empty", x.dims(), grid.dims())
    }
    Ok(Sampling { n, c, h, w, oh, ow })
}

#[cfg(test)]
mod tests;
