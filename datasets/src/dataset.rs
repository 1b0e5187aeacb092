//! The trait that every data set implements, and its in-memory implementation for images.

use std::sync::OnceLock;

use ganymede_files::Digest;

use crate::error::DatasetError;
use crate::modes::Modes;

/// A fixed, ordered collection of samples: images in `[-1, 1]` or points in the plane.
///
/// Implementations are plain memory, a file that nobody changes or pure functions of the index, so that sample `i` is the
/// same on every call.
pub trait Dataset: Send + Sync {
    /// The name that it was opened by.
    fn name(&self) -> &str;

    /// The number of samples; at least 1.
    fn len(&self) -> usize;

    /// `false` for every data set that [`open`](crate::open) returns.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of one sample: `[C, H, W]` for images, `[2]` for points.
    fn shape(&self) -> &[usize];

    /// The names of the classes; empty when the samples have no labels.
    fn class_names(&self) -> &[String];

    /// The class of sample `index`, below `class_names().len()`; `None` out of range, and where there are no classes: all
    /// samples have one or none has.
    fn label(&self, index: usize) -> Option<u32>;

    /// Writes sample `index` into `out`, whose length is the product of [`Dataset::shape`].
    ///
    /// Images are in `[-1, 1]`, ordered C H W: a byte `v` becomes `v / 127.5 - 1`.
    ///
    /// # Errors
    /// [`DatasetError::Index`] and [`DatasetError::BufferLength`].
    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError>;

    /// Writes image `index` into `out` in 256 levels, C H W: those that [`Dataset::read`] was made of, or the nearest.
    ///
    /// # Errors
    /// As [`Dataset::read`].
    fn read_bytes(&self, index: usize, out: &mut [u8]) -> Result<(), DatasetError> {
        let mut values = vec![0.0; out.len()];
        self.read(index, &mut values)?;
        out.iter_mut().zip(values).for_each(|(byte, value)| *byte = ((value + 1.0) * 127.5).round() as u8);
        Ok(())
    }

    /// A SHA-256 over everything that a model can see (shape, values, labels, class names), in hex.
    ///
    /// Two data sets of equal hash train equally; the name and the place of the files do not count.
    fn content_hash(&self) -> String;

    /// The known modes of the distribution; `None` for all but some toys.
    fn modes(&self) -> Option<&Modes> {
        None
    }

    /// The shape of what is known of each sample besides: `[D]` of a vector, `[C, H, W]` of an image of the sample's
    /// height and width. `None` where nothing is known, or only the class.
    fn condition_shape(&self) -> Option<&[usize]> {
        None
    }

    /// Writes what is known of sample `index` into `out`, whose length is the product of
    /// [`Dataset::condition_shape`]. Images are in `[-1, 1]`, as samples are.
    ///
    /// # Errors
    /// [`DatasetError::Index`] and [`DatasetError::BufferLength`]; nothing is known of the samples.
    fn read_condition(&self, _index: usize, _out: &mut [f32]) -> Result<(), DatasetError> {
        Err(DatasetError::BadOption {
            option: "condition",
            value: format!("asked for, of `{}`", self.name()),
            fix: "nothing is known of its samples besides: open it with `vectors` or `pairs`".into(),
        })
    }
}

/// Checks that `index` exists and that a buffer has the length of one sample.
pub(crate) fn check_read(dataset: &dyn Dataset, index: usize, room: usize) -> Result<(), DatasetError> {
    let len = dataset.len();
    if index >= len {
        return Err(DatasetError::Index { name: dataset.name().to_owned(), index, len });
    }
    let expected: usize = dataset.shape().iter().product();
    if room != expected {
        let name = dataset.name().to_owned();
        return Err(DatasetError::BufferLength { name, expected, got: room });
    }
    Ok(())
}

/// Images of one size, held in memory as bytes.
///
/// ```
/// use ganymede_datasets::{Dataset, ImageSet};
/// // two grey images of 1 x 2 pixels
/// let set = ImageSet::new("tiny", [1, 1, 2], vec![0, 255, 255, 0], None)?;
/// let mut out = [0.0; 2];
/// set.read(0, &mut out)?;
/// assert_eq!(out, [-1.0, 1.0]);
/// # Ok::<(), ganymede_datasets::DatasetError>(())
/// ```
#[derive(Debug)]
pub struct ImageSet {
    name: String,
    shape: [usize; 3],
    len: usize,
    pixels: Vec<u8>,
    labels: Option<Labels>,
    hash: OnceLock<String>,
}

/// The class of each sample, and the classes' names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// One a sample, each below `names.len()`.
    pub classes: Vec<u32>,
    /// The classes' names.
    pub names: Vec<String>,
}

