//! Padding and rearranging pixels.

use candle_core::{Result, Tensor, bail};

/// Surrounds images by zeros: `sides` are top, bottom, left, right.
///
/// # Errors
/// `x` is not of rank 4.
pub fn pad2d(x: &Tensor, sides: [usize; 4]) -> Result<Tensor> {
    let [top, bottom, left, right] = sides;
    x.dims4()?;
    x.pad_with_zeros(2, top, bottom)?.pad_with_zeros(3, left, right)
}

/// Surrounds images by their mirror image, the edge itself not repeated (PyTorch's `reflect`):
/// `sides` are top, bottom, left, right.
///
/// # Errors
/// `x` is not of rank 4, or a side is not smaller than the image.
pub fn pad2d_reflect(x: &Tensor, sides: [usize; 4]) -> Result<Tensor> {
    let [top, bottom, left, right] = sides;
    let (_, _, h, w) = x.dims4()?;
    if top.max(bottom) >= h || left.max(right) >= w {
        bail!("pad2d_reflect: {sides:?} must be smaller than the image {:?}", x.dims())
    }
    let rows = mirror(h, top, bottom);
    let cols = mirror(w, left, right);
    let pick = |x: &Tensor, indices: Vec<u32>, dim: usize| {
        let len = indices.len();
        x.contiguous()?.index_select(&Tensor::from_vec(indices, len, x.device())?, dim)
    };
    pick(&pick(x, rows, 2)?, cols, 3)
}

fn mirror(len: usize, before: usize, after: usize) -> Vec<u32> {
    let inside = 0..len;
    (1..=before).rev().chain(inside).chain((0..after).map(|i| len - 2 - i)).map(|i| i as u32).collect()
}

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
