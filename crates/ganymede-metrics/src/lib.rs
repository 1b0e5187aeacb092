//! Measures of generated images.

mod argmax;
mod bootstrap;
mod cache;
mod class_agreement;
mod convention;
mod error;
mod extract;
mod extractor;
mod fid;
mod folder_features;
mod images;
mod improved_pr;
mod inception_score;
mod kid;
mod linalg;
mod measures;
mod memorisation;
mod mind;
mod ms_ssim;
mod names;
mod neighbours;
mod npy;
mod npz;
mod ppl;
mod prdc;
#[cfg(feature = "program")]
pub mod program;
mod provenance;
mod quantise;
mod resize;
mod rows;
mod sliced_wasserstein;
mod stats;
mod vendi;
mod weights;

pub use bootstrap::{Bootstrap, Interval};
pub use cache::{CacheKey, Cached, CachedFeatures, FeatureCache};
pub use class_agreement::class_agreement;
pub use convention::{BallTest, Choices, Convention, KidForm};
pub use error::{MetricError, Result};
pub use extract::{
    DinoV2, DinoV2Size, EXTRACTORS, ExtractorKind, ExtractorOptions, FashionCnn, FeatureFile, Inception,
    InceptionConfig, InceptionRange, InceptionTap, Lpips, WeightsNews, class_counts, find_extractor,
};
pub use extractor::{FeatureExtractor, Features};
pub use fid::{
    ClassFrechet, FidInfinity, Frechet, class_frechet_distance, fid_infinity, frechet_distance,
    frechet_distance_rows, frechet_distance_stats, sfid,
};
pub use folder_features::{Extracted, folder_features};
pub use images::{
    BatchOptions, Duplicate, ImageBatch, ImageBatches, ImageFolder, ImageReport, SeenImage, SkippedImage,
};
pub use improved_pr::{PrecisionRecall, improved_precision_recall, realism};
pub use inception_score::{InceptionScore, Split, inception_score};
pub use kid::{Kid, KidBlocks, KidSubset, draw_subsets, kid, kid_all, kid_blocks};
pub use linalg::lapack_backend;
pub use measures::{
    Better, Comparison, Counts, DrawnImages, ImageSource, Least, LeftOut, Line, MEASURES, Measure, Need,
    Reading, Round, SampleSet, Taken, ValueKind, find_measure, take_each, those_that_fit,
};
pub use memorisation::{Memorisation, NearestReal, memorisation};
pub use mind::mind;
pub use ms_ssim::{MsSsimDiversity, ms_ssim, ms_ssim_diversity};
pub use names::UnknownName;
pub use neighbours::{FeatureSets, Scalar};
pub use npz::{NpzKind, npz_kind};
pub use ppl::{
    LatentPath, PathLength, PathLengthConfig, PathLengthSubject, PathSampling, path_length,
    path_length_levels,
};
pub use prdc::{PRDC_NEIGHBOURS, Prdc, prdc};
pub use provenance::{Difference, Provenance};
pub use quantise::{Quantise, quantise};
pub use resize::{Resize, resize_images};
pub use rows::Rows;
pub use sliced_wasserstein::{
    Images, SlicedWasserstein, SlicedWassersteinConfig, SwdLevel, sliced_wasserstein,
};
pub use stats::{Ddof, FeatureStats, MeanCov, load_npz, npz_bytes, read_npz, save_npz};
pub use vendi::vendi_score;
pub use weights::{
    CACHE_VARIABLE, Pin, PublishedWeights, WeightsFile, WeightsQuery, cache_dir, find_weights,
    published_weights,
};
