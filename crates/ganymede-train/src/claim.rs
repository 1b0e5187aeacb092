//! The choice of a folder for a new run, of which only one of several processes gets each.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::TrainError;
use crate::folder::RunFolder;
use crate::lock::{self, RunLock};
use crate::numbered::make_numbered;

/// A folder for a new run that this process owns and that holds nothing yet. Unless it is kept, it is given up again
/// when this is dropped, with all that was created for it: a run that cannot start leaves nothing in the way.
#[derive(Debug)]
pub(crate) struct Claim {
    folder: RunFolder,
    lock: Option<RunLock>,
    /// Folders that were not there before, the innermost first.
    made: Vec<PathBuf>,
}

impl Claim {
    /// The folder `root`, which is new or holds nothing.
    ///
    /// # Errors
    /// [`TrainError::OutNotEmpty`]: a run is never overwritten. [`TrainError::InUse`]: another process was faster.
    /// [`TrainError::Write`] if it cannot be created or written to.
    pub(crate) fn new(root: &Path) -> Result<Self, TrainError> {
        let made = create(root)?;
        Self::take(root, made)
    }

    /// `base/name-N` with the smallest N ≥ 1 for which there is nothing yet, whoever else is choosing.
    ///
    /// # Errors
    /// [`TrainError::Write`] if no folder can be created in `base`.
    pub(crate) fn numbered(base: &Path, name: &str) -> Result<Self, TrainError> {
        let above = create(base)?;
        loop {
            let root = make_numbered(base, name)?;
            let made = std::iter::once(root.clone()).chain(above.iter().cloned()).collect();
            match Self::take(&root, made) {
                // Somebody named this very folder in the meantime.
                Err(TrainError::InUse { .. } | TrainError::OutNotEmpty { .. }) => {}
                other => return other,
            }
        }
    }

    fn take(root: &Path, made: Vec<PathBuf>) -> Result<Self, TrainError> {
        // Other people's folders are left alone, so nothing is written before this look.
        refuse_unless_empty(root)?;
        let lock = RunLock::take(root)?;
        let claim = Self { folder: RunFolder::at(root), lock: Some(lock), made };
        // Whoever had the lock until now may have made a run here.
        refuse_unless_empty(root)?;
        Ok(claim)
    }

    pub(crate) fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The folder, for good.
    pub(crate) fn keep(mut self) -> (RunFolder, RunLock) {
        let lock = self.lock.take().expect("only keeping takes it, and consumes the claim");
        (self.folder.clone(), lock)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(lock) = self.lock.take() else { return };
        lock.remove();
        for dir in &self.made {
            // Only where it is still empty; what cannot be removed is an empty folder, and no harm.
            let _ = fs::remove_dir(dir);
        }
    }
}

/// Creates a folder with all that lead to it, and says which of them are new, the innermost first.
fn create(dir: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let missing = |path: &&Path| !path.as_os_str().is_empty() && fs::symlink_metadata(path).is_err();
    let made = dir.ancestors().take_while(missing).map(Path::to_owned).collect();
    fs::create_dir_all(dir).map_err(TrainError::write("create", dir))?;
    Ok(made)
}

/// What a start that was cut off leaves behind does not count.
fn refuse_unless_empty(dir: &Path) -> Result<(), TrainError> {
    let entries = fs::read_dir(dir).map_err(TrainError::write("use", dir))?;
    for entry in entries {
        let name = entry.map_err(TrainError::write("use", dir))?.file_name();
        if !is_left_over(name.as_encoded_bytes()) {
            let holds_run = dir.join("run.toml").exists();
            return Err(TrainError::OutNotEmpty { path: dir.to_owned(), holds_run });
        }
    }
    Ok(())
}

/// Of what is written before there is a `run.toml`.
fn is_left_over(name: &[u8]) -> bool {
    let is_half = |of: &[u8]| name.starts_with(of) && name.ends_with(b".tmp");
    name == lock::FILE.as_bytes() || name == b"data.path" || is_half(b".data.path.") || is_half(b".run.toml.")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_of_many_at_once_gets_a_folder_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().join("runs");
        let roots: Vec<PathBuf> = std::thread::scope(|scope| {
            let claim = || {
                let (folder, _lock) = Claim::numbered(&base, "wgan").unwrap().keep();
                folder.root().to_owned()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let wanted = (1..=8).map(|n| base.join(format!("wgan-{n}")));
        assert_eq!(roots.into_iter().collect::<BTreeSet<_>>(), wanted.collect());
    }

    #[test]
    fn of_many_who_name_one_folder_one_gets_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("a/run");
        let barrier = std::sync::Barrier::new(8);
        let claims: Vec<_> = std::thread::scope(|scope| {
            let claim = || {
                barrier.wait();
                Claim::new(&root).map(Claim::keep)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(claims.iter().filter(|claim| claim.is_ok()).count(), 1);
        for error in claims.iter().filter_map(|claim| claim.as_ref().err()) {
            assert!(matches!(error, TrainError::InUse { .. }), "{error}");
        }
    }

    #[test]
    fn what_is_given_up_leaves_nothing_and_what_was_there_stays() {
        let dir = tempfile::tempdir().unwrap();
        drop(Claim::new(&dir.path().join("a/b/run")).unwrap());
        drop(Claim::numbered(&dir.path().join("runs"), "x").unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let own = dir.path().join("own");
        fs::create_dir(&own).unwrap();
        drop(Claim::new(&own).unwrap());
        assert!(own.is_dir());
        // A start that was killed: its lock's file and half a run.toml are in nobody's way.
        fs::write(own.join(lock::FILE), "process 1").unwrap();
        fs::write(own.join(".run.toml.a1b2c3.tmp"), "sch").unwrap();
        drop(Claim::new(&own).unwrap());
        fs::write(own.join("thesis.tex"), "words").unwrap();
        let error = Claim::new(&own).unwrap_err();
        assert!(error.to_string().contains("not empty"), "{error}");
        assert_eq!(fs::read_to_string(own.join("thesis.tex")).unwrap(), "words");
    }
}
