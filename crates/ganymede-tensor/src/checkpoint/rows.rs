//! Tensors that are too large to be held: written and read a few rows at a time.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use tempfile::NamedTempFile;

use super::container::{ContentHash, head_of_file, header_of_one};
use super::stored::{self, Stored};
use super::{CheckpointError, atomic};

/// A safetensors file with one f32 tensor, whose rows come in pieces.
///
/// The bytes are those that [`Checkpoint::save`](super::Checkpoint::save) writes of the whole tensor, and like that
/// the file appears at once, by [`TensorWriter::finish`], or not at all.
///
/// ```
/// use ganymede_tensor::{Device, Tensor, TensorWriter, load_weights};
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("z.safetensors");
/// let mut writer = TensorWriter::new(&path, "z", &[3, 2])?;
/// writer.push(&Tensor::new(&[[1f32, 2.]], &Device::Cpu)?)?;
/// writer.push(&Tensor::new(&[[3f32, 4.], [5., 6.]], &Device::Cpu)?)?;
/// writer.finish()?;
/// assert_eq!(load_weights(&path, None, &Device::Cpu)?["z"].dims(), [3, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TensorWriter {
    path: PathBuf,
    /// Where links lead.
    place: PathBuf,
    name: String,
    info: TensorInfo,
    file: NamedTempFile,
    hash: ContentHash,
    left: usize,
}

impl TensorWriter {
    /// Begins a file beside `path` for a tensor of `shape`.
    ///
    /// # Errors
    /// [`CheckpointError::Io`]: no such folder, no permission, disk full.
    pub fn new(path: &Path, name: &str, shape: &[usize]) -> Result<Self, CheckpointError> {
        let io = |error| CheckpointError::io(path, "write", error);
        let place = place(path).map_err(io)?;
        let bytes = shape.iter().product::<usize>() * size_of::<f32>();
        let info = TensorInfo { dtype: Dtype::F32, shape: shape.to_vec(), data_offsets: (0, bytes) };
        let mut file = atomic::temporary(&place).map_err(io)?;
        if let Ok(there) = fs::metadata(&place) {
            file.as_file().set_permissions(there.permissions()).map_err(io)?;
        }
        // The hash is known at the end; its length is, so the header is written twice.
        let header = header_of_one(name, &info, &"0".repeat(64)).map_err(io)?;
        file.write_all(&header).map_err(io)?;
        let mut hash = ContentHash::new(&BTreeMap::new(), 1);
        hash.begin(name, info.dtype, &info.shape);
        Ok(Self { path: path.to_owned(), place, name: name.to_owned(), info, file, hash, left: bytes })
    }

    /// Appends rows, converted to f32.
    ///
    /// # Errors
    /// Disk full; more rows than there is room for.
    pub fn push(&mut self, rows: &Tensor) -> Result<(), CheckpointError> {
        let failed = |source| CheckpointError::Tensor {
            path: self.path.clone(),
            tensor: self.name.clone(),
            source: Box::new(source),
        };
        let rows = rows
            .to_device(&Device::Cpu)
            .and_then(|rows| rows.to_dtype(candle_core::DType::F32)?.contiguous())
            .map_err(failed)?;
        let bytes = rows.elem_count() * size_of::<f32>();
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            failed(candle_core::Error::Msg(format!("{bytes} bytes of rows, with room for {}", self.left)))
        })?;
        let (hash, file) = (&mut self.hash, &mut self.file);
        let written = stored::encode(&rows, |bytes| {
            hash.bytes(bytes);
            file.write_all(bytes)
        });
        written.map_err(failed)?.map_err(|error| CheckpointError::io(&self.path, "write", error))
    }

    /// Puts the whole file in its place.
    ///
    /// # Errors
    /// Rows are missing; disk full.
    pub fn finish(mut self) -> Result<(), CheckpointError> {
        let path = self.path.clone();
        let io = |error| CheckpointError::io(&path, "write", error);
        if self.left > 0 {
            let source = candle_core::Error::Msg(format!("{} bytes of its rows are missing", self.left));
            return Err(CheckpointError::Tensor { path, tensor: self.name, source: Box::new(source) });
        }
        let header = header_of_one(&self.name, &self.info, &self.hash.finish()).map_err(io)?;
        self.file.seek(SeekFrom::Start(0)).and_then(|_| self.file.write_all(&header)).map_err(io)?;
        atomic::put_in_place(self.file, &self.place).map_err(io)
    }
}

/// The file behind links; a pipe or a device cannot be gone back in, and must not be replaced.
fn place(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Ok(place) if place.is_file() => Ok(place),
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::read_link(path) {
            // A link to nothing yet.
            Ok(target) => Ok(path.parent().unwrap_or(Path::new("")).join(target)),
            Err(_) => Ok(path.to_owned()),
        },
        Err(error) => Err(error),
    }
}

/// One tensor of a safetensors file, read a few rows at a time.
#[derive(Debug)]
pub struct TensorRows {
    path: PathBuf,
    name: String,
    file: File,
    stored: Stored,
    shape: Vec<usize>,
    /// Where its data begin in the file.
    start: u64,
}

