//! Networks that turn images into features, and features from files.

use ganymede_tensor::Tensor;

use crate::{FeatureExtractor, MetricError, Result};

mod conv;
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
mod weights;

pub use dinov2::{DinoV2, DinoV2Size};
pub use fashion::FashionCnn;
pub use histogram::class_counts;
pub use inception::{Inception, InceptionConfig, InceptionRange, InceptionTap, SpatialTap};
pub use kinds::{EXTRACTORS, ExtractorKind, ExtractorOptions, WeightsNews, find_extractor};
pub use lpips::Lpips;
pub use pixels::Pixels;
pub use precomputed::FeatureFile;

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
