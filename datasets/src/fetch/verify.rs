//! Whether a file holds what its manifest says, packed or not.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::bufread::GzDecoder;
use ganymede_files::sha256;

use super::manifest::ManifestFile;

/// What a verified file is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Gzip,
    Plain,
}

/// Compares the content of `path`, unpacked, with `file`.
pub(crate) fn verify(path: &Path, file: &ManifestFile) -> Result<Packing, String> {
    let unreadable = |error: io::Error| format!("{}: {error}", path.display());
    let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
    let gzip = reader.fill_buf().map_err(unreadable)?.starts_with(&[0x1f, 0x8b]);
    let (packing, found) = if gzip {
        (Packing::Gzip, sha256(GzDecoder::new(reader), file.bytes))
    } else {
        (Packing::Plain, sha256(reader, file.bytes))
    };
    let (bytes, hash) = found.map_err(unreadable)?;
    if bytes == file.bytes && hash == file.sha256 {
        return Ok(packing);
    }
    let more = if bytes > file.bytes { "more than " } else { "" };
    Err(format!(
        "{}: its content is not that of {}: {more}{} bytes with SHA-256 {hash}, expected {} with {}",
        path.display(),
        file.name,
        bytes.min(file.bytes),
        file.bytes,
        file.sha256
    ))
}