impl TensorRows {
    /// Opens the tensor `name` of a safetensors file, or its only one.
    ///
    /// # Errors
    /// The file cannot be read, is none, or is cut short; [`CheckpointError::KeyNotFound`] where it holds several
    /// tensors and none of that name; [`CheckpointError::UnsupportedDtype`].
    pub fn open(path: &Path, name: &str) -> Result<Self, CheckpointError> {
        let io = |error| CheckpointError::io(path, "read", error);
        let mut file = File::open(path).map_err(io)?;
        let (header, data) = head_of_file(&mut file, path)?;
        let names = header.offset_keys();
        let name = match names.as_slice() {
            [only] => only.clone(),
            all if all.iter().any(|known| known == name) => name.to_owned(),
            _ => {
                return Err(CheckpointError::KeyNotFound {
                    path: path.to_owned(),
                    key: name.to_owned(),
                    available: names,
                });
            }
        };
        let info = header.info(&name).expect("the name is one of the header's");
        let stored =
            Stored::from_safetensors(info.dtype).ok_or_else(|| CheckpointError::UnsupportedDtype {
                path: path.to_owned(),
                tensor: name.clone(),
                dtype: info.dtype.to_string(),
            })?;
        let (shape, start) = (info.shape.clone(), data + info.data_offsets.0 as u64);
        Ok(Self { path: path.to_owned(), name, file, stored, shape, start })
    }

    /// Its name in the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its shape, the rows first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Whether its elements are floating-point numbers.
    pub fn is_float(&self) -> bool {
        self.stored.is_float()
    }

    /// `count` rows from row `at` on, in the file's dtype.
    ///
    /// # Errors
    /// There are not so many rows; the file cannot be read.
    pub fn read(&mut self, at: usize, count: usize, device: &Device) -> Result<Tensor, CheckpointError> {
        let failed = |source| CheckpointError::Tensor {
            path: self.path.clone(),
            tensor: self.name.clone(),
            source: Box::new(source),
        };
        let rows = self.shape.first().copied().unwrap_or(0);
        if at.checked_add(count).is_none_or(|end| end > rows) {
            let message = format!("{count} rows from row {at} on are asked for, of {rows}");
            return Err(failed(candle_core::Error::Msg(message)));
        }
        let inner = self.shape.get(1..).unwrap_or_default();
        let row = inner.iter().product::<usize>() * self.stored.bytes();
        let mut bytes = vec![0; count * row];
        let read = self
            .file
            .seek(SeekFrom::Start(self.start + (at * row) as u64))
            .and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|error| CheckpointError::io(&self.path, "read", error))?;
        let shape = [&[count], inner].concat();
        self.stored.decode(&bytes, &shape, device).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Checkpoint;

    fn rows(n: usize) -> Tensor {
        Tensor::arange(0f32, (n * 6) as f32, &Device::Cpu).unwrap().reshape((n, 2, 3)).unwrap()
    }

    #[test]
    fn pieces_make_the_bytes_of_the_whole_and_are_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let (whole, pieces) = (dir.path().join("whole"), dir.path().join("pieces"));
        let tensors = BTreeMap::from([("images".to_owned(), rows(10))]);
        Checkpoint { tensors, metadata: BTreeMap::new() }.save(&whole).unwrap();
        let mut writer = TensorWriter::new(&pieces, "images", &[10, 2, 3]).unwrap();
        for (at, count) in [(0, 4), (4, 1), (5, 5)] {
            writer.push(&rows(10).narrow(0, at, count).unwrap()).unwrap();
        }
        assert!(!pieces.exists());
        writer.finish().unwrap();
        assert!(std::fs::read(&whole).unwrap() == std::fs::read(&pieces).unwrap());

        let mut back = TensorRows::open(&pieces, "z").unwrap();
        assert_eq!((back.name(), back.shape(), back.is_float()), ("images", &[10, 2, 3][..], true));
        let some = back.read(4, 3, &Device::Cpu).unwrap();
        let flat = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(flat(&some), flat(&rows(10).narrow(0, 4, 3).unwrap()));
        assert!(back.read(8, 3, &Device::Cpu).is_err());
        assert!(back.read(usize::MAX, 2, &Device::Cpu).is_err());
    }

    #[test]
    fn too_many_rows_and_too_few_are_refused_and_nothing_appears() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.safetensors");
        let mut writer = TensorWriter::new(&path, "x", &[3, 2, 3]).unwrap();
        assert!(writer.push(&rows(4)).unwrap_err().to_string().contains("with room for 72"));
        drop(writer);
        let mut writer = TensorWriter::new(&path, "x", &[3, 2, 3]).unwrap();
        writer.push(&rows(2)).unwrap();
        assert!(writer.finish().unwrap_err().to_string().contains("24 bytes of its rows are missing"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_a_mode_is_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink("file", &link).unwrap();
        let mut writer = TensorWriter::new(&link, "x", &[1, 2, 3]).unwrap();
        writer.push(&rows(1)).unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"old");
        writer.finish().unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(TensorRows::open(&file, "x").is_ok());
        assert!(
            TensorWriter::new(dir.path(), "x", &[1]).unwrap_err().to_string().contains("not a regular file")
        );
    }
}
