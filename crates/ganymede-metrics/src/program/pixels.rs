//! Images of a set, for measures of pixels.

use crate::{BatchOptions, DrawnImages, ImageSource, MetricError, Result};
use ndarray::Array4;

use super::source::Images;

/// Bytes of pixels that a set may take: as many images are drawn as fit.
const BUDGET: usize = 256 << 20;

impl ImageSource for Images {
    fn size(&self) -> Option<(u32, u32)> {
        self.report.sizes.iter().max_by_key(|(_, count)| **count).map(|(size, _)| *size)
    }

    fn draw(&self, (width, height): (u32, u32), limit: usize, seed: u64) -> Result<DrawnImages> {
        let channels = if self.report.grey == self.report.images { 1 } else { 3 };
        let shape = [channels, height as usize, width as usize];
        let fit = BUDGET / (4 * shape.iter().product::<usize>()).max(1);
        let mut data = Vec::new();
        for batch in self.draw_files(limit.min(fit.max(2)), seed).batches(&BatchOptions::new(shape))? {
            data.extend(batch?.images.flatten_all()?.to_vec1::<f32>()?);
        }
        let [c, h, w] = shape;
        let n = data.len() / (c * h * w);
        let images = Array4::from_shape_vec((n, c, h, w), data);
        let images = images.map_err(|error| MetricError::Invalid(format!("images of one size: {error}")))?;
        Ok(DrawnImages { images, of: self.files.len() })
    }
}
