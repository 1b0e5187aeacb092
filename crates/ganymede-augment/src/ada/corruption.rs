//! Noise and cutout.

use ganymede_tensor::{Result, Tensor};

use crate::host;

/// The sides of the rectangle as shares of those of the image.
const CUTOUT_SIZE: f64 = 0.5;

/// Adds `noise`, one number for each value, times the deviation of each image.
pub(super) fn add_noise(images: &Tensor, noise: &[f64], deviations: &[f64]) -> Result<Tensor> {
    let noise = host::tensor(noise.to_vec(), images.shape(), images)?;
    images + noise.broadcast_mul(&host::per_sample(deviations, images)?)?
}

/// Makes a rectangle around each middle (x, y) 0, where there is one.
pub(super) fn cut_out(images: &Tensor, middles: &[Option<[f64; 2]>]) -> Result<Tensor> {
    let (_, _, h, w) = images.dims4()?;
    let is_near = |at: usize, side: usize, middle: f64| {
        ((at as f64 + 0.5) / side as f64 - middle).abs() < CUTOUT_SIZE / 2.0
    };
    let mut mask = vec![1.0; middles.len() * h * w];
    for (middle, image) in middles.iter().zip(mask.chunks_exact_mut(h * w)) {
        let Some([x, y]) = middle else { continue };
        let rows = image.chunks_exact_mut(w).enumerate().filter(|(row, _)| is_near(*row, h, *y));
        for (column, kept) in rows.flat_map(|(_, row)| row.iter_mut().enumerate()) {
            if is_near(column, w, *x) {
                *kept = 0.0;
            }
        }
    }
    images.broadcast_mul(&host::tensor(mask, (middles.len(), 1, h, w), images)?)
}
