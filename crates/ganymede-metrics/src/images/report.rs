//! What a set of images is like, for those who have to believe a number that was taken of it.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ImageFolder;

/// An image that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedImage {
    /// The file.
    pub path: PathBuf,
    /// Why, in words.
    pub reason: String,
}

/// An image that another one of the set is equal to, pixel for pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Duplicate {
    /// The later file.
    pub path: PathBuf,
    /// The first file with these pixels.
    pub same_as: PathBuf,
}

/// What was seen while a folder was decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageReport {
    /// Images that were decoded.
    pub images: usize,
    /// How many images have each width and height.
    pub sizes: BTreeMap<(u32, u32), usize>,
    /// How many images are of each format, by content: `PNG`, `JPEG`, …
    pub formats: BTreeMap<String, usize>,
    /// Images whose pixels are all grey, whether their file has one channel or three.
    pub grey: usize,
    /// Images with an alpha channel or a transparent colour.
    pub transparent: usize,
    /// Images with 16 bits a channel.
    pub deep: usize,
    /// Images that were seen before in this set, in order.
    pub duplicates: Vec<Duplicate>,
    /// Files that could not be used, by path.
    pub skipped: Vec<SkippedImage>,
    /// The first file of each content.
    pub(crate) hashes: HashMap<[u8; 32], PathBuf>,
}

/// What decoding one file gave, as far as an [`ImageReport`] is concerned. It has no name in it: the same content gives
/// the same, wherever the file lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenImage {
    pub(super) size: (u32, u32),
    pub(super) format: String,
    pub(super) grey: bool,
    pub(super) transparent: bool,
    pub(super) deep: bool,
    /// SHA-256 of size, channels and pixels.
    pub(super) hash: [u8; 32],
}

impl SeenImage {
    /// SHA-256 of size, channels and pixels.
    pub fn pixels_sha256(&self) -> [u8; 32] {
        self.hash
    }
}

impl ImageReport {
    /// How many different images this set has in common with another, pixel for pixel: all of them when a
    /// folder is compared with itself or a copy, a few when training images are among the generated.
    pub fn shared_with(&self, other: &Self) -> usize {
        self.hashes.keys().filter(|hash| other.hashes.contains_key(*hash)).count()
    }

    /// That of a folder whose files, in order, were seen before, here or under other names; `Err` is why one could not
    /// be used.
    pub fn of(folder: &ImageFolder, seen: &[Result<SeenImage, String>]) -> Self {
        let mut report = Self { skipped: folder.skipped.clone(), ..Self::default() };
        for (image, seen) in folder.images.iter().zip(seen) {
            report.add(image.path.clone(), seen);
        }
        report.sorted()
    }

    /// Adds one file.
    pub(super) fn add(&mut self, path: PathBuf, seen: &Result<SeenImage, String>) {
        match seen {
            Ok(seen) => self.take(path, seen),
            Err(reason) => self.skipped.push(SkippedImage { path, reason: reason.clone() }),
        }
    }

    /// With skipped files in the order of their paths.
    pub(super) fn sorted(mut self) -> Self {
        self.skipped.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }

    fn take(&mut self, path: PathBuf, seen: &SeenImage) {
        self.images += 1;
        *self.sizes.entry(seen.size).or_default() += 1;
        *self.formats.entry(seen.format.clone()).or_default() += 1;
        self.grey += usize::from(seen.grey);
        self.transparent += usize::from(seen.transparent);
        self.deep += usize::from(seen.deep);
        match self.hashes.get(&seen.hash) {
            Some(first) => self.duplicates.push(Duplicate { path, same_as: first.clone() }),
            None => {
                self.hashes.insert(seen.hash, path);
            }
        }
    }
}
