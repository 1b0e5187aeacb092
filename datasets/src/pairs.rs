//! An image beside each sample: from files, or made of the sample.

mod downsampled;
mod edges;
mod given;
mod stored;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use crate::conditioned::{Conditioned, Conditions};
use crate::dataset::{Dataset, ImageSet};
use crate::error::DatasetError;
use crate::open::Opened;
use crate::options::{OpenOptions, Pairs};
use crate::raw::check_memory;
use crate::vectors::Vectors;

pub use given::open_conditions;
pub(crate) use stored::open;

/// Data with what `options` say is known besides; those with stored pairs have it already.
pub(crate) fn with_conditions(mut opened: Opened, options: &OpenOptions) -> Result<Opened, DatasetError> {
    let conditions = match (&options.vectors, options.pairs) {
        (None, None | Some(Pairs::Folders(_) | Pairs::SideBySide(_))) => return Ok(opened),
        (Some(path), _) => Conditions::Vectors(vectors(path, &opened, options)?),
        (None, Some(Pairs::Edges)) => Conditions::Images(edges::edges(opened.dataset.as_ref(), options)?),
        (None, Some(Pairs::Downsampled { factor })) => {
            Conditions::Images(downsampled::downsampled(opened.dataset.as_ref(), factor, options)?)
        }
    };
    opened.dataset = Arc::new(Conditioned::new(opened.dataset, conditions)?);
    Ok(opened)
}

fn vectors(path: &Path, opened: &Opened, options: &OpenOptions) -> Result<Vectors, DatasetError> {
    let (name, images) = (opened.dataset.name(), opened.dataset.len());
    image_shape(opened.dataset.as_ref(), "vectors")?;
    let vectors = Vectors::open(path, options.max_memory_bytes)?;
    if vectors.len() != images {
        let skipped = match opened.skipped.len() {
            0 => String::new(),
            n => format!("; {n} of its files cannot be used and are left out"),
        };
        let shape = [vectors.len(), vectors.dim()];
        let reason = format!("it holds vectors {shape:?}, and `{name}` has {images} images{skipped}");
        return Err(DatasetError::bad_file(path, reason, "give one row an image, in the data set's order"));
    }
    Ok(vectors)
}

/// `[C, H, W]`, of data that have it.
fn image_shape(data: &dyn Dataset, option: &'static str) -> Result<[usize; 3], DatasetError> {
    data.shape().try_into().map_err(|_| DatasetError::BadOption {
        option,
        value: format!("given for `{}`, whose samples have the shape {:?}", data.name(), data.shape()),
        fix: "only images can have it: leave it out".into(),
    })
}

/// An image made of each sample, whose bytes `make` gets C H W and gives back in `shape`.
fn made(
    data: &dyn Dataset,
    shape: [usize; 3],
    options: &OpenOptions,
    make: impl Fn(Vec<u8>) -> Vec<u8> + Sync,
) -> Result<ImageSet, DatasetError> {
    check_memory(Path::new(data.name()), data.len(), shape, options)?;
    let one = |index| -> Result<Vec<u8>, DatasetError> {
        let mut bytes = vec![0; data.shape().iter().product()];
        data.read_bytes(index, &mut bytes)?;
        Ok(make(bytes))
    };
    let images = (0..data.len()).into_par_iter().map(one).collect::<Result<Vec<_>, _>>()?;
    ImageSet::new(data.name(), shape, images.concat(), None)
}
