//! From a folder of images to rows of features.

use ganymede_tensor::Tensor;
use ndarray::Array2;

use crate::cache::{CacheKey, Cached, CachedFeatures, FeatureCache};
use crate::images::{BatchOptions, ImageFolder, ImageReport};
use crate::{FeatureExtractor, Features, MetricError, Result};

/// The features of a folder.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Extracted {
    /// One row an image that could be used, in the order of the files.
    pub features: Features,
    /// Which file of the folder each row is of.
    pub files: Vec<usize>,
    /// A hash of the pixels that each row is of: the same image has the same, whatever its file is called.
    pub contents: Vec<[u8; 32]>,
    /// What was seen of the images.
    pub report: ImageReport,
    /// Whether they were computed before.
    pub cached: bool,
    /// What went wrong and did no harm, in words: an entry of the cache that was damaged, or could not be
    /// written.
    pub warnings: Vec<String>,
}

/// Takes the features of the images of a folder, from `cache` where they are there, else by way of the network;
/// `progress` is told how many files were looked at, after each batch.
///
/// # Errors
/// [`MetricError::File`] when no image of the folder can be used; [`MetricError::Invalid`] for an extractor
/// whose rows are not as many as the images; those of the extractor.
pub fn folder_features(
    folder: &ImageFolder,
    extractor: &dyn FeatureExtractor,
    options: &BatchOptions,
    cache: Option<&FeatureCache>,
    progress: &mut dyn FnMut(usize),
) -> Result<Extracted> {
    let place = cache.map(|cache| (cache, CacheKey::new(&folder.content_hash(), extractor, options, "")));
    let mut warnings = Vec::new();
    if let Some((cache, key)) = &place {
        match cache.load(key) {
            Cached::Hit(found) if fits(folder, &found) => {
                progress(folder.len());
                return Ok(Extracted { cached: true, warnings, ..extracted(folder, *found) });
            }
            Cached::Hit(_) => {
                warnings.push("cached features are computed again: they are of other files".into())
            }
            Cached::Miss => {}
            Cached::Damaged(reason) => warnings.push(format!("cached features are computed again: {reason}")),
        }
    }
    let entry = compute(folder, extractor, options, progress)?;
    if let Some((cache, key)) = &place
        && let Err(error) = cache.store(key, &entry)
    {
        warnings.push(format!("features could not be cached: {error}"));
    }
    Ok(Extracted { warnings, ..extracted(folder, entry) })
}

/// Rows with the names that their images have here and now.
fn extracted(folder: &ImageFolder, entry: CachedFeatures) -> Extracted {
    let CachedFeatures { features, seen } = entry;
    let files = seen.iter().enumerate().filter(|(_, seen)| seen.is_ok()).map(|(file, _)| file).collect();
    let contents = seen.iter().flatten().map(|seen| seen.pixels_sha256()).collect();
    let report = ImageReport::of(folder, &seen);
    Extracted { features, files, contents, report, ..Extracted::default() }
}

/// Whether an entry has what the files of a folder have to give.
fn fits(folder: &ImageFolder, entry: &CachedFeatures) -> bool {
    let used = entry.seen.iter().filter(|seen| seen.is_ok()).count();
    (entry.seen.len(), used) == (folder.len(), entry.features.pool.nrows())
}

fn compute(
    folder: &ImageFolder,
    extractor: &dyn FeatureExtractor,
    options: &BatchOptions,
    progress: &mut dyn FnMut(usize),
) -> Result<CachedFeatures> {
    let mut batches = folder.batches(options)?;
    let mut rows = FeatureRows::default();
    for batch in &mut batches {
        let batch = batch?;
        rows.push(features(extractor, &batch.images)?)?;
        progress(batch.files.last().map_or(0, |last| last + 1));
    }
    progress(folder.len());
    let seen = batches.into_seen();
    if !seen.iter().any(Result::is_ok) {
        let report = ImageReport::of(folder, &seen);
        let first = report.skipped.first();
        let reason =
            first.map_or(String::new(), |file| format!(": {}: {}", file.path.display(), file.reason));
        let reason = format!("none of its {} image(s) can be used{reason}", report.skipped.len());
        return Err(MetricError::File { path: folder.dir().to_path_buf(), reason });
    }
    Ok(CachedFeatures { features: rows.finish(), seen })
}

fn features(extractor: &dyn FeatureExtractor, images: &Tensor) -> Result<Features> {
    let (found, expected) = (extractor.features(images)?, (images.dims()[0], extractor.dim()));
    if found.pool.dim() != expected {
        let message =
            format!("`{}` gave features of {:?}, expected {expected:?}", extractor.id(), found.pool.dim());
        return Err(MetricError::Invalid(message));
    }
    Ok(found)
}

/// Features batch after batch, put together without copying what is there.
#[derive(Debug, Default)]
struct FeatureRows {
    pool: Rows,
    logits: Option<Rows>,
    spatial: Option<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    count: usize,
    width: usize,
    numbers: Vec<f32>,
}

impl FeatureRows {
    fn push(&mut self, batch: Features) -> Result<()> {
        let first = self.pool.count == 0;
        self.pool.push(&batch.pool)?;
        for (rows, more) in [(&mut self.logits, &batch.logits), (&mut self.spatial, &batch.spatial)] {
            if first && more.is_some() {
                *rows = Some(Rows::default());
            }
            match (rows, more) {
                (Some(rows), Some(more)) => rows.push(more)?,
                (None, None) => {}
                _ => return Err(changed()),
            }
        }
        Ok(())
    }

    fn finish(self) -> Features {
        Features {
            pool: self.pool.finish(),
            logits: self.logits.map(Rows::finish),
            spatial: self.spatial.map(Rows::finish),
        }
    }
}

impl Rows {
    fn push(&mut self, more: &Array2<f32>) -> Result<()> {
        if self.count > 0 && self.width != more.ncols() {
            return Err(changed());
        }
        self.width = more.ncols();
        self.count += more.nrows();
        self.numbers.extend(more.iter());
        Ok(())
    }

    fn finish(self) -> Array2<f32> {
        Array2::from_shape_vec((self.count, self.width), self.numbers).expect("every push adds whole rows")
    }
}

fn changed() -> MetricError {
    MetricError::Invalid("the extractor gave other kinds of features from one batch to the next".into())
}

#[cfg(test)]
mod tests;
