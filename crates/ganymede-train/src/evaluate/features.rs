//! Features of real and of generated samples, and what they come from.

use std::path::Path;
use std::sync::Arc;

use ganymede_datasets::Dataset;
use ganymede_metrics::{
    BatchOptions, CacheKey, Cached, CachedFeatures, Convention, ExtractorKind, ExtractorOptions,
    FeatureCache, FeatureExtractor, Features, Provenance, Quantise, Resize, cache_dir, quantise,
    resize_images,
};
use ganymede_tensor::{Device, Rng, Tensor};

use super::rows::join;
use crate::config::EvalConfig;
use crate::error::TrainError;

/// Images in one pass: bounds the memory, however many are asked for.
pub(super) const PASS: usize = 64;

/// What values depend on besides the samples and the seed.
pub(super) fn provenance(
    config: &EvalConfig,
    shape: &[usize],
    extractor: &dyn FeatureExtractor,
) -> Provenance {
    let mut provenance = Provenance::new(extractor.id(), extractor.weights_sha256(), Convention::Ganymede);
    provenance.resize = (shape.get(1..) != Some(&extractor.input()[1..])).then_some(Resize::Clean);
    provenance.quantisation = Some(Quantise::HalfUp);
    provenance.ddof = Some(Convention::Ganymede.choices().ddof);
    provenance.fake = Some(config.samples as u64);
    provenance
}

/// The network, with weights that are built in or lie in the cache folder: a run fetches nothing.
pub(super) fn load(
    kind: &ExtractorKind,
    given: Option<&Path>,
    shape: &[usize],
) -> Result<Box<dyn FeatureExtractor>, TrainError> {
    let options = ExtractorOptions {
        weights: given,
        cache: &cache_dir(),
        fetch: false,
        choices: &Convention::Ganymede.choices(),
        spatial: false,
        batch: PASS,
        device: &Device::Cpu,
        images: shape.try_into().ok(),
    };
    Ok(kind.load(&options, &mut |_| ())?)
}

/// Features of the first real samples of a random order; those of large networks from the cache where they are there.
pub(super) fn real_features(
    config: &EvalConfig,
    seed: u64,
    dataset: &Arc<dyn Dataset>,
    extractor: &dyn FeatureExtractor,
    count: usize,
) -> Result<Features, TrainError> {
    // The built-in network is as fast as a disk.
    let cache = (!config.extractor.is_built_in()).then(|| FeatureCache::new(&cache_dir()));
    let content = format!("{} {count} by seed {seed}", dataset.content_hash());
    let key =
        CacheKey::new(&content, extractor, &BatchOptions::new(extractor.input()), Quantise::HalfUp.name());
    if let Some(Cached::Hit(entry)) = cache.as_ref().map(|cache| cache.load(&key)) {
        return Ok(entry.features);
    }
    let mut order = Rng::stream(seed, "metrics/real").permutation(dataset.len());
    order.truncate(count);
    let size: usize = dataset.shape().iter().product();
    let passes = order.chunks(PASS).map(|indices| {
        let mut values = vec![0f32; indices.len() * size];
        for (index, out) in indices.iter().zip(values.chunks_exact_mut(size)) {
            dataset.read(*index, out)?;
        }
        let shape: Vec<usize> =
            std::iter::once(indices.len()).chain(dataset.shape().iter().copied()).collect();
        features(extractor, &Tensor::from_vec(values, shape, &Device::Cpu)?)
    });
    let features = join(passes.collect::<Result<Vec<_>, TrainError>>()?)?;
    if let Some(cache) = cache {
        // A cache that cannot be written costs time, not the run.
        let _ = cache.store(&key, &CachedFeatures { features: features.clone(), seen: Vec::new() });
    }
    Ok(features)
}

/// Features of images `(N, C, H, W)` in [−1, 1], as those of the files that they would be saved as.
pub(super) fn features(extractor: &dyn FeatureExtractor, images: &Tensor) -> Result<Features, TrainError> {
    let mut levels = quantise(images, Quantise::HalfUp)?;
    if levels.dims()[1..] != extractor.input() {
        levels = resize_images(&levels, extractor.input(), Resize::Clean)?;
    }
    Ok(extractor.features(&levels)?)
}
