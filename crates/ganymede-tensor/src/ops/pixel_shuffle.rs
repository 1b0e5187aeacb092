//! Channels as pixels, from plain operations on every device.

use candle_core::{Result, Tensor, bail};

/// Channels become pixels: `(N, C·r², H, W)` to `(N, C, H·r, W·r)`
/// (Shi et al., 2016, arXiv:1609.05158, eq. 4; PyTorch's order of channels).
///
/// # Errors
/// `x` is not of rank 4, or its channels are no multiple of `r²`.
pub fn pixel_shuffle(x: &Tensor, r: usize) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    if r == 0 || c % (r * r) != 0 {
        bail!("pixel_shuffle: {c} channels are no multiple of {r}²")
    }
    let split = x.reshape(&[n, c / (r * r), r, r, h, w][..])?;
    split.permute(vec![0, 1, 4, 2, 5, 3])?.contiguous()?.reshape((n, c / (r * r), h * r, w * r))
}

/// Pixels become channels: `(N, C, H·r, W·r)` to `(N, C·r², H, W)`, the inverse of
/// [`pixel_shuffle`].
///
/// # Errors
/// `x` is not of rank 4, or a side is no multiple of `r`.
pub fn pixel_unshuffle(x: &Tensor, r: usize) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    if r == 0 || h % r != 0 || w % r != 0 {
        bail!("pixel_unshuffle: image {:?} is no multiple of {r}", x.dims())
    }
    let split = x.reshape(&[n, c, h / r, r, w / r, r][..])?;
    split.permute(vec![0, 1, 3, 5, 2, 4])?.contiguous()?.reshape((n, c * r * r, h / r, w / r))
}
