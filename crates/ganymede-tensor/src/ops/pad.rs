//! Padding, from plain operations on every device.

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
