//! What can go wrong with data: each message names the file, the value and the fix.

use std::io;
use std::path::{Path, PathBuf};

use ganymede_files::shell_quoted;

/// Why a data set could not be opened, read or fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The name is neither a known data set nor a folder or file that exists.
    #[error(
        "no data set is called `{name}` and no such folder or file exists{nearest}; known names: {known}"
    )]
    Unknown {
        /// The name as given.
        name: String,
        /// ``; did you mean `…`?``, or nothing when no known name is near.
        nearest: String,
        /// All known names, separated by commas.
        known: String,
    },
    /// A known data set whose files are not on this machine.
    #[error("the data set `{name}` is not in {}: {fix}", dir.display())]
    NotFetched {
        /// The name of the data set.
        name: String,
        /// The folder in which its files would be.
        dir: PathBuf,
        /// How to get it.
        fix: String,
    },
    /// Reading or writing failed.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `write`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// An option has a value that means nothing.
    #[error("the option `{option}` is {value}: {fix}")]
    BadOption {
        /// The option's name.
        option: &'static str,
        /// The value as given.
        value: String,
        /// What it may be.
        fix: String,
    },
    /// A file is not what its format demands.
    #[error("{}: {reason}; {fix}", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        fix: String,
    },
    /// The folder of a run, given as one of images.
    #[error(
        "{} is the folder of a run, and its pictures are drawings: give the images that it was trained on, or a \
         folder of samples, which `ganymede sample {}` makes",
        path.display(),
        shell_quoted(path)
    )]
    RunFolder {
        /// The folder.
        path: PathBuf,
    },
    /// A folder holds no image that can be used.
    #[error(
        "no usable image in {}: {found}; put PNG, JPEG or WebP files (.png, .jpg, .jpeg, .webp) into it or its sub-folders",
        dir.display()
    )]
    NoImages {
        /// The folder.
        dir: PathBuf,
        /// What was found instead.
        found: String,
    },
    /// Files would have been skipped, and `strict` forbids that.
    #[error(
        "{count} file(s) cannot be used, the first is {}: {reason}; repair or remove them, or leave out `strict` to skip them",
        path.display()
    )]
    Strict {
        /// The first such file.
        path: PathBuf,
        /// Why it cannot be used.
        reason: String,
        /// How many there are.
        count: usize,
    },
    /// The images would need more memory than allowed.
    #[error(
        "{} holds {images} images, which need {needed_bytes} bytes of memory at {shape:?} each, and the limit is {limit_bytes}: \
         choose a lower resolution, fewer images, or raise `max_memory_bytes`",
        path.display()
    )]
    TooMuchMemory {
        /// The folder or file.
        path: PathBuf,
        /// How many images it holds.
        images: usize,
        /// The size of one image `[C, H, W]`.
        shape: [usize; 3],
        /// What they need, in bytes.
        needed_bytes: u64,
        /// What is allowed, in bytes.
        limit_bytes: u64,
    },
    /// The decoded images can neither be kept on disk nor be held in memory.
    #[error(
        "{} holds {images} images, which need up to {needed_bytes} bytes at {shape:?} each: they cannot be kept in {} ({reason}), \
         and the limit of memory is {limit_bytes} bytes; make room there, name another data folder by `{}`, or choose a lower \
         resolution",
        path.display(), cache.display(), crate::options::DATA_DIR_VARIABLE
    )]
    NoRoom {
        /// The folder or file.
        path: PathBuf,
        /// How many images it holds.
        images: usize,
        /// The size of one image `[C, H, W]`.
        shape: Box<[usize; 3]>,
        /// What they need, in bytes.
        needed_bytes: u64,
        /// What is allowed of memory, in bytes.
        limit_bytes: u64,
        /// The file in which they would be kept.
        cache: PathBuf,
        /// Why it could not be written.
        reason: String,
    },
    /// A sample that does not exist was asked for.
    #[error("sample {index} of the data set `{name}` was asked for, which has {len} (0 to {})", len.saturating_sub(1))]
    Index {
        /// The data set.
        name: String,
        /// The index as given.
        index: usize,
        /// The number of samples.
        len: usize,
    },
    /// The buffer for a sample has the wrong length.
    #[error(
        "a sample of the data set `{name}` has {expected} numbers and the buffer has room for {got}: give one of {expected}"
    )]
    BufferLength {
        /// The data set.
        name: String,
        /// The product of the data set's shape.
        expected: usize,
        /// The buffer's length.
        got: usize,
    },
    /// The thread that reads ahead ended without an answer.
    #[error("the thread that reads `{name}` ahead ended unexpectedly: {reason}")]
    Loader {
        /// The data set.
        name: String,
        /// What is known about the cause.
        reason: String,
    },
    /// A data set that [`fetch`](crate::fetch) has no source for.
    #[error("`{name}` cannot be fetched: {reason}; what can be: {fetchable}")]
    NotFetchable {
        /// The name as given.
        name: String,
        /// Why not, and what to do instead.
        reason: String,
        /// The names of all data sets that can be fetched.
        fetchable: String,
    },
    /// No source of a data set could be used.
    #[error("could not fetch `{name}` from any source:{}\ncheck the network or the proxy, or put the files into {} by hand: {files}",
        attempts.iter().map(|attempt| format!("\n  - {attempt}")).collect::<String>(), dir.display())]
    Fetch {
        /// The data set.
        name: String,
        /// The folder in which its files belong.
        dir: PathBuf,
        /// What was tried and how it failed, in order.
        attempts: Vec<String>,
        /// The names of the files that are needed.
        files: String,
    },
}

impl DatasetError {
    /// An [`io::Error`] with what was tried on which file; made for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the data are not there at all, as opposed to data that cannot be used.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::NotFetched { .. })
    }

    pub(crate) fn bad_file(path: &Path, reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::BadFile { path: path.to_path_buf(), reason: reason.into(), fix: fix.into() }
    }
}
