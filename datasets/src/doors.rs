//! Private parsers, for the crate that tries mutated files on them. What they make of a file is dropped.

use std::io::Cursor;
use std::path::Path;

use ganymede_files::{Found, Scan};

use crate::fetch::archive;
use crate::{ArchiveKind, ManifestFile, OpenOptions, Split, Vectors, cifar, encoded, idx, open_path};

/// No data set of a test is larger.
const MAX_BYTES: u64 = 64 << 20;
/// A file that the archives of the tests hold.
const FILES: [ManifestFile; 1] = [ManifestFile { name: "wanted", bytes: 5, sha256: HELLO }];
/// Of `hello`.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// IDX, gzipped or not.
pub fn idx(bytes: &[u8]) {
    let path = Path::new("x.idx");
    if let Ok(array) = idx::parse_idx(&mut Cursor::new(bytes), path, MAX_BYTES) {
        let _ = idx::join((array, path), None, None);
    }
}

/// A batch of CIFAR-10's binary version.
pub fn cifar(bytes: &[u8]) {
    let _ = cifar::read_batch(bytes, Path::new("data_batch_1.bin"), MAX_BYTES);
}

/// Vectors, `.npy` or safetensors.
pub fn vectors(path: &Path) {
    let _ = Vectors::open(path, MAX_BYTES);
}

/// CIFAR-10's archive.
pub fn cifar_archive(path: &Path) {
    let _ = cifar::read_archive(path, Split::All, MAX_BYTES);
}

/// An archive of a registry; what it holds is put into `dir`.
pub fn tar_gz(path: &Path, dir: &Path) {
    let _ = archive::extract(path, ArchiveKind::TarGz, &FILES, dir);
}

/// A package of Debian; what it holds is put into `dir`.
pub fn deb(path: &Path, dir: &Path) {
    let _ = archive::extract(path, ArchiveKind::Deb, &FILES, dir);
}

/// A zip or a tar of images, by its name.
pub fn images(path: &Path) {
    let options = OpenOptions {
        resolution: Some(4),
        cache: false,
        max_memory_bytes: MAX_BYTES,
        max_pixels: 1_000_000,
        ..OpenOptions::default()
    };
    let _ = open_path(path, &options);
}

/// What StyleGAN's tool says of two images, and what lies beside a sample of a tar.
pub fn dataset_json(bytes: &[u8]) {
    let mut scan = Scan::default();
    for name in ["a.png", "b/c.png"] {
        scan.files.push(Found { path: name.into(), relative: name.into(), bytes: 0, modified_nanos: 0 });
    }
    let _ = encoded::labels_of(bytes, Path::new("x.zip"), &scan, MAX_BYTES);
    for suffix in ["cls", "json"] {
        let _ = encoded::class_in(bytes, suffix);
    }
}
