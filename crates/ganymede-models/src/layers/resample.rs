//! Doubling and halving of images through the filter \[1 3 3 1\] along each axis, with zeros around the image: what
//! StyleGAN's code calls `upsample2d` and `downsample2d` with that filter.

use ganymede_tensor::{Filter, Result, Tensor, downsample2d, upsample2d};

const TAPS: [f64; 4] = [1.0, 3.0, 3.0, 1.0];

/// The filter, whose weights add up to 1.
pub(crate) fn filter() -> Result<Filter> {
    Filter::separable(&TAPS)
}

/// `(N, C, H, W)` to `(N, C, 2H, 2W)`: bilinear but at the border.
pub(crate) fn filtered_upsample(x: &Tensor) -> Result<Tensor> {
    upsample2d(x, &filter()?, 2)
}

/// `(N, C, H, W)` to `(N, C, H/2, W/2)`.
pub(crate) fn filtered_downsample(x: &Tensor) -> Result<Tensor> {
    downsample2d(x, &filter()?, 2)
}
