//! Measures of generated images.

mod error;
mod extractor;
mod quantise;
mod resize;

pub use error::{MetricError, Result};
pub use extractor::{FeatureExtractor, Features};
pub use quantise::Quantise;
pub use resize::Resize;
