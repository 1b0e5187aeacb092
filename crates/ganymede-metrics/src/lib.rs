//! Measures of generated images.

mod cache;
mod error;
mod extract;
mod extractor;
mod images;
mod quantise;
mod resize;
mod weights;

pub use cache::{CacheKey, Cached, CachedFeatures, FeatureCache};
pub use error::{MetricError, Result};
pub use extract::{Extracted, folder_features};
pub use extractor::{FeatureExtractor, Features};
pub use images::{BatchOptions, Duplicate, ImageBatch, ImageBatches, ImageFolder, ImageReport, SkippedImage};
pub use quantise::{Quantise, quantise};
pub use resize::{Resize, resize_images};
pub use weights::{
    CACHE_VARIABLE, Pin, PublishedWeights, WeightsFile, WeightsQuery, cache_dir, find_weights,
    published_weights,
};
