//! Measures of generated images.

mod error;
mod extractor;

pub use error::{MetricError, Result};
pub use extractor::{FeatureExtractor, Features};
