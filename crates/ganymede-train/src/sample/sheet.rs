//! Pictures in rows and columns, as one file.

use std::path::Path;

use ganymede_tensor::Tensor;

use crate::error::TrainError;
use crate::pictures::{self, Pixels};

/// Pixels of the largest sheet: 400 MB in memory.
const MOST_PIXELS: usize = 1 << 27;

/// Images in rows of a picture that is no sample: small ones enlarged, as in every grid.
#[derive(Debug)]
pub struct PictureSheet {
    shape: [usize; 3],
    columns: usize,
    most: usize,
    images: Vec<Pixels>,
}

impl PictureSheet {
    /// For `rows` of `columns` images of `shape` `[C, H, W]`.
    ///
    /// # Errors
    /// The samples are no grey or colour images, or the picture would have more than 134 million pixels.
    pub fn new(shape: &[usize], rows: usize, columns: usize) -> Result<Self, TrainError> {
        let shape = check_size(shape, rows, columns)?;
        Ok(Self { shape, columns, most: rows * columns, images: Vec::new() })
    }

    /// Images `(N, C, H, W)` in [−1, 1] for the next places.
    ///
    /// # Errors
    /// They have another shape, or there is no place for so many.
    pub fn push(&mut self, images: &Tensor) -> Result<(), TrainError> {
        let is_fit = images.dims().get(1..) == Some(&self.shape[..]);
        if !is_fit || self.images.len() + images.dim(0)? > self.most {
            let (held, most, shape) = (self.images.len(), self.most, self.shape);
            let reason = format!(
                "a sheet of {most} images {shape:?} that has {held} has no place for {:?}",
                images.dims()
            );
            return Err(TrainError::Sample { reason });
        }
        self.images.extend(Pixels::of_batch(images)?);
        Ok(())
    }

    /// Leaves the next place white.
    pub fn skip(&mut self) {
        if self.images.len() < self.most {
            let [channels, height, width] = self.shape;
            self.images.push(Pixels::white(channels, height, width));
        }
    }

    /// Writes the PNG, at once or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), TrainError> {
        let images: Vec<&Pixels> = self.images.iter().collect();
        pictures::save_drawing(&pictures::grid(&images, Some(self.columns)), path)
    }
}

/// `[C, H, W]` of images, `rows` rows of `columns` of which make a picture that is not too large.
pub(super) fn check_size(shape: &[usize], rows: usize, columns: usize) -> Result<[usize; 3], TrainError> {
    let fail = |reason: String| Err(TrainError::Sample { reason });
    let &[channels @ (1 | 3), height, width] = shape else {
        return fail(format!(
            "samples of shape {shape:?} are no grey or colour images, of which pictures are made"
        ));
    };
    let (tile_height, tile_width) = pictures::tile(height, width);
    let pixels = [rows, columns, tile_height, tile_width].into_iter().try_fold(1usize, usize::checked_mul);
    if pixels.is_none_or(|pixels| pixels > MOST_PIXELS) {
        return fail(format!(
            "a picture of {rows} rows of {columns} images of {height}×{width} pixels is too large (more than {MOST_PIXELS} \
             pixels): ask for fewer, or leave it out with --no-grid"
        ));
    }
    Ok([channels, height, width])
}

#[cfg(test)]
mod tests;
