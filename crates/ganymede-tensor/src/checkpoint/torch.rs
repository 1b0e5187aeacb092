//! PyTorch's files, read without Python and without running anything.
//!
//! [`vm`] interprets the pickle into plain nodes, [`find`] looks for the state dict among them,
//! [`archive`] and [`stream`] fetch the storages that it needs from the zip and from the older
//! format, and [`build`] cuts the tensors out of them.
//!
//! candle's own reader is not used: it accepts any class, clones whole objects at every reference,
//! reads neither the older format nor most views, and looks for a state dict one level deep.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};

use super::CheckpointError;

mod archive;
mod build;
mod classes;
mod find;
mod node;
mod stream;
mod vm;

use node::{Arena, Id, TensorRef};

use super::fit::{self, Chosen, Dict, Fits, Found};

/// Chooses tensors of a pickle.
type Pick<'a> = dyn Fn(&Arena, Id) -> Result<(Wanted, Found)> + 'a;
/// Reads a file, and of it what was chosen.
type Read = fn(&[u8], &Pick<'_>, &Device) -> Result<(BTreeMap<String, Tensor>, Found)>;

/// How a file holds its pickle and its storages.
#[derive(Clone, Copy)]
pub(super) enum Container {
    Zip,
    /// What PyTorch wrote before 1.6.
    Stream,
}

impl Container {
    fn reader(self) -> Read {
        match self {
            Self::Zip => archive::read,
            Self::Stream => stream::read,
        }
    }
}

pub(super) fn load(
    container: Container,
    file: &[u8],
    path: &Path,
    key: Option<&str>,
    device: &Device,
) -> std::result::Result<BTreeMap<String, Tensor>, CheckpointError> {
    let pick = |arena: &Arena, top: Id| Ok((find::wanted(arena, top, key)?, Found::Whole));
    container.reader()(file, &pick, device).map(|(tensors, _)| tensors).map_err(|fault| fault.at(path))
}

pub(super) fn fit(
    container: Container,
    file: &[u8],
    path: &Path,
    key: Option<&str>,
    fits: &Fits<'_>,
    device: &Device,
) -> std::result::Result<(BTreeMap<String, Tensor>, Found), CheckpointError> {
    let pick = |arena: &Arena, top: Id| fitted(arena, top, key, fits);
    container.reader()(file, &pick, device).map_err(|fault| fault.at(path))
}

/// The dictionary that fits; where none does, what [`find::wanted`] finds.
fn fitted(arena: &Arena, top: Id, key: Option<&str>, fits: &Fits<'_>) -> Result<(Wanted, Found)> {
    let found = find::dicts(arena, top, key);
    let shapes = |tensors: &[(&str, &TensorRef)]| {
        tensors.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.size.clone())).collect()
    };
    let dicts: Vec<Dict> =
        found.iter().map(|(path, tensors)| Dict { path: path.clone(), shapes: shapes(tensors) }).collect();
    match fit::choose(&dicts, fits) {
        Chosen::One(choice) => {
            let of_file: BTreeMap<&str, &TensorRef> = found[choice.dict].1.iter().copied().collect();
            let names =
                choice.names.iter().filter_map(|(name, from)| Some((&**name, *of_file.get(&**from)?)));
            Ok((find::grouped(names), Found::Fitted(choice.note)))
        }
        Chosen::Several(keys) => Err(Fault::Ambiguous(keys)),
        Chosen::None => Ok((find::wanted(arena, top, key)?, Found::Whole)),
    }
}

/// What went wrong, before the file's name is known.
#[derive(Debug)]
enum Fault {
    Io(std::io::Error),
    Refused(String),
    Malformed(String),
    TorchScript,
    BadTensor { tensor: String, reason: String },
    UnsupportedDtype { tensor: String, dtype: String },
    Candle { tensor: String, source: candle_core::Error },
    NoStateDict,
    Ambiguous(Vec<String>),
    KeyNotFound { key: String, available: Vec<String> },
}

type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed(reason.into())
    }

    fn at(self, path: &Path) -> CheckpointError {
        let file = path.to_path_buf();
        match self {
            Self::Io(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => CheckpointError::NotTorch {
                path: file,
                reason: "it ends too early; copy or download it again".to_string(),
            },
            Self::Io(e) => CheckpointError::io(path, "read", e),
            Self::Refused(class) => CheckpointError::RefusedClass { path: file, class },
            Self::Malformed(reason) => CheckpointError::NotTorch { path: file, reason },
            Self::TorchScript => CheckpointError::TorchScript { path: file },
            Self::BadTensor { tensor, reason } => CheckpointError::BadTensor { path: file, tensor, reason },
            Self::UnsupportedDtype { tensor, dtype } => {
                CheckpointError::UnsupportedDtype { path: file, tensor, dtype }
            }
            Self::Candle { tensor, source } => {
                CheckpointError::Tensor { path: file, tensor, source: Box::new(source) }
            }
            Self::NoStateDict => CheckpointError::NoStateDict { path: file },
            Self::Ambiguous(keys) => CheckpointError::Ambiguous { path: file, keys },
            Self::KeyNotFound { key, available } => {
                CheckpointError::KeyNotFound { path: file, key, available }
            }
        }
    }
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// The wanted tensors, grouped by the storage that they lie in: one storage a thread is in memory at a time.
type Wanted = BTreeMap<String, Vec<(String, TensorRef)>>;

/// The tensors of one storage, appended to those read so far.
fn cut(
    storage: &[u8],
    wanted: &[(String, TensorRef)],
    budget: &build::Budget,
    device: &Device,
    tensors: &mut BTreeMap<String, Tensor>,
) -> Result<()> {
    for (name, tensor) in wanted {
        tensors.insert(name.clone(), build::tensor(name, tensor, storage, budget, device)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
