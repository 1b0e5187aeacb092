//! A part of the image, enlarged to its size.

use ganymede_tensor::{Result, Rng, Tensor, affine_grid, grid_sample};

use crate::host;

/// The smallest part as a share of each side.
const LEAST: f64 = 0.8;

/// Of each image a rectangle of its proportions, enlarged by bilinear interpolation.
#[derive(Clone, Debug, PartialEq)]
pub struct CropDraws {
    /// Side of the rectangle as a share of the image's, in [0.8, 1), then how far down and how far to the right it lies, in
    /// [0, 1) of the room that there is. Its outermost pixels become the image's.
    pub parts: Vec<[f64; 3]>,
}

impl CropDraws {
    /// For `n` images.
    pub fn draw(n: usize, rng: &mut Rng) -> Self {
        let mut part = || [LEAST + (1.0 - LEAST) * rng.unit(), rng.unit(), rng.unit()];
        Self { parts: (0..n).map(|_| part()).collect() }
    }

    /// The changed images `(N, C, H, W)`.
    ///
    /// # Errors
    /// The draws were made for another number of images.
    pub fn apply(&self, images: &Tensor) -> Result<Tensor> {
        let (_, _, h, w) = images.dims4()?;
        // Pixel centres go from the first to the last of the rectangle: nothing is read from outside.
        let middle = |share: f64, place: f64, side: usize| {
            (1.0 - share) * (2.0 * place - 1.0) * (side as f64 - 1.0) / side as f64
        };
        let rows = self.parts.iter().flat_map(|&[share, down, right]| {
            [share, 0.0, middle(share, right, w), 0.0, share, middle(share, down, h)]
        });
        let theta = host::tensor(rows.collect(), (self.parts.len(), 2, 3), images)?;
        grid_sample(images, &affine_grid(&theta, [h, w])?)
    }
}
