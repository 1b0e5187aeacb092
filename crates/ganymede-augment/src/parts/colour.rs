//! Brightness, saturation, contrast.

use ganymede_tensor::{Result, Rng, Tensor};

use crate::host::per_sample;

/// For each image `x ← x + b`, then `x ← (x − m)·s + m` with m the mean of the channels at each pixel, then
/// `x ← (x − μ)·c + μ` with μ the mean of the image.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourDraws {
    /// b, in [−½, ½).
    pub brightness: Vec<f64>,
    /// s, in [0, 2).
    pub saturation: Vec<f64>,
    /// c, in [½, 1½).
    pub contrast: Vec<f64>,
}

impl ColourDraws {
    /// For `n` images.
    pub fn draw(n: usize, rng: &mut Rng) -> Self {
        let mut uniform = |scale: f64, from: f64| (0..n).map(|_| from + scale * rng.unit()).collect();
        Self { brightness: uniform(1.0, -0.5), saturation: uniform(2.0, 0.0), contrast: uniform(1.0, 0.5) }
    }

    /// The changed images `(N, C, H, W)`.
    ///
    /// # Errors
    /// The draws were made for another number of images.
    pub fn apply(&self, images: &Tensor) -> Result<Tensor> {
        let bright = images.broadcast_add(&per_sample(&self.brightness, images)?)?;
        let saturated = around(&bright, &bright.mean_keepdim(1)?, &self.saturation)?;
        around(&saturated, &saturated.mean_keepdim((1, 2, 3))?, &self.contrast)
    }
}

/// `(x − mean)·factor + mean`
fn around(x: &Tensor, mean: &Tensor, factors: &[f64]) -> Result<Tensor> {
    x.broadcast_sub(mean)?.broadcast_mul(&per_sample(factors, x)?)?.broadcast_add(mean)
}
