//! Pixels that were kept as rows of features.

use ganymede_metrics::{DrawnImages, ImageSource, MetricError};
use ndarray::{Array4, ArrayView2};

/// Images `(N, C·H·W)` of grey levels. A run draws no samples of its samples: all of them are looked at.
pub(super) struct PixelRows<'a> {
    pub(super) rows: ArrayView2<'a, f32>,
    pub(super) shape: [usize; 3],
}

impl ImageSource for PixelRows<'_> {
    fn size(&self) -> Option<(u32, u32)> {
        let [_, height, width] = self.shape;
        (self.rows.nrows() > 0).then_some((width as u32, height as u32))
    }

    fn draw(&self, _: (u32, u32), _: usize, _: u64) -> Result<DrawnImages, MetricError> {
        let ([c, h, w], n) = (self.shape, self.rows.nrows());
        let images = Array4::from_shape_vec((n, c, h, w), self.rows.iter().copied().collect());
        let images = images.map_err(|error| MetricError::Invalid(format!("pixels of images: {error}")))?;
        Ok(DrawnImages { images, of: n })
    }
}
