//! One owner a run folder.
//!
//! Two processes in one folder would write every step twice. So whoever trains there holds a lock of the operating
//! system on the file `run.lock`, which the system lets go of when the process ends, however it ends: a crash leaves
//! no lock behind, only the file. Readers take none.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::TrainError;

/// The lock's file in a run folder.
pub(crate) const FILE: &str = "run.lock";
/// A folder may be given up between the opening of its lock and the locking, but not for ever.
const TRIES: usize = 100;

/// The right to write into a run folder, for as long as this lives.
#[derive(Debug)]
pub(crate) struct RunLock {
    file: File,
    path: PathBuf,
}

impl RunLock {
    /// Takes the lock of the folder `root`, and writes into its file who has it.
    ///
    /// # Errors
    /// [`TrainError::InUse`] names the process that has it; [`TrainError::Write`] if the file cannot be written.
    pub(crate) fn take(root: &Path) -> Result<Self, TrainError> {
        let path = root.join(FILE);
        for _ in 0..TRIES {
            let file = open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(TrainError::InUse { path: root.to_owned(), holder: holder(&file) });
                }
                // Some network file systems have no locks: there nothing can be done but to go without.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
                Err(TryLockError::Error(error)) => return Err(TrainError::write("lock", &path)(error)),
            }
            let lock = Self { file, path: path.clone() };
            let text = me();
            lock.write(&text).map_err(TrainError::write("write", &path))?;
            // Somebody may have given the folder up, and removed the file that was opened here.
            if !cfg!(unix) || std::fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
                return Ok(lock);
            }
        }
        Err(TrainError::InUse { path: root.to_owned(), holder: String::new() })
    }

    fn write(&self, text: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        (&self.file).write_all(text.as_bytes())
    }

    /// Gives the lock up and removes its file, while nobody else can have it.
    pub(crate) fn remove(self) {
        // A file that stays is in nobody's way.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Nobody has it any more. A text that stays says something untrue, and locks nothing.
        let _ = self.file.set_len(0);
        // Closing would do, but for a process that is being started this very moment and shares the open file.
        let _ = self.file.unlock();
    }
}

fn open(path: &Path) -> Result<File, TrainError> {
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).open(path);
    file.map_err(TrainError::write("write", path))
}

/// Who has it, as far as the file says.
fn holder(mut file: &File) -> String {
    let mut text = String::new();
    // Elsewhere than on Unix the lock keeps others from reading.
    let _ = file.rewind().and_then(|()| file.read_to_string(&mut text));
    text.trim().to_owned()
}

fn me() -> String {
    let host = sysinfo::System::host_name().unwrap_or_else(|_| "an unnamed machine".to_owned());
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    format!("process {} on {host}, since {now}\n", std::process::id())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_second_is_refused_and_told_who_is_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = RunLock::take(dir.path()).unwrap();
        let error = RunLock::take(dir.path()).unwrap_err();
        let words = error.to_string();
        let process = format!("process {} on ", std::process::id());
        assert!(!cfg!(unix) || words.contains(&process) && words.contains(", since 20"), "{words}");
        assert!(error.is_usage(), "{words}");
        drop(first);
        // What a crash leaves: the file with its text, and no lock.
        fs::write(dir.path().join(FILE), "process 1 on nowhere").unwrap();
        drop(RunLock::take(dir.path()).unwrap());
        assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), b"");
    }

    #[test]
    fn a_folder_that_is_given_up_again_and_again_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let Ok(lock) = RunLock::take(dir.path()) else { continue };
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        lock.remove();
                    }
                });
            }
        });
    }
}
