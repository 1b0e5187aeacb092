//! Decoded folders on disk.
//!
//! A file is: 16 bytes of magic, the header's length (`u64`, little endian), the header (JSON), the
//! pixels (N C H W), and a SHA-256 over all of that. Anything that is not exactly so is as good as no
//! file: the images are decoded again and the file is written anew.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use ganymede_files::{Digest, Scan, to_hex};
use ganymede_tensor::write_atomic;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Layout;
use crate::dataset::{Dataset, ImageSet, Labels};
use crate::open::CacheUse;
use crate::options::OpenOptions;

const MAGIC: &[u8; 16] = b"ganymede images\n";
/// Raised whenever the same files would decode to other bytes.
const SCHEMA: u32 = 2;
const HASH_BYTES: u64 = 32;
/// No folder's header is larger; a damaged length must not ask for the whole memory.
const MAX_HEADER_BYTES: u64 = 1 << 30;

#[derive(Serialize, Deserialize)]
struct Header {
    schema: u32,
    key: String,
    images: usize,
    shape: [usize; 3],
    classes: Option<Vec<u32>>,
    class_names: Vec<String>,
    /// Which files of the scan could not be decoded, and why. Their names are those of the scan at hand.
    failures: Vec<(usize, String)>,
}

/// What a cache file gave back.
pub(crate) struct Kept {
    pub(crate) set: ImageSet,
    /// Which files of the scan could not be decoded, and why.
    pub(crate) failures: Vec<(usize, String)>,
}

/// The cache file of one folder under one choice of options.
pub(crate) struct Place {
    path: PathBuf,
    /// Covers the files' names, sizes and times of change.
    key: String,
}

impl Place {
    pub(crate) fn new(
        dir: &Path,
        name: &str,
        (side, layout): (usize, Layout),
        scan: &Scan,
        options: &OpenOptions,
    ) -> Self {
        let root = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
        let describe = |purpose| {
            let mut digest = Digest::new(purpose);
            digest.number(u64::from(SCHEMA));
            digest.bytes(root.as_os_str().as_encoded_bytes());
            let choices = (side, options.channels, options.crop, options.background, options.max_pixels);
            digest.bytes(format!("{choices:?}").as_bytes());
            if layout != Layout::Single {
                digest.bytes(format!("{layout:?}").as_bytes());
            }
            digest
        };
        let place = describe("cache file").hex();
        let mut key = describe("cache key");
        for file in &scan.files {
            key.bytes(file.relative.as_os_str().as_encoded_bytes());
            key.number(file.bytes);
            key.bytes(&file.modified_nanos.to_le_bytes());
        }
        for file in &scan.skipped {
            key.bytes(file.path.as_os_str().as_encoded_bytes());
            key.bytes(file.reason.as_bytes());
        }
        let readable: String =
            name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).take(40).collect();
        let file = format!("{readable}-{side}px-{}.images", &place[..16]);
        Self { path: options.cache_dir().join(file), key: key.hex() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The images, unless there is no file, it is of another state of the folder, or it is damaged.
    pub(crate) fn load(&self, name: &str, max_bytes: u64) -> Option<Kept> {
        let file = File::open(&self.path).ok()?;
        let file_bytes = file.metadata().ok()?.len();
        let mut reader = Hashing { inner: BufReader::new(file), hash: Sha256::new() };
        let mut magic = [0; 16];
        reader.read_exact(&mut magic).ok()?;
        let mut length = [0; 8];
        reader.read_exact(&mut length).ok()?;
        let length = u64::from_le_bytes(length);
        if &magic != MAGIC || length > MAX_HEADER_BYTES.min(file_bytes) {
            return None;
        }
        let mut header = vec![0; usize::try_from(length).ok()?];
        reader.read_exact(&mut header).ok()?;
        let header: Header = serde_json::from_slice(&header).ok()?;
        let pixels = header.shape.iter().try_fold(header.images as u64, |n, &s| n.checked_mul(s as u64))?;
        let whole = (24 + HASH_BYTES + length).checked_add(pixels)?;
        if header.schema != SCHEMA || header.key != self.key || whole != file_bytes || pixels > max_bytes {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(pixels).ok()?];
        reader.read_exact(&mut bytes).ok()?;
        let Hashing { mut inner, hash } = reader;
        let mut expected = [0; HASH_BYTES as usize];
        inner.read_exact(&mut expected).ok()?;
        if to_hex(&hash.finalize()) != to_hex(&expected) {
            return None;
        }
        let labels = header.classes.map(|classes| Labels { classes, names: header.class_names });
        let set = ImageSet::new(name, header.shape, bytes, labels).ok()?;
        Some(Kept { set, failures: header.failures })
    }

    /// Writes the file; a failure costs time on the next start and nothing else.
    pub(crate) fn store(&self, set: &ImageSet, failures: &[(usize, String)]) -> CacheUse {
        let path = self.path.clone();
        match self.write(set, failures) {
            Ok(()) => CacheUse::Written(path),
            Err(error) => CacheUse::Failed { path, reason: error.to_string() },
        }
    }

    fn write(&self, set: &ImageSet, failures: &[(usize, String)]) -> io::Result<()> {
        let header = serde_json::to_vec(&Header {
            schema: SCHEMA,
            key: self.key.clone(),
            images: set.len(),
            shape: set.image_shape(),
            classes: set.labels().map(|labels| labels.classes.clone()),
            class_names: set.class_names().to_vec(),
            failures: failures.to_vec(),
        })?;
        if let Some(dir) = self.path.parent() {
            std::fs::create_dir_all(dir)?;
        }
        write_atomic(&self.path, |writer| {
            let mut hash = Sha256::new();
            let length = (header.len() as u64).to_le_bytes();
            for part in [MAGIC.as_slice(), &length, &header, set.pixels()] {
                hash.update(part);
                writer.write_all(part)?;
            }
            writer.write_all(&hash.finalize())
        })
    }
}

/// Hashes what passes through.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(&buffer[..count]);
        Ok(count)
    }
}
