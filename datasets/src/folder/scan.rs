//! Which files of a folder are images, and of which class.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use walkdir::{DirEntry, WalkDir};

use crate::error::DatasetError;
use crate::open::SkippedFile;

/// What is decoded.
const READ: [&str; 4] = ["png", "jpg", "jpeg", "webp"];

/// What calls itself an image and is not decoded: named, so that nobody trains on half a folder
/// without knowing.
const OTHER_IMAGES: [&str; 14] =
    ["gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "jxl", "jp2", "jfif", "tga", "ppm", "pgm", "psd"];

/// A file that is to be decoded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Relative to the folder.
    pub(crate) relative: PathBuf,
    pub(crate) bytes: u64,
    /// Last change, in nanoseconds since 1970; 0 where the file system does not say.
    pub(crate) modified_nanos: u128,
    /// Index into [`Scan::class_names`]; 0 when there are none.
    pub(crate) class: u32,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// Sorted by relative path, so that the order is the same on every machine.
    pub(crate) files: Vec<Found>,
    /// Images that cannot be used, and entries that cannot be read.
    pub(crate) skipped: Vec<SkippedFile>,
    /// Empty when the images are unlabelled.
    pub(crate) class_names: Vec<String>,
    /// How many other files there are.
    pub(crate) others: usize,
}

/// Walks `dir`, following links.
pub(crate) fn scan(dir: &Path) -> Result<Scan, DatasetError> {
    // The root's own failure is the caller's problem, not one file to be skipped.
    std::fs::read_dir(dir).map_err(DatasetError::io("read", dir))?;
    let mut scan = Scan::default();
    let walk = WalkDir::new(dir).follow_links(true).into_iter();
    for entry in walk.filter_entry(is_visible) {
        match entry {
            Ok(entry) => scan.take(dir, &entry),
            Err(error) => {
                let path = error.path().unwrap_or(dir).to_path_buf();
                let reason = match error.loop_ancestor() {
                    Some(ancestor) => format!("a link that leads back to {}", ancestor.display()),
                    None => error.into_io_error().map_or("cannot be read".into(), |error| error.to_string()),
                };
                scan.skipped.push(SkippedFile { path, reason });
            }
        }
    }
    scan.files.sort_by(|a, b| a.relative.cmp(&b.relative));
    scan.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    scan.label();
    Ok(scan)
}

/// Not hidden, and not the copies of hidden files that macOS puts into archives.
fn is_visible(entry: &DirEntry) -> bool {
    let name = entry.file_name().as_encoded_bytes();
    entry.depth() == 0 || (!name.starts_with(b".") && name != b"__MACOSX")
}

impl Scan {
    fn take(&mut self, dir: &Path, entry: &DirEntry) {
        if entry.file_type().is_dir() {
            return;
        }
        let path = entry.path().to_path_buf();
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        if OTHER_IMAGES.contains(&extension.as_str()) {
            let reason = format!(".{extension} is not read: convert it to PNG, JPEG or WebP");
            return self.skipped.push(SkippedFile { path, reason });
        }
        if !READ.contains(&extension.as_str()) {
            self.others += 1;
            return;
        }
        // A pipe or a device with an image's name would block, or never end.
        if !entry.file_type().is_file() {
            return self.skipped.push(SkippedFile { path, reason: "not a regular file".into() });
        }
        match entry.metadata() {
            Ok(metadata) => {
                let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                self.files.push(Found {
                    relative: path.strip_prefix(dir).unwrap_or(&path).to_path_buf(),
                    bytes: metadata.len(),
                    modified_nanos: modified.map_or(0, |since| since.as_nanos()),
                    path,
                    class: 0,
                });
            }
            Err(error) => self.skipped.push(SkippedFile { path, reason: error.to_string() }),
        }
    }

    /// Sub-folders are classes when every image is in one and there are at least two.
    ///
    /// Files that turn out to be damaged count, so that labels do not change when one is damaged.
    fn label(&mut self) {
        let classes: Option<BTreeSet<PathBuf>> =
            self.files.iter().map(|file| class_of(&file.relative)).collect();
        let Some(classes) = classes.filter(|classes| classes.len() >= 2) else { return };
        let classes: Vec<PathBuf> = classes.into_iter().collect();
        for file in &mut self.files {
            let class = class_of(&file.relative).and_then(|class| classes.binary_search(&class).ok());
            file.class = class.expect("the classes were collected from these files") as u32;
        }
        self.class_names = classes.iter().map(|class| class.to_string_lossy().into_owned()).collect();
    }
}

/// The first folder of a relative path; `None` for a file that lies directly in the root.
fn class_of(relative: &Path) -> Option<PathBuf> {
    let mut parts = relative.components();
    let first = parts.next()?;
    parts.next().map(|_| PathBuf::from(first.as_os_str()))
}
