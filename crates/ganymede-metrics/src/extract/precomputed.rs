//! Rows of features that another program computed.

use std::path::{Path, PathBuf};

use ganymede_tensor::{DType, Device, load_weights};
use ndarray::Array2;

use crate::weights::FileHash;
use crate::{MetricError, Result};

mod npy;
#[cfg(test)]
mod tests;

/// Rows of features from a file: what `--extractor FILE` measures.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FeatureFile {
    /// `file:` and the name of the file: numbers of it are called by that name.
    pub id: String,
    /// SHA-256 of the file's content, in hexadecimal.
    pub sha256: String,
    /// The features `(N, D)`, both at least 1, all finite.
    pub rows: Array2<f32>,
}

impl FeatureFile {
    /// Reads `(N, D)` numbers: f16, f32 or f64 of an `.npy` file, also of bf16 of a safetensors
    /// file. f64 is rounded to f32. A safetensors file holds one tensor, or one called `features`.
    ///
    /// Nothing is executed (an `.npy` file of Python objects is refused), and memory is bounded by
    /// a small multiple of the file's size, whatever its header says.
    ///
    /// # Errors
    /// The file cannot be read or is of another kind; the array is not of two dimensions or is
    /// empty; a number is not finite, and row and column are named.
    pub fn read(path: &Path) -> Result<Self> {
        let hash = FileHash::start(path);
        let is_npy = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        let rows = if is_npy { npy::read(path)? } else { from_tensors(path)? };
        if rows.is_empty() {
            return Err(file_error(path, format!("has {} rows of {} features", rows.nrows(), rows.ncols())));
        }
        if let Some(((row, column), value)) = rows.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let what = path.display().to_string();
            return Err(MetricError::NotFinite { what, row, column, value: *value });
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self { id: format!("file:{name}"), sha256: hash.get()?.to_owned(), rows })
    }
}

fn file_error(path: &Path, reason: String) -> MetricError {
    MetricError::File { path: PathBuf::from(path), reason }
}

fn from_tensors(path: &Path) -> Result<Array2<f32>> {
    let mut tensors = load_weights(path, None, &Device::Cpu)?;
    let name = match tensors.len() {
        1 => tensors.keys().next().cloned().unwrap_or_default(),
        _ => "features".to_string(),
    };
    let Some(tensor) = tensors.remove(&name) else {
        let names: Vec<_> = tensors.keys().take(5).collect();
        let reason = format!("has {} tensors ({names:?}), none of them called \"features\"", tensors.len());
        return Err(file_error(path, reason));
    };
    let floats = [DType::F16, DType::BF16, DType::F32, DType::F64];
    let (&[n, d], true) = (tensor.dims(), floats.contains(&tensor.dtype())) else {
        let (shape, dtype) = (tensor.dims(), tensor.dtype());
        let reason =
            format!("tensor {name:?} is {dtype:?} of shape {shape:?}, expected floats of shape (N, D)");
        return Err(file_error(path, reason));
    };
    let data = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    Ok(Array2::from_shape_vec((n, d), data).expect("a tensor has as many numbers as its shape"))
}
