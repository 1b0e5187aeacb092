//! Why a file could not be read or written.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Why a checkpoint or a file of weights could not be read or written. Each names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// There is no such file.
    #[error("{}: no such file", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused: permission, disk full, a missing folder.
    #[error("{}: cannot {action}: {source}{}", path.display(), advice(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `write`, `read`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The file ends too early: a copy or a download that was cut short.
    #[error("{}: cut short: {expected} bytes expected, {found} found; copy or download it again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The length that the header asks for, in bytes.
        expected: u64,
        /// The length of the file, in bytes.
        found: u64,
    },
    /// The header is not one of a safetensors file.
    #[error("{}: not a safetensors file: {reason}", path.display())]
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A safetensors file of another program, without our content hash.
    #[error("{}: not a checkpoint of Ganymede (no content hash); a file of weights is read by `load_weights`", path.display())]
    HashMissing {
        /// The file.
        path: PathBuf,
    },
    /// The content is not what was written.
    #[error("{}: damaged: content hash {found}, but {expected} was written; use another copy", path.display())]
    HashMismatch {
        /// The file.
        path: PathBuf,
        /// The hash in the file's metadata, in hexadecimal.
        expected: String,
        /// The hash of what was read.
        found: String,
    },
    /// The checkpoint was written by a newer version of this library.
    #[error("{}: checkpoint schema {found}, this version reads {supported}; use a newer Ganymede", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The number in the file.
        found: String,
        /// The number that this version writes.
        supported: u32,
    },
    /// A dtype that no tensor here can have.
    #[error("{}: tensor `{tensor}` has the dtype {dtype}, which is not supported", path.display())]
    UnsupportedDtype {
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// Its dtype.
        dtype: String,
    },
    /// A name that the file format or this library keeps for itself.
    #[error("{}: the name `{name}` is reserved", path.display())]
    ReservedName {
        /// The file.
        path: PathBuf,
        /// The name of a tensor or a metadata key.
        name: String,
    },
    /// A tensor could not be copied to or from its device.
    #[error("{}: tensor `{tensor}`: {source}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// What candle said.
        source: Box<candle_core::Error>,
    },
    /// Neither safetensors nor PyTorch.
    #[error("{}: neither a safetensors nor a PyTorch file{hint}", path.display())]
    NotRecognised {
        /// The file.
        path: PathBuf,
        /// What it seems to be, or nothing.
        hint: &'static str,
    },
    /// The pickle asks for a class or function that a state dict has no need of. Nothing was run.
    #[error(
        "{}: refused: the file asks Python for `{class}`, which no state dict needs; nothing was \
         executed. If you trust its origin, load it in Python and save the state dict alone: \
         torch.save(model.state_dict(), file)",
        path.display()
    )]
    RefusedClass {
        /// The file.
        path: PathBuf,
        /// Module and name, as `os.system`.
        class: String,
    },
    /// A PyTorch file that breaks its own format.
    #[error("{}: not a sound PyTorch file: {reason}", path.display())]
    NotTorch {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A program in TorchScript, which carries its weights inside. It is never run.
    #[error(
        "{}: a TorchScript archive (`torch.jit.save`): a program, which is never run here, and no state dict; give the \
         state dict of the network, or where you trust its origin make it in Python: \
         torch.save(torch.jit.load(file, map_location='cpu').state_dict(), 'weights.pth')",
        path.display()
    )]
    TorchScript {
        /// The file.
        path: PathBuf,
    },
    /// A tensor whose sizes, strides or storage contradict each other, or ask for more memory than
    /// such a file can honestly need.
    #[error("{}: tensor `{tensor}`: {reason}", path.display())]
    BadTensor {
        /// The file.
        path: PathBuf,
        /// The name of the tensor.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A PyTorch file without any dictionary of tensors.
    #[error("{}: no state dict (a dictionary of named tensors) in this file", path.display())]
    NoStateDict {
        /// The file.
        path: PathBuf,
    },
    /// Several state dicts and no key to choose by.
    #[error("{}: several state dicts; choose one by its key (`--key`): {}", path.display(), listed(keys))]
    Ambiguous {
        /// The file.
        path: PathBuf,
        /// The keys to choose from.
        keys: Vec<String>,
    },
    /// The key is not in the file.
    #[error("{}: no state dict under the key `{key}`; the file has: {}", path.display(), listed(available))]
    KeyNotFound {
        /// The file.
        path: PathBuf,
        /// The key asked for.
        key: String,
        /// The keys to choose from.
        available: Vec<String>,
    },
}

impl CheckpointError {
    /// An error of the operating system; a missing file is told apart.
    pub(super) fn io(path: &Path, action: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        if action == "read" && source.kind() == io::ErrorKind::NotFound {
            return Self::NotFound { path };
        }
        Self::Io { path, action, source }
    }
}

/// The first few names: a hostile or very large file must not fill the screen.
pub(super) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text = names.iter().take(SHOWN).map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        let _ = write!(text, " and {} more", names.len() - SHOWN);
    }
    if text.is_empty() { "nothing that a key could name".to_string() } else { text }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space and try again",
        _ => "",
    }
}
