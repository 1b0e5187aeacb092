//! Names of archive entries.

use std::path::{Component, Path, PathBuf};

use crate::path_text::path_of_bytes;

/// A name, and what is wrong with it.
pub(super) struct Name {
    pub(super) path: PathBuf,
    pub(super) problem: Option<String>,
}

impl Name {
    /// Parts are separated by `/`; `.` and empty ones are left out, so that one file has one name.
    pub(super) fn of(raw: &[u8]) -> Self {
        let parts = || raw.split(|&byte| byte == b'/').filter(|part| !part.is_empty() && *part != b".");
        let problem = if raw.starts_with(b"/") || parts().any(|part| part == b"..") {
            Some("its name leads out of the archive: pack it again with relative names")
        } else if parts().next().is_none() || raw.contains(&0) {
            Some("it has no name, or one with a byte 0: pack it again under another")
        } else {
            None
        };
        let bytes = match problem {
            Some(_) => raw.to_vec(),
            None => parts().collect::<Vec<_>>().join(&b'/'),
        };
        let lossy = String::from_utf8_lossy(&bytes).into_owned();
        Self {
            path: path_of_bytes(bytes).unwrap_or_else(|| lossy.into()),
            problem: problem.map(str::to_owned),
        }
    }
}

/// No part of it is hidden, nor of the copies of hidden files that macOS puts into archives.
pub(super) fn is_visible(name: &Path) -> bool {
    name.components().all(|part| match part {
        Component::Normal(part) => {
            let bytes = part.as_encoded_bytes();
            !bytes.starts_with(b".") && bytes != b"__MACOSX"
        }
        _ => true,
    })
}
