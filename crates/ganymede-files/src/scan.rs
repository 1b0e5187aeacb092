//! Which files of a folder are images.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use walkdir::{DirEntry, WalkDir};

use crate::drawing::is_run_folder;
use crate::error::FilesError;
use crate::formats::Formats;

/// A file that calls itself an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its path relative to the folder.
    pub relative: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its last change, in nanoseconds since 1970; 0 where the file system does not say.
    pub modified_nanos: u128,
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why, in words.
    pub reason: String,
}

/// What a folder holds.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Scan {
    /// Sorted by relative path, so that the order is the same on every machine.
    pub files: Vec<Found>,
    /// Images that cannot be used, and entries that cannot be read; sorted by path.
    pub skipped: Vec<Skipped>,
    /// How many other files there are.
    pub others: usize,
}

/// Walks `dir` and all that is below it, following links, and lists the files with an image's suffix.
///
/// Hidden files and folders are passed over. A link that leads back, a folder that cannot be read and a device
/// with an image's name are [`Scan::skipped`]; so is the folder of a run, whose pictures are no samples.
///
/// # Errors
/// [`FilesError::Io`] when `dir` itself cannot be read, [`FilesError::RunFolder`] when it is that of a run.
pub fn scan(dir: &Path, formats: Formats) -> Result<Scan, FilesError> {
    // The root's own failure is the caller's problem, not one file to be skipped.
    std::fs::read_dir(dir).map_err(FilesError::io("read", dir))?;
    if is_run_folder(dir) {
        return Err(FilesError::RunFolder { path: dir.to_path_buf() });
    }
    let mut scan = Scan::default();
    let mut walk = WalkDir::new(dir).follow_links(true).into_iter();
    while let Some(entry) = walk.next() {
        match entry {
            Ok(entry) if !is_visible(&entry) => skip_folder(&mut walk, &entry),
            Ok(entry) if entry.file_type().is_dir() && is_run_folder(entry.path()) => {
                skip_folder(&mut walk, &entry);
                let reason = "the folder of a run: its pictures are no samples".to_owned();
                scan.skipped.push(Skipped { path: entry.into_path(), reason });
            }
            Ok(entry) => scan.take(dir, &entry, formats),
            Err(error) => {
                let path = error.path().unwrap_or(dir).to_path_buf();
                let reason = match error.loop_ancestor() {
                    Some(ancestor) => format!("a link that leads back to {}", ancestor.display()),
                    None => error.into_io_error().map_or("cannot be read".into(), |error| error.to_string()),
                };
                scan.skipped.push(Skipped { path, reason });
            }
        }
    }
    scan.files.sort_by(|a, b| a.relative.cmp(&b.relative));
    scan.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(scan)
}

fn skip_folder(walk: &mut walkdir::IntoIter, entry: &DirEntry) {
    if entry.file_type().is_dir() {
        walk.skip_current_dir();
    }
}

/// Not hidden, and not the copies of hidden files that macOS puts into archives.
fn is_visible(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_encoded_bytes();
    entry.depth() == 0 || (!name.starts_with(b".") && name != b"__MACOSX")
}

impl Scan {
    fn take(&mut self, dir: &Path, entry: &DirEntry, formats: Formats) {
        if entry.file_type().is_dir() {
            return;
        }
        let path = entry.path().to_path_buf();
        match formats.is_image(&path) {
            Ok(true) => {}
            Ok(false) => {
                self.others += 1;
                return;
            }
            Err(reason) => return self.skipped.push(Skipped { path, reason }),
        }
        // A pipe or a device with an image's name would block, or never end.
        if !entry.file_type().is_file() {
            return self.skipped.push(Skipped { path, reason: "not a regular file".into() });
        }
        match entry.metadata() {
            Ok(metadata) => {
                let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                self.files.push(Found {
                    relative: path.strip_prefix(dir).unwrap_or(&path).to_path_buf(),
                    bytes: metadata.len(),
                    modified_nanos: modified.map_or(0, |since| since.as_nanos()),
                    path,
                });
            }
            Err(error) => self.skipped.push(Skipped { path, reason: error.to_string() }),
        }
    }
}
