//! Whether a file holds what its manifest says, packed or not.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use sha2::{Digest as _, Sha256};

use crate::hash::to_hex;

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
        (Packing::Gzip, hash(GzDecoder::new(reader), file.bytes))
    } else {
        (Packing::Plain, hash(reader, file.bytes))
    };
    let (bytes, sha256) = found.map_err(unreadable)?;
    if bytes == file.bytes && sha256 == file.sha256 {
        return Ok(packing);
    }
    let more = if bytes > file.bytes { "more than " } else { "" };
    Err(format!(
        "{}: its content is not that of {}: {more}{} bytes with SHA-256 {sha256}, expected {} with {}",
        path.display(),
        file.name,
        bytes.min(file.bytes),
        file.bytes,
        file.sha256
    ))
}

/// Compares a whole file, as it is, with a size and a SHA-256.
pub(crate) fn verify_whole(path: &Path, bytes: u64, sha256: &str) -> Result<(), String> {
    let unreadable = |error: io::Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(unreadable)?;
    let (found_bytes, found) = hash(file, bytes).map_err(unreadable)?;
    if found_bytes == bytes && found == sha256 {
        return Ok(());
    }
    Err(format!(
        "{}: {found_bytes} bytes with SHA-256 {found}, expected {bytes} with {sha256}",
        path.display()
    ))
}

/// The length and the SHA-256 of what `reader` gives, up to one byte more than `limit`.
fn hash(reader: impl Read, limit: u64) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut reader = reader.take(limit + 1);
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok((total, to_hex(&hash.finalize()))),
            count => {
                hash.update(&buffer[..count]);
                total += count as u64;
            }
        }
    }
}
