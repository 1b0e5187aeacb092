//! What a set of images is like, for those who have to believe a number that was taken of it.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// An image that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SkippedImage {
    /// The file.
    pub path: PathBuf,
    /// Why, in words.
    pub reason: String,
}

/// An image that another one of the set is equal to, pixel for pixel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Duplicate {
    /// The later file.
    pub path: PathBuf,
    /// The first file with these pixels.
    pub same_as: PathBuf,
}

/// What was seen while a folder was decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ImageReport {
    /// Images that were decoded.
    pub images: usize,
    /// How many images have each width and height.
    #[serde(with = "pairs")]
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
    #[serde(with = "pairs")]
    pub(crate) hashes: HashMap<[u8; 32], PathBuf>,
}

/// One decoded image, as far as the report is concerned.
pub(super) struct Seen {
    pub(super) size: (u32, u32),
    pub(super) format: &'static str,
    pub(super) grey: bool,
    pub(super) transparent: bool,
    pub(super) deep: bool,
    /// SHA-256 of size, channels and pixels.
    pub(super) hash: [u8; 32],
}

impl ImageReport {
    /// How many different images this set has in common with another, pixel for pixel: all of them when a
    /// folder is compared with itself or a copy, a few when training images are among the generated.
    pub fn shared_with(&self, other: &Self) -> usize {
        self.hashes.keys().filter(|hash| other.hashes.contains_key(*hash)).count()
    }

    pub(super) fn take(&mut self, path: PathBuf, seen: &Seen) {
        self.images += 1;
        *self.sizes.entry(seen.size).or_default() += 1;
        *self.formats.entry(seen.format.to_owned()).or_default() += 1;
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

    pub(super) fn skip(&mut self, path: PathBuf, reason: String) {
        self.skipped.push(SkippedImage { path, reason });
    }
}

/// Maps whose keys are no text, as lists: JSON has no others.
mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<'a, M, K, V, S>(map: &'a M, serializer: S) -> Result<S::Ok, S::Error>
    where
        &'a M: IntoIterator<Item = (&'a K, &'a V)>,
        K: Serialize + Ord + 'a,
        V: Serialize + 'a,
        S: Serializer,
    {
        let mut pairs: Vec<(&K, &V)> = map.into_iter().collect();
        pairs.sort_by_key(|(key, _)| *key);
        pairs.serialize(serializer)
    }

    pub(super) fn deserialize<'de, M, K, V, D>(deserializer: D) -> Result<M, D::Error>
    where
        M: FromIterator<(K, V)>,
        K: Deserialize<'de>,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
