//! Measures of generated images.

mod error;
mod extract;
mod extractor;

pub use error::{MetricError, Result};
pub use extract::{
    DinoV2, DinoV2Size, FeatureFile, Inception, InceptionConfig, InceptionRange, InceptionTap, class_counts,
};
pub use extractor::{FeatureExtractor, Features};
