//! Data of which more is known: a vector or an image beside each sample.

use std::sync::{Arc, OnceLock};

use ganymede_files::Digest;

use crate::dataset::{Dataset, ImageSet};
use crate::error::DatasetError;
use crate::vectors::Vectors;

/// What is known of each sample, in the order of the samples.
#[derive(Debug)]
pub enum Conditions {
    /// A vector each.
    Vectors(Vectors),
    /// An image each, of the samples' height and width.
    Images(ImageSet),
}

impl Conditions {
    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        match self {
            Self::Vectors(vectors) => vectors.len(),
            Self::Images(images) => images.len(),
        }
    }

    /// The shape of one: `[D]` or `[C, H, W]`.
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Self::Vectors(vectors) => vec![vectors.dim()],
            Self::Images(images) => images.shape().to_vec(),
        }
    }

    /// Writes number `index` into `out`, whose length is the product of the shape.
    ///
    /// # Errors
    /// [`DatasetError::Index`] and [`DatasetError::BufferLength`].
    pub fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        let vectors = match self {
            Self::Images(images) => return images.read(index, out),
            Self::Vectors(vectors) => vectors,
        };
        let (name, expected) = ("vectors".to_owned(), vectors.dim());
        match vectors.row(index) {
            None => Err(DatasetError::Index { name, index, len: vectors.len() }),
            Some(row) if row.len() != out.len() => {
                Err(DatasetError::BufferLength { name, expected, got: out.len() })
            }
            Some(row) => {
                out.copy_from_slice(row);
                Ok(())
            }
        }
    }
}

/// A data set with a condition beside each sample.
///
/// It takes the place of classes: there are no labels here, also where the data have some.
///
/// ```
/// use std::sync::Arc;
/// use ganymede_datasets::{Conditioned, Conditions, Dataset, ImageSet};
/// // Two images of one pixel, each beside its negative.
/// let images = ImageSet::new("pixels", [1, 1, 1], vec![0, 255], None)?;
/// let negatives = ImageSet::new("negatives", [1, 1, 1], vec![255, 0], None)?;
/// let set = Conditioned::new(Arc::new(images), Conditions::Images(negatives))?;
/// let mut known = [0.0];
/// set.read_condition(0, &mut known)?;
/// assert_eq!((set.condition_shape(), known), (Some(&[1, 1, 1][..]), [1.0]));
/// # Ok::<(), ganymede_datasets::DatasetError>(())
/// ```
pub struct Conditioned {
    data: Arc<dyn Dataset>,
    conditions: Conditions,
    shape: Vec<usize>,
    hash: OnceLock<String>,
}

impl std::fmt::Debug for Conditioned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conditioned").field("name", &self.name()).field("condition", &self.shape).finish()
    }
}

impl Conditioned {
    /// Samples, and what is known of each.
    ///
    /// # Errors
    /// [`DatasetError::BadOption`] unless there is a condition for each sample, and unless images are of the height and
    /// width of samples that are images.
    pub fn new(data: Arc<dyn Dataset>, conditions: Conditions) -> Result<Self, DatasetError> {
        let (count, shape) = (conditions.len(), conditions.shape());
        let bad = |value: String, fix: String| DatasetError::BadOption { option: "conditions", value, fix };
        if count != data.len() {
            let fix = format!("give one for each of the {} samples of `{}`", data.len(), data.name());
            return Err(bad(format!("{count} of shape {shape:?}"), fix));
        }
        if shape.len() == 3 && data.shape().get(1..) != shape.get(1..) {
            let fix = format!("give images of the height and width of the samples, {:?}", data.shape());
            return Err(bad(format!("images of shape {shape:?}"), fix));
        }
        Ok(Self { data, conditions, shape, hash: OnceLock::new() })
    }
}

impl Dataset for Conditioned {
    fn name(&self) -> &str {
        self.data.name()
    }

    fn len(&self) -> usize {
        self.data.len()
    }

    fn shape(&self) -> &[usize] {
        self.data.shape()
    }

    fn class_names(&self) -> &[String] {
        &[]
    }

    fn label(&self, _index: usize) -> Option<u32> {
        None
    }

    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        self.data.read(index, out)
    }

    fn read_bytes(&self, index: usize, out: &mut [u8]) -> Result<(), DatasetError> {
        self.data.read_bytes(index, out)
    }

    fn content_hash(&self) -> String {
        let compute = || {
            let mut digest = Digest::new("conditioned");
            digest.bytes(self.data.content_hash().as_bytes());
            match &self.conditions {
                Conditions::Vectors(vectors) => {
                    digest.bytes(b"vectors");
                    digest.number(vectors.dim() as u64);
                    for row in vectors.rows() {
                        digest.bytes(&row.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
                    }
                }
                Conditions::Images(images) => {
                    digest.bytes(b"images");
                    digest.bytes(images.content_hash().as_bytes());
                }
            }
            digest.hex()
        };
        self.hash.get_or_init(compute).clone()
    }

    fn condition_shape(&self) -> Option<&[usize]> {
        Some(&self.shape)
    }

    fn read_condition(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        self.conditions.read(index, out)
    }
}

#[cfg(test)]
mod tests;
