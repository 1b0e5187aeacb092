//! Files that hold or name the images of a set: zips, tars, lists of paths.

use std::path::{Path, PathBuf};

use ganymede_files::{Archive, ArchiveFormat, FilesError, Formats, Scan};

use super::store::Place;
use crate::Result;

/// What a tar may unpack to where gzip packed it as a whole: it is held in memory.
const MOST_UNPACKED: u64 = 1 << 30;

/// A file that is no image and stands for many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Archive(ArchiveFormat),
    /// A tar that gzip packed as a whole.
    PackedTar,
    /// Paths of images, one a line.
    List,
}

impl Container {
    /// By the suffix of a name, in any case.
    pub(crate) fn of_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let is = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        match ArchiveFormat::of_name(path) {
            Some(format) => Some(Self::Archive(format)),
            None if is(&[".tar.gz", ".tgz"]) => Some(Self::PackedTar),
            None if is(&[".txt"]) => Some(Self::List),
            None => None,
        }
    }
}

/// What archives hold: the images of one after those of the other, each with its place.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) archives: Vec<Archive>,
    pub(super) scan: Scan,
    /// Of each file of the scan.
    pub(super) places: Vec<Place>,
}

impl Contents {
    pub(super) fn of(paths: &[PathBuf], is_packed: bool) -> Result<Self> {
        let mut contents = Self::default();
        for path in paths {
            let archive = open(path, is_packed)?;
            let (scan, numbers) = archive.scan(Formats::All);
            let number = contents.archives.len();
            contents.places.extend(numbers.into_iter().map(|entry| Place { archive: number, number: entry }));
            contents.scan.files.extend(scan.files);
            contents.scan.skipped.extend(scan.skipped);
            contents.scan.others += scan.others;
            contents.archives.push(archive);
        }
        Ok(contents)
    }
}

fn open(path: &Path, is_packed: bool) -> Result<Archive, FilesError> {
    match (is_packed, ArchiveFormat::of_name(path)) {
        (false, Some(format)) => Archive::open(path, format),
        _ => Archive::open_tar_gz(path, MOST_UNPACKED),
    }
}

/// The tars that lie directly in a folder, sorted by name: they are the shards of one set.
pub(super) fn shards(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut shards = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if ArchiveFormat::of_name(&path) == Some(ArchiveFormat::Tar) && !is_hidden && path.is_file() {
            shards.push(path);
        }
    }
    shards.sort();
    Ok(shards)
}
