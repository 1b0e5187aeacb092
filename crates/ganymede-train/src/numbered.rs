//! Folders that are numbered: each is somebody's alone, also when several ask at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::TrainError;

/// Makes `base/name-N` with the smallest N ≥ 1 that nobody has.
pub(crate) fn make_numbered(base: &Path, name: &str) -> Result<PathBuf, TrainError> {
    fs::create_dir_all(base).map_err(TrainError::write("create", base))?;
    for n in 1u64.. {
        let path = base.join(format!("{name}-{n}"));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(TrainError::write("create", &path)(error)),
        }
    }
    unreachable!("there are more numbers than folders")
}
