//! Doubling and halving of images through the filter \[1 3 3 1\] along each axis, with zeros around the image: what
//! StyleGAN's code calls `upsample2d` and `downsample2d` with that filter.

use ganymede_tensor::{ConvConfig, Result, Tensor, conv_transpose2d, conv2d};

const TAPS: [f64; 4] = [1.0, 3.0, 3.0, 1.0];
const TWOFOLD: ConvConfig = ConvConfig { stride: [2; 2], padding: [1; 2], dilation: [1; 2], groups: 1 };

/// The filter in both axes, whose weights add up to `total`.
fn filter(total: f64, like: &Tensor) -> Result<Tensor> {
    let sum: f64 = TAPS.iter().sum();
    let values: Vec<f64> = TAPS.iter().flat_map(|a| TAPS.map(|b| total * a * b / (sum * sum))).collect();
    Tensor::from_vec(values, (1, 1, 4, 4), like.device())?.to_dtype(like.dtype())
}

/// Each channel as an image of its own.
fn apart(x: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    x.contiguous()?.reshape((n * c, 1, h, w))
}

/// `(N, C, H, W)` to `(N, C, 2H, 2W)`: bilinear but at the border.
pub(crate) fn filtered_upsample(x: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    conv_transpose2d(&apart(x)?, &filter(4.0, x)?, TWOFOLD, [0; 2])?.reshape((n, c, 2 * h, 2 * w))
}

/// `(N, C, H, W)` to `(N, C, H/2, W/2)`.
pub(crate) fn filtered_downsample(x: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    conv2d(&apart(x)?, &filter(1.0, x)?, TWOFOLD)?.reshape((n, c, h / 2, w / 2))
}
