//! What can go wrong with files from elsewhere.

use std::io;
use std::path::{Path, PathBuf};

/// Why a file could not be fetched, read or decoded.
///
/// The messages of [`Refused`](Self::Refused), [`Broken`](Self::Broken) and [`Image`](Self::Image) do not name
/// the address or the file, which their caller shows beside them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// Reading or writing failed.
    #[error("could not {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `write`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A download that is of no use to try again: the server is not there, says no, or sends another file.
    #[error("{reason}")]
    Refused {
        /// What the server said.
        reason: String,
    },
    /// A download that broke off each time that it was tried. What came is kept for the next call.
    #[error("{reason}")]
    Broken {
        /// Where the last attempt broke.
        reason: String,
    },
    /// A file whose content is not what was expected.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it holds, and what it should hold.
        reason: String,
    },
    /// A place that a result cannot be written to.
    #[error("cannot write to {}: {reason}", path.display())]
    Output {
        /// The place, as it was given.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The folder of a run, given as one of images.
    #[error(
        "{} is the folder of a run, and its pictures are no samples: give a folder of them, which \
         `ganymede sample {}` makes, or measure the run itself by `ganymede eval {}`",
        path.display(),
        crate::shell_quoted(path),
        crate::shell_quoted(path)
    )]
    RunFolder {
        /// The folder.
        path: PathBuf,
    },
    /// An archive whose list of files cannot be read.
    #[error("{}: {reason}; {fix}", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
        /// What to do.
        fix: &'static str,
    },
    /// An image file that cannot be decoded.
    #[error("{reason}")]
    Image {
        /// Why not.
        reason: String,
    },
}

impl FilesError {
    /// An [`io::Error`] with what was tried on which file; made for `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    pub(crate) fn image(reason: impl Into<String>) -> Self {
        Self::Image { reason: reason.into() }
    }
}
