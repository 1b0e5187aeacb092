//! Replacing a file so that no reader ever sees a part of it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes a file by way of a temporary one in the same folder, which is flushed to the disk and then
/// renamed over `path`; the folder is flushed, too.
///
/// After a crash at any moment `path` holds the old content or the new, never a mixture. On an error
/// the old content stays and the temporary file is removed.
///
/// # Errors
/// Those of `write` and of the file system: missing folder, permission, disk full.
///
/// ```
/// use ganymede_tensor::write_atomic;
/// let file = std::env::temp_dir().join("ganymede-doc-atomic.txt");
/// write_atomic(&file, |out| out.write_all(b"whole"))?;
/// assert_eq!(std::fs::read(&file)?, b"whole");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    replace(path, |file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    })
}

/// [`write_atomic`] for writers that seek, with their own error.
pub(super) fn replace<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    // Dropping the temporary file removes it: every early return below cleans up.
    let mut temporary = temporary(path)?;
    write(temporary.as_file_mut())?;
    put_in_place(temporary, path)?;
    Ok(())
}

/// A new file beside `path`, which goes when it is dropped.
pub(super) fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    create_in(folder_of(path), path)
}

/// Flushes a temporary file to the disk and renames it over `path`.
pub(super) fn put_in_place(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    sync_folder(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn create_in(folder: &Path, path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("{} does not name a file", path.display()))
    })?;
    let prefix = format!(".{}.", name.to_string_lossy());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        // Temporary files are private by default; this one becomes the real one, so it gets what
        // any new file would get: everything that the umask leaves.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Flushes a folder: a rename in it is only on the disk once the folder is.
///
/// # Errors
/// The folder cannot be opened or flushed. A file system that cannot flush folders is no error.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        match File::open(folder)?.sync_all() {
            // Some network file systems cannot flush a folder; the rename itself has happened.
            Err(e) if matches!(e.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {}
            other => return other,
        }
    }
    Ok(())
}
