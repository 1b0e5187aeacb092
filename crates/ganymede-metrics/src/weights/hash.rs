//! The hash of a large file, computed while other things are done.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ganymede_files::sha256;

use crate::{MetricError, Result};

/// The SHA-256 of a file, on its way on a thread of its own.
#[derive(Clone, Debug)]
pub(crate) struct FileHash {
    path: PathBuf,
    result: Arc<OnceLock<io::Result<String>>>,
}

impl FileHash {
    /// Starts to read the file.
    pub(crate) fn start(path: &Path) -> Self {
        let result = Arc::new(OnceLock::new());
        let (theirs, file) = (Arc::clone(&result), path.to_path_buf());
        std::thread::spawn(move || {
            let hash = File::open(&file).and_then(|file| sha256(file, u64::MAX - 1));
            // Only this thread sets it.
            let _ = theirs.set(hash.map(|(_, hash)| hash));
        });
        Self { path: path.to_path_buf(), result }
    }

    /// A hash that is known already.
    pub(super) fn known(path: &Path, sha256: String) -> Self {
        Self { path: path.to_path_buf(), result: Arc::new(OnceLock::from(Ok(sha256))) }
    }

    /// The hash in lower-case hexadecimal digits; waits for it.
    pub(crate) fn get(&self) -> Result<&str> {
        self.result.wait().as_deref().map_err(|error| {
            let source = io::Error::new(error.kind(), error.to_string());
            MetricError::Io { path: self.path.clone(), source }
        })
    }
}