impl ImageSet {
    /// Images from their bytes, ordered N C H W.
    ///
    /// # Errors
    /// [`DatasetError::BadOption`] when a size is 0, when `pixels` is empty or not a whole number of
    /// images, or when the labels do not fit the images or their names.
    pub fn new(
        name: impl Into<String>,
        shape: [usize; 3],
        pixels: Vec<u8>,
        labels: Option<Labels>,
    ) -> Result<Self, DatasetError> {
        let image: usize = shape.iter().product();
        if image == 0 {
            return Err(DatasetError::BadOption {
                option: "shape",
                value: format!("{shape:?}"),
                fix: "each of C, H and W must be at least 1".into(),
            });
        }
        if pixels.is_empty() || !pixels.len().is_multiple_of(image) {
            return Err(DatasetError::BadOption {
                option: "pixels",
                value: format!("{} bytes", pixels.len()),
                fix: format!("give a whole number of images of {image} bytes, at least one"),
            });
        }
        let len = pixels.len() / image;
        if let Some(labels) = &labels {
            check_labels(labels, len)?;
        }
        Ok(Self { name: name.into(), shape, len, pixels, labels, hash: OnceLock::new() })
    }

    /// The bytes of image `index`, C H W; `None` when there is no such image.
    pub fn bytes(&self, index: usize) -> Option<&[u8]> {
        let image: usize = self.shape.iter().product();
        self.pixels.chunks_exact(image).nth(index)
    }

    /// The images of these numbers, in that order, without labels; each number is below the length.
    pub(crate) fn select(&self, numbers: &[usize]) -> Result<Self, DatasetError> {
        let image: usize = self.shape.iter().product();
        let pixels = numbers.iter().flat_map(|i| &self.pixels[i * image..(i + 1) * image]).copied().collect();
        Self::new(self.name.clone(), self.shape, pixels, None)
    }

    /// Of each image the columns from `first` on, `width` of them, without labels.
    pub(crate) fn columns(&self, first: usize, width: usize) -> Result<Self, DatasetError> {
        let [channels, height, all] = self.shape;
        let rows = self.pixels.chunks_exact(all).flat_map(|row| &row[first..first + width]);
        Self::new(self.name.clone(), [channels, height, width], rows.copied().collect(), None)
    }

    /// All bytes, N C H W.
    pub(crate) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The size of one image.
    pub(crate) fn image_shape(&self) -> [usize; 3] {
        self.shape
    }
}

/// Levels as values in [−1, 1].
pub(crate) fn write_values(bytes: &[u8], out: &mut [f32]) {
    for (value, &byte) in out.iter_mut().zip(bytes) {
        *value = f32::from(byte) / 127.5 - 1.0;
    }
}

/// The hash of so many images, which the pixels of all of them are to be fed to, one [`Digest::part`] after the other.
pub(crate) fn begin_hash(shape: [usize; 3], len: usize) -> Digest {
    let mut digest = Digest::new("images");
    shape.into_iter().for_each(|size| digest.number(size as u64));
    digest.number(shape.iter().fold(len as u64, |bytes, &size| bytes * size as u64));
    digest
}

/// The hash of images, after their pixels.
pub(crate) fn end_hash(mut digest: Digest, labels: Option<&Labels>) -> String {
    if let Some(labels) = labels {
        labels.classes.iter().for_each(|&label| digest.number(u64::from(label)));
        labels.names.iter().for_each(|name| digest.bytes(name.as_bytes()));
    }
    digest.hex()
}

fn check_labels(labels: &Labels, len: usize) -> Result<(), DatasetError> {
    if labels.classes.len() != len {
        return Err(DatasetError::BadOption {
            option: "labels",
            value: format!("{} labels", labels.classes.len()),
            fix: format!("give one for each of the {len} images"),
        });
    }
    let classes = labels.names.len();
    match labels.classes.iter().find(|&&label| label as usize >= classes) {
        Some(label) => Err(DatasetError::BadOption {
            option: "labels",
            value: label.to_string(),
            fix: format!("labels must be below {classes}, the number of class names"),
        }),
        None => Ok(()),
    }
}

impl Dataset for ImageSet {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> usize {
        self.len
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn class_names(&self) -> &[String] {
        self.labels.as_ref().map_or(&[], |labels| &labels.names)
    }

    fn label(&self, index: usize) -> Option<u32> {
        self.labels.as_ref()?.classes.get(index).copied()
    }

    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        check_read(self, index, out.len())?;
        let bytes = self.bytes(index).expect("the index was checked against the number of images");
        write_values(bytes, out);
        Ok(())
    }

    fn read_bytes(&self, index: usize, out: &mut [u8]) -> Result<(), DatasetError> {
        check_read(self, index, out.len())?;
        out.copy_from_slice(self.bytes(index).expect("the index was checked against the number of images"));
        Ok(())
    }

    fn content_hash(&self) -> String {
        let compute = || {
            let mut digest = begin_hash(self.shape, self.len);
            digest.part(&self.pixels);
            end_hash(digest, self.labels.as_ref())
        };
        self.hash.get_or_init(compute).clone()
    }
}

#[cfg(test)]
mod tests;
