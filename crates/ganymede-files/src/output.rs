//! Where a result goes: tried before the work, written after it.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::FilesError;

/// Links that lead to links are followed so often, as the system does.
const MOST_LINKS: usize = 40;

/// A place that a result is to be written to, known to take it as far as that can be known beforehand.
///
/// `-` is standard output. A regular file, or one that is not there yet, is replaced as a whole and keeps its
/// mode; a pipe, a device, a descriptor (`/dev/fd/3`) and the target of a symbolic link are written to where
/// they are. Nothing is changed before [`Output::write`].
///
/// ```
/// use ganymede_files::Output;
/// let dir = tempfile::tempdir()?;
/// let output = Output::new(&dir.path().join("result.json"))?;
/// assert!(Output::new(&dir.path().join("none/result.json")).is_err());
/// // ... the work ...
/// output.write(b"{}\n")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    path: PathBuf,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    StandardOutput,
    StandardError,
    /// Opened when there is something to write: a pipe would block for want of a reader.
    Through(PathBuf),
    /// Written where it lies: its links, its owner or its folder allow nothing else.
    Rewrite(PathBuf),
    /// Replaced by way of a temporary file.
    Replace(PathBuf),
}

impl Output {
    /// Looks whether `path` can be written to.
    ///
    /// # Errors
    /// [`FilesError::Output`]: no such folder, no permission, a folder of that name, a socket.
    pub fn new(path: &Path) -> Result<Self, FilesError> {
        let place = find(path).map_err(|reason| FilesError::Output { path: path.to_path_buf(), reason })?;
        Ok(Self { path: path.to_path_buf(), place })
    }

    /// As it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether writing would change the file at `path`, by whatever name.
    pub fn is_same_file(&self, path: &Path) -> bool {
        let (Place::Rewrite(own) | Place::Replace(own) | Place::Through(own)) = &self.place else {
            return false;
        };
        matches!((identity(own), identity(path)), (Ok(a), Ok(b)) if a == b)
    }

    fn named(&self) -> PathBuf {
        if self.is_stdout() { PathBuf::from("standard output") } else { self.path.clone() }
    }

    /// Whether the result is seen on standard output.
    pub fn is_stdout(&self) -> bool {
        self.place == Place::StandardOutput
    }

    /// Writes the whole result.
    ///
    /// # Errors
    /// As [`Output::write_with`].
    pub fn write(&self, bytes: &[u8]) -> Result<(), FilesError> {
        self.write_with(|out| out.write_all(bytes))
    }

    /// Writes the result piece by piece. Where the reader of a pipe has gone, what is left is for nobody, and that
    /// is no error.
    ///
    /// # Errors
    /// [`FilesError::Output`]; what a regular file held before then stays.
    pub fn write_with(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), FilesError> {
        let written = match &self.place {
            Place::StandardOutput => buffered(io::stdout().lock(), write),
            Place::StandardError => buffered(io::stderr().lock(), write),
            Place::Through(path) => {
                OpenOptions::new().append(true).open(path).and_then(|file| buffered(file, write))
            }
            Place::Rewrite(path) => in_place(path, write),
            Place::Replace(path) => replace(path, write),
        };
        let is_pipe = !matches!(self.place, Place::Rewrite(_) | Place::Replace(_));
        match written {
            Err(error) if is_pipe && error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(|e| FilesError::Output { path: self.named(), reason: e.to_string() }),
        }
    }
}

fn buffered(out: impl Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let written = write(&mut out).and_then(|()| out.flush());
    // What an error leaves in the buffer would be tried again when that is dropped.
    drop(out.into_parts());
    written
}

fn in_place(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let file = OpenOptions::new().write(true).truncate(true).open(path)?;
    buffered(&file, write)?;
    file.sync_all()
}

fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // Dropping the temporary file removes it: every early return below cleans up.
    let temporary = temporary_beside(path)?;
    if let Ok(there) = fs::metadata(path) {
        temporary.as_file().set_permissions(there.permissions())?;
    }
    buffered(temporary.as_file(), write)?;
    temporary.as_file().sync_all()?;
    match temporary.persist(path) {
        // A file that is a mount of its own, as containers have them, cannot be replaced.
        Err(kept) if kept.error.kind() == io::ErrorKind::ResourceBusy => {
            fs::copy(kept.file.path(), path).map(drop)
        }
        other => other.map(drop).map_err(|error| error.error),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ganymede-").suffix(".tmp");
    #[cfg(unix)]
    {
        // Temporary files are private by default; this one becomes the real one.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder_of(path))
}

/// The way in which `path` is written to, or why it cannot be.
fn find(path: &Path) -> Result<Place, String> {
    if path == Path::new("-") {
        return Ok(Place::StandardOutput);
    }
    if path.as_os_str().is_empty() {
        return Err("the name is empty; name a file".into());
    }
    let path = match follow(path)? {
        Followed::Descriptor(Place::Through(path)) => {
            return writable(&path).map(|()| Place::Through(path));
        }
        Followed::Descriptor(standard) => return Ok(standard),
        Followed::Path(path) => path,
    };
    match fs::metadata(&path) {
        Ok(there) if there.is_dir() => Err("it is a folder; name a file".into()),
        Ok(there) if there.is_file() => existing(path, &there),
        Ok(there) if is_socket(&there) => Err("it is a socket; give a file or a pipe".into()),
        Ok(_) => writable(&path).map(|()| Place::Through(path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => missing(path),
        Err(error) => Err(error.to_string()),
    }
}

fn existing(path: PathBuf, there: &Metadata) -> Result<Place, String> {
    OpenOptions::new().write(true).open(&path).map_err(|error| error.to_string())?;
    let replaceable = temporary_beside(&path).and_then(|file| file.as_file().metadata());
    Ok(match replaceable {
        Ok(new) if alone(there, &new) => Place::Replace(path),
        _ => Place::Rewrite(path),
    })
}

fn missing(path: PathBuf) -> Result<Place, String> {
    let folder = folder_of(&path);
    let shown = folder.display();
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.ends_with(b"/") || bytes.ends_with(b"/.") {
        return Err("there is no such folder, and it does not name a file".into());
    }
    match fs::metadata(folder) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(format!("there is no folder {shown}; make it first"));
        }
        Err(error) => return Err(error.to_string()),
    }
    match temporary_beside(&path) {
        Ok(_) => Ok(Place::Replace(path)),
        Err(error) => Err(format!("no file can be made in {shown}: {}", error.kind())),
    }
}

enum Followed {
    /// A descriptor of a process.
    Descriptor(Place),
    /// Not a link.
    Path(PathBuf),
}

/// Where links lead, also to nothing.
fn follow(path: &Path) -> Result<Followed, String> {
    let mut path = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        if let Some(place) = descriptor(&path) {
            return Ok(Followed::Descriptor(place));
        }
        match fs::symlink_metadata(&path) {
            Ok(there) if there.is_symlink() => {
                let target = fs::read_link(&path).map_err(|error| error.to_string())?;
                path = folder_of(&path).join(target);
            }
            _ => return Ok(Followed::Path(path)),
        }
    }
    Err("its links lead in a circle".into())
}

/// `/dev/fd/N` and the like. What they show may be a regular file, which others have open: it must not be replaced,
/// and not be written from its start.
fn descriptor(path: &Path) -> Option<Place> {
    let number: u32 = path.file_name()?.to_str()?.parse().ok()?;
    let folder = folder_of(path);
    let real = fs::canonicalize(folder).ok()?;
    let is_own =
        folder == Path::new("/dev/fd") || real == Path::new(&format!("/proc/{}/fd", std::process::id()));
    match number {
        1 if is_own => Some(Place::StandardOutput),
        2 if is_own => Some(Place::StandardError),
        _ if is_own || (real.starts_with("/proc") && real.ends_with("fd")) => {
            Some(Place::Through(path.to_path_buf()))
        }
        _ => None,
    }
}

#[cfg(unix)]
fn is_socket(there: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    there.file_type().is_socket()
}

#[cfg(not(unix))]
fn is_socket(_: &Metadata) -> bool {
    false
}

/// Whether a new file can take the place of an old one without anybody noticing: no other name, the same owner.
#[cfg(unix)]
fn alone(old: &Metadata, new: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    old.nlink() == 1 && (old.uid(), old.gid()) == (new.uid(), new.gid())
}

#[cfg(not(unix))]
fn alone(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// What a file has in common under all its names.
#[cfg(unix)]
fn identity(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map(|there| (there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path)
}

/// Asks without opening: a pipe without a reader would block.
#[cfg(unix)]
fn writable(path: &Path) -> Result<(), String> {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).map_err(|e| io::Error::from(e).to_string())
}

#[cfg(not(unix))]
fn writable(path: &Path) -> Result<(), String> {
    OpenOptions::new().append(true).open(path).map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests;
