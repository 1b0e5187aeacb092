//! A file that several threads read and write at places of their own.

use std::fs::File;
use std::io::{self, Read};
#[cfg(unix)]
use std::os::unix::fs::FileExt as _;
#[cfg(windows)]
use std::os::windows::fs::FileExt as _;
use std::path::Path;

/// A file without a cursor: every call says where. Nothing of it is held in memory but what was asked for, unless all of
/// it is.
#[derive(Debug)]
pub struct SharedFile(Content);

#[derive(Debug)]
enum Content {
    Disk(File),
    Memory(Vec<u8>),
}

impl SharedFile {
    /// A file, to be read.
    ///
    /// # Errors
    /// It cannot be opened, or is a folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        match file.metadata()?.is_dir() {
            true => Err(io::ErrorKind::IsADirectory.into()),
            false => Ok(Self::new(file)),
        }
    }

    /// A file that is open already, with what it was opened for.
    pub fn new(file: File) -> Self {
        Self(Content::Disk(file))
    }

    /// What would be in a file, in memory; it can only be read.
    pub fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(Content::Memory(bytes))
    }

    /// How many bytes it has.
    ///
    /// # Errors
    /// The system does not say.
    pub fn size(&self) -> io::Result<u64> {
        match &self.0 {
            Content::Disk(file) => Ok(file.metadata()?.len()),
            Content::Memory(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Fills `out` with what lies from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] where the file ends before; those of the system.
    pub fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.range(offset, out.len() as u64).read_exact(out)
    }

    /// Writes all of `bytes` from `offset` on.
    ///
    /// # Errors
    /// Those of the system, such as a disk that is full; [`io::ErrorKind::Unsupported`] for what lies in memory.
    pub fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let Content::Disk(file) = &self.0 else { return Err(io::ErrorKind::Unsupported.into()) };
        let (mut offset, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            match write_some(file, rest, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    rest = &rest[count..];
                    offset += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// A reader of `bytes` bytes from `offset` on, fewer where the file ends before.
    pub fn range(&self, offset: u64, bytes: u64) -> impl Read + '_ {
        Range { content: &self.0, offset, left: bytes }
    }
}

struct Range<'a> {
    content: &'a Content,
    offset: u64,
    left: u64,
}

impl Read for Range<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        let count = match self.content {
            Content::Disk(file) => read_some(file, &mut out[..wanted], self.offset)?,
            Content::Memory(bytes) => {
                let start = usize::try_from(self.offset).unwrap_or(usize::MAX).min(bytes.len());
                (&bytes[start..]).read(&mut out[..wanted])?
            }
        };
        self.offset = self.offset.saturating_add(count as u64);
        self.left -= count as u64;
        Ok(count)
    }
}

/// Bytes that this user may still write to the disk of a folder; `None` where the system does not say.
#[cfg(unix)]
pub fn free_space(dir: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Bytes that this user may still write to the disk of a folder; `None`, for the system is not asked.
#[cfg(not(unix))]
pub fn free_space(_dir: &Path) -> Option<u64> {
    None
}

#[cfg(unix)]
fn read_some(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    // Beyond this the system takes an offset for a negative number.
    if i64::try_from(offset).is_err() {
        return Ok(0);
    }
    file.read_at(out, offset)
}

#[cfg(unix)]
fn write_some(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.write_at(bytes, offset)
}

#[cfg(windows)]
fn read_some(file: &File, out: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(out, offset)
}

#[cfg(windows)]
fn write_some(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    file.seek_write(bytes, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_written_without_a_cursor() {
        let file = SharedFile::new(tempfile::tempfile().unwrap());
        file.write_at(4, b"efgh").unwrap();
        file.write_at(0, b"abcd").unwrap();
        let mut out = [0; 3];
        file.read_at(3, &mut out).unwrap();
        assert_eq!((&out, file.size().unwrap()), (b"def", 8));
        assert_eq!(file.read_at(6, &mut out).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(file.read_at(u64::MAX, &mut out).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let mut rest = Vec::new();
        file.range(6, 100).read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"gh");
        let memory = SharedFile::of_bytes(b"abcdefgh".to_vec());
        memory.read_at(3, &mut out).unwrap();
        assert_eq!((&out, memory.size().unwrap()), (b"def", 8));
        assert_eq!(memory.read_at(6, &mut out).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(memory.read_at(u64::MAX, &mut out).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(memory.write_at(0, b"x").unwrap_err().kind(), io::ErrorKind::Unsupported);
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(SharedFile::open(dir.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }
}
