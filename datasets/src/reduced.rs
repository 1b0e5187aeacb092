//! Data at a lower resolution, for networks that grow.

use std::sync::Arc;

use ganymede_files::Digest;

use crate::dataset::{Dataset, check_read, write_values};
use crate::error::DatasetError;
use crate::modes::Modes;

/// The same images at a lower resolution: the means of squares of pixels, computed when an image is read.
///
/// Each level is the mean of f × f levels of the whole image, rounded to the nearest of 256, and to the even one of two that
/// are equally near. These are the bytes that the data set tool of progressive growing writes for each of its stages (Karras
/// et al., 2018, arXiv:1710.10196): it halves an image in floats again and again, and rounds what it writes, not what it
/// goes on with. An image that is a condition is reduced by the same factor; classes and vectors stay, and so does the order, so that a [`Loader`] that is
/// [switched](crate::Loader::switch) to another resolution goes on with the same samples.
///
/// ```
/// use std::sync::Arc;
/// use ganymede_datasets::{Dataset, ImageSet, Reduced};
/// let set = ImageSet::new("two by two", [1, 2, 2], vec![0, 100, 200, 255], None)?;
/// let mut out = [0];
/// Reduced::new(Arc::new(set), 1)?.read_bytes(0, &mut out)?;
/// assert_eq!(out, [139]);
/// # Ok::<(), ganymede_datasets::DatasetError>(())
/// ```
///
/// [`Loader`]: crate::Loader
pub struct Reduced {
    whole: Arc<dyn Dataset>,
    factor: usize,
    shape: [usize; 3],
    condition_shape: Option<Vec<usize>>,
}

impl std::fmt::Debug for Reduced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reduced").field("name", &self.name()).field("shape", &self.shape).finish()
    }
}

impl Reduced {
    /// Images of `side` pixels in height, of as many fewer in width; the side of the data itself leaves them as they are.
    ///
    /// # Errors
    /// [`DatasetError::BadOption`] for samples that are no images, and for a side that does not divide theirs.
    pub fn new(whole: Arc<dyn Dataset>, side: usize) -> Result<Self, DatasetError> {
        let bad = |fix: String| DatasetError::BadOption { option: "side", value: side.to_string(), fix };
        let &[channels, height, width] = whole.shape() else {
            return Err(bad(format!("only images have one, and `{}` has none", whole.name())));
        };
        let factor = height.checked_div(side).unwrap_or(0);
        if factor == 0 || side * factor != height || !width.is_multiple_of(factor) {
            return Err(bad(format!("give one that divides {height} and {width}, the sides of the images")));
        }
        let condition_shape = whole.condition_shape().map(|shape| match *shape {
            // They have the height and the width of the samples.
            [channels, height, width] => vec![channels, height / factor, width / factor],
            _ => shape.to_vec(),
        });
        let shape = [channels, side, width / factor];
        Ok(Self { whole, factor, shape, condition_shape })
    }

    /// The data at their own resolution.
    pub fn whole(&self) -> &Arc<dyn Dataset> {
        &self.whole
    }
}

impl Dataset for Reduced {
    fn name(&self) -> &str {
        self.whole.name()
    }

    fn len(&self) -> usize {
        self.whole.len()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn class_names(&self) -> &[String] {
        self.whole.class_names()
    }

    fn label(&self, index: usize) -> Option<u32> {
        self.whole.label(index)
    }

    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        if self.factor == 1 {
            return self.whole.read(index, out);
        }
        let mut bytes = vec![0; out.len()];
        self.read_bytes(index, &mut bytes)?;
        write_values(&bytes, out);
        Ok(())
    }

    fn read_bytes(&self, index: usize, out: &mut [u8]) -> Result<(), DatasetError> {
        if self.factor == 1 {
            return self.whole.read_bytes(index, out);
        }
        check_read(self, index, out.len())?;
        let mut whole = vec![0; self.whole.shape().iter().product()];
        self.whole.read_bytes(index, &mut whole)?;
        reduce(&whole, self.shape[2] * self.factor, self.factor, out);
        Ok(())
    }

    /// Of the whole data and the side. What says which data a run was trained on is the hash of the whole.
    fn content_hash(&self) -> String {
        let mut digest = Digest::new("reduced");
        digest.bytes(self.whole.content_hash().as_bytes());
        digest.number(self.shape[1] as u64);
        digest.hex()
    }

    fn modes(&self) -> Option<&Modes> {
        self.whole.modes()
    }

    fn condition_shape(&self) -> Option<&[usize]> {
        self.condition_shape.as_deref()
    }

    fn read_condition(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        let (Some(&[channels, height, width]), Some(of_whole)) =
            (self.condition_shape(), self.whole.condition_shape())
        else {
            return self.whole.read_condition(index, out);
        };
        if self.factor == 1 {
            return self.whole.read_condition(index, out);
        }
        let expected = channels * height * width;
        if out.len() != expected {
            let (name, got) = (self.name().to_owned(), out.len());
            return Err(DatasetError::BufferLength { name, expected, got });
        }
        let mut values = vec![0.0; of_whole.iter().product()];
        self.whole.read_condition(index, &mut values)?;
        // Exact for values that came of bytes.
        let whole: Vec<u8> = values.into_iter().map(|x| ((x + 1.0) * 127.5).round() as u8).collect();
        let mut bytes = vec![0; expected];
        reduce(&whole, width * self.factor, self.factor, &mut bytes);
        write_values(&bytes, out);
        Ok(())
    }
}

/// The means of squares, rounded to the nearest level and to the even one of two; of several planes below one another,
/// whose heights are multiples of the factor.
fn reduce(planes: &[u8], width: usize, factor: usize, out: &mut [u8]) {
    let area = (factor * factor) as u32;
    let mut columns = vec![0u32; width];
    for (strip, means) in planes.chunks_exact(factor * width).zip(out.chunks_exact_mut(width / factor)) {
        // Down first: that goes many pixels at a time.
        columns.fill(0);
        for row in strip.chunks_exact(width) {
            columns.iter_mut().zip(row).for_each(|(sum, &level)| *sum += u32::from(level));
        }
        for (mean, sums) in means.iter_mut().zip(columns.chunks_exact(factor)) {
            *mean = rounded(sums.iter().sum(), area) as u8;
        }
    }
}

/// The quotient, rounded to the nearest whole number and to the even one of two.
fn rounded(sum: u32, area: u32) -> u32 {
    let (whole, twice) = (sum / area, sum % area * 2);
    whole + u32::from(twice > area || twice == area && whole % 2 == 1)
}

#[cfg(test)]
mod tests;
