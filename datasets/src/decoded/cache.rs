//! Where decoded images are kept, and of what state of their files they are.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ganymede_files::{Digest, free_space};
use tempfile::NamedTempFile;

use super::disk::{DiskSet, Footer};
use crate::encoded::Encoded;
use crate::layout::Layout;
use crate::options::OpenOptions;
use crate::temporary::temporary;

/// Raised whenever the same files would decode to other bytes, or these be kept in another way.
pub(super) const SCHEMA: u32 = 3;
/// The schema of the first file of a name that is still in use: what an older program kept is replaced, not left beside.
const SCHEMA_OF_NAMES: u32 = 2;
/// How names of files that are being written end.
const UNFINISHED: &str = ".tmp";

/// The cache file of one folder or archive under one choice of options.
pub(super) struct Place {
    path: PathBuf,
    /// Covers the images' names, sizes, times of change and classes.
    pub(super) key: String,
}

impl Place {
    pub(super) fn new(
        name: &str,
        (side, layout): (usize, Layout),
        encoded: &Encoded,
        options: &OpenOptions,
    ) -> Self {
        let origin = &encoded.origin;
        let root = origin.canonicalize().unwrap_or_else(|_| origin.clone());
        let describe = |purpose, schema: u32| {
            let mut digest = Digest::new(purpose);
            digest.number(u64::from(schema));
            digest.bytes(root.as_os_str().as_encoded_bytes());
            let choices = (side, options.channels, options.crop, options.background, options.max_pixels);
            digest.bytes(format!("{choices:?}").as_bytes());
            if layout != Layout::Single {
                digest.bytes(format!("{layout:?}").as_bytes());
            }
            digest
        };
        let place = describe("cache file", SCHEMA_OF_NAMES).hex();
        let mut key = describe("cache key", SCHEMA);
        for file in &encoded.scan.files {
            key.bytes(file.relative.as_os_str().as_encoded_bytes());
            key.number(file.bytes);
            key.bytes(&file.modified_nanos.to_le_bytes());
        }
        for file in &encoded.scan.skipped {
            key.bytes(file.path.as_os_str().as_encoded_bytes());
            key.bytes(file.reason.as_bytes());
        }
        if let Some(labels) = encoded.known.labels() {
            labels.classes.iter().for_each(|&class| key.number(u64::from(class)));
            labels.names.iter().for_each(|name| key.bytes(name.as_bytes()));
        }
        let readable: String =
            name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).take(40).collect();
        let file = format!("{readable}-{side}px-{}.images", &place[..16]);
        Self { path: options.cache_dir().join(file), key: key.hex() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that it lies in.
    pub(super) fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// The images and which of the files could not be decoded, unless there is no file, it is of another state of the
    /// files, or it is damaged.
    pub(super) fn load(&self, name: &str, encoded: &Encoded) -> Option<(DiskSet, Vec<(usize, String)>)> {
        let (file, footer) = Footer::of_file(&self.path, encoded.len())?;
        let is_ours = footer.header.schema == SCHEMA && footer.header.key == self.key;
        let set = is_ours.then(|| DiskSet::new(name, &self.path, file, &footer, &encoded.known))??;
        set.is_whole().then_some((set, footer.header.failures))
    }

    /// A new file beside its place, of about so many bytes, which goes when it is dropped.
    ///
    /// # Errors
    /// The folder cannot be made or written to, or the disk has less room than that.
    pub(super) fn begin(&self, bytes: u64) -> io::Result<NamedTempFile> {
        let dir = self.dir();
        std::fs::create_dir_all(dir)?;
        let prefix = format!(".{}.", self.path.file_name().unwrap_or_default().to_string_lossy());
        remove_dead(dir, &prefix);
        if let Some(free) = free_space(dir).filter(|&free| free < bytes) {
            let words = format!("up to {bytes} bytes are needed there, and {free} are free");
            return Err(io::Error::new(io::ErrorKind::StorageFull, words));
        }
        loop {
            let file = temporary(dir, &prefix, UNFINISHED)?;
            // Another process may have taken it for one that nobody writes, before it was locked.
            if file.as_file().try_lock().is_ok() && file.path().exists() {
                return Ok(file);
            }
        }
    }
}

/// Removes what processes left behind that were killed while they wrote: whoever is alive holds a lock on its file.
fn remove_dead(dir: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(prefix) || !name.ends_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        match File::open(&path).map(|file| (file.try_lock(), file)) {
            // The lock is held until the file is gone.
            Ok((Ok(()), _file)) => drop(std::fs::remove_file(&path)),
            Ok((Err(TryLockError::WouldBlock | TryLockError::Error(_)), _)) | Err(_) => {}
        }
    }
}
