//! Images in zips and tars.

use std::path::{Path, PathBuf};

use ganymede_files::{Archive, ArchiveFormat, FilesError, Formats, Scan};

use super::{Encoded, Known, Lies, classes, labels, sidecars};
use crate::error::DatasetError;

/// Which formats an archive's images may have: those of a zip are what they were as files of a folder, while a tar of
/// samples often holds PPM, which takes no time to decode.
pub(super) fn formats(archive: &Archive) -> Formats {
    match ArchiveFormat::of_name(archive.path()) {
        Some(ArchiveFormat::Tar) => Formats::All,
        _ => Formats::Common,
    }
}

/// The tars that lie directly in a folder, sorted by name; they are the shards of one set.
pub(crate) fn shards(dir: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let mut shards = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(DatasetError::io("read", dir))? {
        let path = entry.map_err(DatasetError::io("read", dir))?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if ArchiveFormat::of_name(&path) == Some(ArchiveFormat::Tar) && !is_hidden && path.is_file() {
            shards.push(path);
        }
    }
    shards.sort();
    Ok(shards)
}

impl Encoded {
    /// The images of a zip or a tar, in the order that they would have in a folder, with what its `dataset.json` says,
    /// else what lies beside each image of a tar (`.cls`, `.json`), else its sub-folders.
    ///
    /// # Errors
    /// [`DatasetError::Io`]; [`DatasetError::BadFile`] for what is no such archive or does not say what it should.
    pub(crate) fn of_archive(
        path: &Path,
        format: ArchiveFormat,
        max_bytes: u64,
    ) -> Result<Self, DatasetError> {
        let mut encoded = Self::of_archives(path, &[path.to_path_buf()], format)?;
        let Lies::InArchives(archives, places) = &encoded.lies else { return Ok(encoded) };
        let archive = &archives[0];
        encoded.known = match archive.find(Path::new(labels::FILE)) {
            Some(entry) => {
                let name = archive.path_of(&archive.entries()[entry]);
                let content = archive.read(entry, labels::MOST_BYTES);
                let content = content.map_err(|error| bad_entry(&name, &error))?;
                labels::parse(&content, path, &encoded.scan, max_bytes)?
            }
            None => {
                let beside = match format {
                    ArchiveFormat::Tar => sidecars::known(archives, places, &encoded.scan)?,
                    ArchiveFormat::Zip => None,
                };
                let names = encoded.scan.files.iter().map(|file| file.relative.as_path());
                beside.unwrap_or_else(|| classes::of_folders(names))
            }
        };
        Ok(encoded)
    }

    /// The images of several tars, one tar after the other, with what lies beside each image.
    ///
    /// # Errors
    /// As [`Encoded::of_archive`].
    pub(crate) fn of_shards(dir: &Path, shards: &[PathBuf]) -> Result<Self, DatasetError> {
        let mut encoded = Self::of_archives(dir, shards, ArchiveFormat::Tar)?;
        if let Lies::InArchives(archives, places) = &encoded.lies {
            encoded.known = sidecars::known(archives, places, &encoded.scan)?.unwrap_or(Known::Nothing);
        }
        Ok(encoded)
    }

    fn of_archives(origin: &Path, paths: &[PathBuf], format: ArchiveFormat) -> Result<Self, DatasetError> {
        let (mut archives, mut places, mut scan) = (Vec::new(), Vec::new(), Scan::default());
        for (number, path) in paths.iter().enumerate() {
            let archive = Archive::open(path, format).map_err(|error| refused(path, error))?;
            let (found, entries) = archive.scan(formats(&archive));
            scan.files.extend(found.files);
            scan.skipped.extend(found.skipped);
            scan.others += found.others;
            places.extend(entries.into_iter().map(|entry| (number, entry)));
            archives.push(archive);
        }
        let lies = Lies::InArchives(archives, places);
        Ok(Self { origin: origin.to_path_buf(), scan, known: Known::Nothing, lies })
    }
}

fn refused(path: &Path, error: FilesError) -> DatasetError {
    match error {
        FilesError::Io { action, path, source } => DatasetError::Io { action, path, source },
        FilesError::Archive { path, reason, fix } => DatasetError::BadFile { path, reason, fix: fix.into() },
        other => DatasetError::bad_file(path, other.to_string(), "give a zip or a tar of images"),
    }
}

/// For an entry that says something of images and cannot be read.
pub(super) fn bad_entry(name: &Path, error: &FilesError) -> DatasetError {
    DatasetError::bad_file(name, error.to_string(), "pack the archive again")
}
