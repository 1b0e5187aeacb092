//! Rows of features that another program computed.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ganymede_tensor::{DType, Device, load_weights};
use ndarray::Array2;

use crate::npy::{self, Element};
use crate::npz::Npz;
use crate::weights::FileHash;
use crate::{MetricError, Result};

#[cfg(test)]
mod tests;

/// Bytes that the features of an archive may unpack to.
const MAX_UNPACKED: u64 = 16 << 30;

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
    /// The same in f64, where the file has more than f32.
    pub wide: Option<Array2<f64>>,
}

impl FeatureFile {
    /// Reads `(N, D)` numbers: f16, f32 or f64 of an `.npy` file or of an `.npz` (under `features` or `arr_0`), in
    /// every form that NumPy writes, or of a safetensors or PyTorch file, which holds one tensor, or one called
    /// `features`, and may have bf16. f64 is rounded to f32, and kept beside it.
    ///
    /// Nothing is executed (arrays of Python objects are refused), and memory is bounded by
    /// a small multiple of the file's size, whatever its header says.
    ///
    /// # Errors
    /// The file cannot be read or is of another kind; the array is not of two dimensions or is
    /// empty; a number is not finite, and row and column are named.
    pub fn read(path: &Path) -> Result<Self> {
        let hash = FileHash::start(path);
        let has_suffix = |suffix: &str| path.extension().is_some_and(|e| e.eq_ignore_ascii_case(suffix));
        let (rows, wide) = match () {
            () if has_suffix("npy") || starts_with(path, npy::MAGIC) => from_npy(path)?,
            () if has_suffix("npz") => from_npz(path)?,
            () => from_tensors(path)?,
        };
        if rows.is_empty() {
            return Err(file_error(path, format!("has {} rows of {} features", rows.nrows(), rows.ncols())));
        }
        if let Some(((row, column), value)) = rows.indexed_iter().find(|(_, v)| !v.is_finite()) {
            let what = path.display().to_string();
            return Err(MetricError::NotFinite { what, row, column, value: *value });
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self { id: format!("file:{name}"), sha256: hash.get()?.to_owned(), rows, wide })
    }
}

fn starts_with(path: &Path, magic: &[u8]) -> bool {
    let mut head = vec![0; magic.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == magic
}

/// Features in f32, and in f64 where they came so.
type Numbers = (Array2<f32>, Option<Array2<f64>>);

fn from_npy(path: &Path) -> Result<Numbers> {
    let refuse = |reason: String| file_error(path, reason);
    let mut file = File::open(path).map_err(|source| MetricError::Io { path: path.to_path_buf(), source })?;
    let (header, _) = npy::read_header(&mut file).map_err(refuse)?;
    if !header.element.is_float() || header.shape.len() != 2 {
        return Err(refuse(format!("holds {header}; features are f2, f4 or f8 of shape (N, D)")));
    }
    let two = "its header has two dimensions";
    if header.element == Element::F64 {
        let numbers = npy::read_numbers(&mut file, &header, u64::MAX - 1, |x| x).map_err(refuse)?;
        return Ok(narrowed(numbers.into_dimensionality().expect(two)));
    }
    let numbers = npy::read_numbers(&mut file, &header, u64::MAX - 1, |x| x as f32).map_err(refuse)?;
    Ok((numbers.into_dimensionality().expect(two), None))
}

fn narrowed(wide: Array2<f64>) -> Numbers {
    let rows = wide.mapv(|x| x as f32);
    let is_narrow = rows.iter().zip(&wide).all(|(narrow, wide)| f64::from(*narrow) == *wide);
    (rows, (!is_narrow).then_some(wide))
}

fn from_npz(path: &Path) -> Result<Numbers> {
    let mut npz = Npz::open(path)?;
    let Some(entry) = npz.features() else { return Err(npz.error(npz.of_no_use())) };
    let key = entry.key.clone();
    let is_double = entry.header.as_ref().is_ok_and(|header| header.element == Element::F64);
    let two = "its header has two dimensions";
    if is_double {
        return Ok(narrowed(npz.read(&key, MAX_UNPACKED, |x| x)?.into_dimensionality().expect(two)));
    }
    Ok((npz.read(&key, MAX_UNPACKED, |x| x as f32)?.into_dimensionality().expect(two), None))
}

fn file_error(path: &Path, reason: String) -> MetricError {
    MetricError::File { path: PathBuf::from(path), reason }
}

fn from_tensors(path: &Path) -> Result<Numbers> {
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
    let all = "a tensor has as many numbers as its shape";
    if tensor.dtype() == DType::F64 {
        let data = tensor.flatten_all()?.to_vec1::<f64>()?;
        return Ok(narrowed(Array2::from_shape_vec((n, d), data).expect(all)));
    }
    let data = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    Ok((Array2::from_shape_vec((n, d), data).expect(all), None))
}
