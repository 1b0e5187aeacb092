//! A folder for pictures that are no samples.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::TrainError;
use crate::folder::create_empty;
use crate::numbered::make_numbered;

/// A folder of results, which goes away again where none came to be.
#[derive(Debug)]
pub struct ResultFolder {
    dir: PathBuf,
    /// Whether it was made here.
    is_new: bool,
}

impl ResultFolder {
    /// `out`, which must be empty or new, or where none is named `base/name-N` with the smallest N that nobody has.
    ///
    /// # Errors
    /// The folder holds something or cannot be made.
    pub fn make(out: Option<&Path>, base: &Path, name: &str) -> Result<Self, TrainError> {
        match out {
            Some(dir) => {
                let is_new = !dir.exists();
                create_empty(dir)?;
                Ok(Self { dir: dir.to_owned(), is_new })
            }
            None => Ok(Self { dir: make_numbered(base, name)?, is_new: true }),
        }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for ResultFolder {
    fn drop(&mut self) {
        // Only an empty one can be removed so.
        if self.is_new {
            let _ = fs::remove_dir(&self.dir);
        }
    }
}
