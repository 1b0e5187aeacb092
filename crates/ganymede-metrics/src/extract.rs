//! Networks that turn images into features, and features from files.

use ganymede_tensor::Tensor;
use ndarray::Array2;

use crate::{FeatureExtractor, Features, MetricError, Result};

mod clip;
mod conv;
mod digits;
mod dinov2;
mod fashion;
mod histogram;
mod inception;
mod kinds;
mod lpips;
mod pixels;
mod precomputed;
mod rows;
#[cfg(test)]
mod seeded;
mod small_cnn;
mod vgg16;
mod vit;
mod weights;

pub use clip::{Clip, ClipModel};
pub use digits::DigitsCnn;
pub use dinov2::{DinoV2, DinoV2Size};
pub use fashion::FashionCnn;
pub use histogram::class_counts;
pub use inception::{Inception, InceptionConfig, InceptionRange, InceptionTap, SpatialTap};
pub use kinds::{EXTRACTORS, ExtractorKind, ExtractorOptions, WeightsNews, find_extractor};
pub use lpips::Lpips;
pub use pixels::Pixels;
pub use precomputed::FeatureFile;
pub use vgg16::Vgg16;

/// The number of images, if their shape is what `extractor` takes.
fn check_input(extractor: &dyn FeatureExtractor, images: &Tensor) -> Result<usize> {
    match (images.dims(), extractor.input()) {
        (&[n, c, h, w], expected) if [c, h, w] == expected => Ok(n),
        (found, [c, h, w]) => Err(MetricError::Invalid(format!(
            "{} takes images (N, {c}, {h}, {w}), got {found:?}",
            extractor.id()
        ))),
    }
}

/// Refuses a batch of no images for the network `id`.
fn check_batch(id: &str, batch: usize) -> Result<()> {
    match batch {
        0 => Err(MetricError::Invalid(format!("{id} needs batches of at least 1"))),
        _ => Ok(()),
    }
}

/// The features of an extractor that gives nothing else: `pass` turns up to `batch` images into rows.
fn in_batches(
    extractor: &dyn FeatureExtractor,
    images: &Tensor,
    batch: usize,
    pass: impl Fn(&Tensor) -> Result<Tensor>,
) -> Result<Features> {
    let n = check_input(extractor, images)?;
    let mut rows = rows::Rows::default();
    for from in (0..n).step_by(batch) {
        rows.append(Some(pass(&images.narrow(0, from, batch.min(n - from))?)?))?;
    }
    let pool = rows.into_array(n)?.unwrap_or_else(|| Array2::zeros((0, extractor.dim())));
    Ok(Features { pool, logits: None, spatial: None })
}
