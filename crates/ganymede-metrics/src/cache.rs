//! Features that were computed before.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ganymede_files::Digest;
use ganymede_tensor::{Checkpoint, CheckpointError, Device, Tensor};
use ndarray::Array2;

use crate::images::{BatchOptions, SeenImage};
use crate::{FeatureExtractor, Features, MetricError, Result};

/// Raised whenever the same images give other features, or an entry has another form.
const SCHEMA: u64 = 3;
const KEY: &str = "key";
const SEEN: &str = "seen";

/// Everything that features depend on, by content: never a path or a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheKey(String);

impl CacheKey {
    /// The key of the features that `extractor` gives of images whose contents have the hash `content`
    /// ([`crate::ImageFolder::content_hash`]), prepared by `options`: of the extractor its name, the hash of its weights
    /// and its [`FeatureExtractor::settings`]; of the options all but batch and threads. `quantise` names the rule by
    /// which they became levels, where they are not from files; empty otherwise.
    pub fn new(
        content: &str,
        extractor: &dyn FeatureExtractor,
        options: &BatchOptions,
        quantise: &str,
    ) -> Self {
        let mut digest = Digest::new("features");
        digest.number(SCHEMA);
        let (network, settings) = (extractor.id(), extractor.settings());
        let texts =
            [content, network, extractor.weights_sha256(), &settings, options.resize.name(), quantise];
        texts.iter().for_each(|text| digest.bytes(text.as_bytes()));
        options.shape.iter().for_each(|&size| digest.number(size as u64));
        digest.number(options.background.map_or(256, u64::from));
        digest.number(options.max_pixels);
        Self(digest.hex())
    }
}

/// The features of a set of images, and what was seen of them: their content alone, and no name of a file.
#[derive(Clone, Debug, Default)]
pub struct CachedFeatures {
    /// One row an image.
    pub features: Features,
    /// What each file of the folder gave, in order; those that gave something have a row each. Nothing for images that
    /// are from no files.
    pub seen: Vec<Result<SeenImage, String>>,
}

/// What the cache gave.
#[derive(Clone, Debug)]
pub enum Cached {
    /// The features.
    Hit(Box<CachedFeatures>),
    /// There are none.
    Miss,
    /// There were some, and their file is not whole. They have to be computed again, and somebody should know.
    Damaged(String),
}

/// A folder of features, one file an entry, each verified by its hash when it is read.
#[derive(Clone, Debug)]
pub struct FeatureCache {
    dir: PathBuf,
}

impl FeatureCache {
    /// The cache in `features` of a folder such as [`crate::cache_dir`], which need not exist.
    pub fn new(cache: &Path) -> Self {
        Self { dir: cache.join("features") }
    }

    fn path(&self, key: &CacheKey) -> PathBuf {
        self.dir.join(format!("{}.safetensors", &key.0[..32]))
    }

    /// The entry of a key.
    pub fn load(&self, key: &CacheKey) -> Cached {
        let path = self.path(key);
        let checkpoint = match Checkpoint::load(&path, &Device::Cpu) {
            Ok(checkpoint) => checkpoint,
            Err(CheckpointError::NotFound { .. }) => return Cached::Miss,
            Err(error) => return Cached::Damaged(error.to_string()),
        };
        match unpack(&checkpoint, key) {
            Ok(entry) => Cached::Hit(Box::new(entry)),
            Err(reason) => Cached::Damaged(format!("{}: {reason}", path.display())),
        }
    }

    /// Writes the entry of a key, replacing one that is there: whole or not at all.
    ///
    /// # Errors
    /// [`MetricError::File`]; the features are no worse for it.
    pub fn store(&self, key: &CacheKey, entry: &CachedFeatures) -> Result<()> {
        std::fs::create_dir_all(&self.dir)
            .map_err(|source| MetricError::Io { path: self.dir.clone(), source })?;
        let path = self.path(key);
        let failed = |reason: String| MetricError::File { path: path.clone(), reason };
        let seen = serde_json::to_string(&entry.seen).map_err(|error| failed(error.to_string()))?;
        let metadata = BTreeMap::from([(KEY.to_owned(), key.0.clone()), (SEEN.to_owned(), seen)]);
        let checkpoint = Checkpoint { tensors: pack(entry)?, metadata };
        checkpoint.save(&path).map_err(|error| failed(error.to_string()))
    }
}

fn pack(entry: &CachedFeatures) -> Result<BTreeMap<String, Tensor>> {
    let Features { pool, logits, spatial } = &entry.features;
    let mut tensors = BTreeMap::new();
    for (name, rows) in [("pool", Some(pool)), ("logits", logits.as_ref()), ("spatial", spatial.as_ref())] {
        if let Some(rows) = rows {
            let numbers: Vec<f32> = rows.iter().copied().collect();
            tensors.insert(name.to_owned(), Tensor::from_vec(numbers, rows.dim(), &Device::Cpu)?);
        }
    }
    Ok(tensors)
}

fn unpack(checkpoint: &Checkpoint, key: &CacheKey) -> Result<CachedFeatures, String> {
    if checkpoint.metadata.get(KEY) != Some(&key.0) {
        return Err("it is the entry of another key".into());
    }
    let words = |error: ganymede_tensor::Error| error.to_string();
    let rows = |name: &str| -> Result<Option<Array2<f32>>, String> {
        let Some(tensor) = checkpoint.tensors.get(name) else { return Ok(None) };
        let shape = tensor.dims2().map_err(words)?;
        let numbers = tensor.flatten_all().and_then(|flat| flat.to_vec1::<f32>()).map_err(words)?;
        Array2::from_shape_vec(shape, numbers).map(Some).map_err(|error| error.to_string())
    };
    let seen = checkpoint.metadata.get(SEEN).ok_or("it does not say what was seen")?;
    Ok(CachedFeatures {
        features: Features {
            pool: rows("pool")?.ok_or("it has no `pool`")?,
            logits: rows("logits")?,
            spatial: rows("spatial")?,
        },
        seen: serde_json::from_str(seen).map_err(|error| error.to_string())?,
    })
}

#[cfg(test)]
mod tests;
