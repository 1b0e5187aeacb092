//! Vectors in files: one row a sample.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ganymede_files::npy;
use ganymede_tensor::{CheckpointError, DType, Device, TensorRows};

use crate::error::DatasetError;

/// The longest vector that is read.
pub const MOST_VECTOR: usize = 65_536;
/// The tensor of a safetensors file that holds several.
const NAME: &str = "vectors";
const AS_ROWS: &str = "save an array of shape (N, D), one row a sample, as float32";

/// Rows of D finite numbers each.
#[derive(Clone, Debug, PartialEq)]
pub struct Vectors {
    dim: usize,
    values: Vec<f32>,
}

impl Vectors {
    /// Reads `(N, D)` of f16, f32 or f64 from an `.npy` file, or from a safetensors file: its only tensor, or the one
    /// that is called `vectors`. What counts is the content, not the name of the file. Larger numbers than an f32 holds
    /// are infinite here, and refused.
    ///
    /// # Errors
    /// [`DatasetError::BadFile`] names the file, what it holds and what to do: another format, another number of axes,
    /// whole numbers, no rows, rows of no or of more than 65,536 numbers, more than `max_bytes` in f32, and numbers that
    /// are not finite. [`DatasetError::Io`] where it cannot be read.
    pub fn open(path: &Path, max_bytes: u64) -> Result<Self, DatasetError> {
        let mut file = File::open(path).map_err(DatasetError::io("read", path))?;
        let mut first = Vec::new();
        file.by_ref()
            .take(npy::MAGIC.len() as u64)
            .read_to_end(&mut first)
            .map_err(DatasetError::io("read", path))?;
        let (dim, values) = match first == npy::MAGIC {
            true => from_npy(path, &mut first.as_slice().chain(file), max_bytes)?,
            false => from_safetensors(path, max_bytes)?,
        };
        if let Some(at) = values.iter().position(|x| !x.is_finite()) {
            let (row, column) = (at / dim, at % dim);
            let reason = format!("number {column} of vector {row} is {} as an f32", values[at]);
            return Err(DatasetError::bad_file(path, reason, "give finite numbers"));
        }
        Ok(Self { dim, values })
    }

    /// Rows of `dim` finite numbers each, one behind the other.
    pub(crate) fn of_rows(dim: usize, values: Vec<f32>) -> Self {
        Self { dim, values }
    }

    /// Some of the rows, in that order; each number is below the length.
    pub(crate) fn select(&self, numbers: &[usize]) -> Self {
        let row = |number: &usize| &self.values[number * self.dim..(number + 1) * self.dim];
        Self { dim: self.dim, values: numbers.iter().flat_map(row).copied().collect() }
    }

    /// How many rows.
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Numbers in a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// A row; `None` where there are not so many.
    pub fn row(&self, index: usize) -> Option<&[f32]> {
        self.rows().nth(index)
    }

    /// All rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.dim)
    }
}

fn from_npy(path: &Path, reader: &mut dyn Read, max_bytes: u64) -> Result<(usize, Vec<f32>), DatasetError> {
    let refuse = |error: npy::NpyError| DatasetError::bad_file(path, error.to_string(), AS_ROWS);
    let (header, _) = npy::read_header(reader).map_err(refuse)?;
    let what = header.to_string();
    let dim = check(path, &what, (&header.shape, header.element.is_float()), max_bytes)?;
    Ok((dim, npy::read_numbers(reader, &header, u64::MAX - 1, |x| x as f32).map_err(refuse)?))
}

fn from_safetensors(path: &Path, max_bytes: u64) -> Result<(usize, Vec<f32>), DatasetError> {
    let mut rows = TensorRows::open(path, NAME).map_err(|error| {
        let reason = match &error {
            CheckpointError::KeyNotFound { available, .. } => {
                format!("it holds {} tensors, and none is called `{NAME}`", available.len())
            }
            CheckpointError::NotSafetensors { .. } | CheckpointError::Truncated { .. } => {
                "it is neither .npy nor safetensors, or cut short".to_owned()
            }
            other => other.to_string(),
        };
        DatasetError::bad_file(path, reason, AS_ROWS)
    })?;
    let what = format!("the tensor `{}` of shape {:?}", rows.name(), rows.shape());
    let dim = check(path, &what, (rows.shape(), rows.is_float()), max_bytes)?;
    let count = rows.shape()[0];
    let values = rows.read(0, count, &Device::Cpu).map_err(|error| error.to_string());
    let values = values.and_then(|rows| {
        let flat = rows.to_dtype(DType::F32).and_then(|rows| rows.flatten_all()?.to_vec1());
        flat.map_err(|error| error.to_string())
    });
    Ok((dim, values.map_err(|reason| DatasetError::bad_file(path, reason, AS_ROWS))?))
}

/// D, if these are rows of it.
fn check(
    path: &Path,
    what: &str,
    (shape, is_float): (&[usize], bool),
    max_bytes: u64,
) -> Result<usize, DatasetError> {
    let bad = |reason: String, fix: &str| Err(DatasetError::bad_file(path, reason, fix));
    let &[rows, dim] = shape else { return bad(format!("it holds {what}, and vectors are (N, D)"), AS_ROWS) };
    if rows == 0 || dim == 0 {
        return bad(format!("it holds {what}: no vectors"), AS_ROWS);
    }
    if !is_float {
        return bad(format!("it holds {what}: whole numbers"), "save x.astype('float32')");
    }
    if dim > MOST_VECTOR {
        let reason = format!("it holds {what}, and vectors have {MOST_VECTOR} numbers at most");
        return bad(reason, "give shorter vectors");
    }
    let bytes = (rows as u64).saturating_mul(4 * dim as u64);
    if bytes > max_bytes {
        let reason =
            format!("it holds {what}, which takes {bytes} bytes of memory, and the limit is {max_bytes}");
        return bad(reason, "give fewer or shorter vectors, or raise `max_memory_bytes`");
    }
    Ok(dim)
}

#[cfg(test)]
mod tests;
