//! A file's bytes, without a copy of them.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

/// A file whose pages come from the disk, or from the system's cache, when they are looked at.
///
/// Who cuts a file short while it is read ends the program, as with every mapped file. What
/// [`write_atomic`](super::write_atomic) replaces stays whole for those who have the old one open.
pub(super) struct Mapped(Mmap);

impl Mapped {
    #[allow(unsafe_code)]
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // SAFETY: The map is read-only and private, and whoever looks at it takes any bytes for what they are: no
        // reader assumes that a byte is the same when it is looked at again, beyond bounds that were checked against
        // the length of the map, which does not change.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self(map))
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
