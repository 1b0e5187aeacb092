//! Measures of generated images.

mod alpha_beta;
mod argmax;
mod asw;
mod birthday;
mod bootstrap;
mod cache;
mod cas;
mod class_agreement;
mod class_modes;
mod clipped;
mod cmmd;
mod convention;
mod copying;
mod cover_pr;
mod directions;
mod error;
mod extract;
mod extractor;
mod fid;
mod fld;
mod folder_features;
mod half_precision_recall;
mod images;
mod improved_pr;
mod inception_score;
mod jackknife;
mod kernel;
mod kid;
mod kmeans;
mod linalg;
mod measures;
mod memorisation;
mod mind;
mod ms_ssim;
mod names;
mod ndb;
mod neighbours;
mod npy;
mod npz;
mod ppl;
mod prdc;
mod probabilistic_pr;
#[cfg(feature = "program")]
pub mod program;
mod provenance;
mod quantile;
mod quantise;
mod rank;
mod rarity;
mod realism;
mod resize;
mod rke;
mod rows;
mod selftest;
mod sliced_wasserstein;
mod stats;
mod symmetric_pr;
mod vendi;
mod wavelet;
mod weights;

pub use alpha_beta::{AlphaBeta, alpha_precision_beta_recall};
pub use asw::approximate_sliced_wasserstein;
pub use birthday::{BirthdaySupport, birthday_support};
pub use bootstrap::{Bootstrap, Interval};
pub use cache::{CacheKey, Cached, CachedFeatures, FeatureCache};
pub use cas::{AccuracyScore, classification_accuracy_score};
pub use class_agreement::class_agreement;
pub use class_modes::{ClassModes, class_modes};
pub use clipped::{Clipped, clipped_density_coverage};
pub use cmmd::{cmmd, mmd2_biased};
pub use convention::{BallDistances, BallTest, Choices, Convention, KidForm};
pub use copying::{DataCopying, data_copying};
pub use cover_pr::{CoverPr, precision_recall_cover};
pub use error::{MetricError, Result};
pub use extract::{
    Clip, ClipModel, DigitsCnn, DinoV2, DinoV2Size, EXTRACTORS, ExtractorKind, ExtractorOptions, FashionCnn,
    FeatureFile, Inception, InceptionConfig, InceptionRange, InceptionTap, Lpips, Pixels, SpatialTap, Vgg16,
    WeightsNews, class_counts, find_extractor,
};
pub use extractor::{FeatureExtractor, Features};
pub use fid::{
    ClassFrechet, FidInfinity, Frechet, class_frechet_distance, fid_infinity, frechet_distance,
    frechet_distance_rows, frechet_distance_stats, sfid,
};
pub use fld::{Fld, fld};
pub use folder_features::{Extracted, folder_features};
pub use half_precision_recall::half_precision_recall;
pub use images::{
    BatchOptions, Duplicate, ImageBatch, ImageBatches, ImageFolder, ImageReport, SeenImage, SkippedImage,
};
pub use improved_pr::{PrecisionRecall, improved_precision_recall};
pub use inception_score::{InceptionScore, Split, inception_score};
pub use jackknife::{Estimate, Jackknife};
pub use kid::{Kid, KidBlocks, KidSubset, draw_subsets, kid, kid_all, kid_blocks, kid_rbf, kid_rbf_all};
pub use linalg::lapack_backend;
pub use measures::{
    Better, Comparison, Counts, DrawnImages, ImageSource, Least, LeftOut, Line, MEASURES, Measure, Need,
    Passes, Reading, Round, RoundValue, SampleSet, Taken, ValueKind, find_measure, take_each, those_that_fit,
};
pub use memorisation::{Memorisation, NearestReal, memorisation};
pub use mind::mind;
pub use ms_ssim::{MsSsimDiversity, ms_ssim, ms_ssim_diversity};
pub use names::UnknownName;
pub use ndb::{Bin, Bins, Ndb, ndb};
pub use neighbours::{FeatureSets, Scalar};
pub use npz::{NpzKind, npz_has_images, npz_kind};
pub use ppl::{
    LatentPath, PathLength, PathLengthConfig, PathLengthSubject, PathSampling, path_length,
    path_length_levels,
};
pub use prdc::{PRDC_NEIGHBOURS, Prdc, prdc};
pub use probabilistic_pr::{ProbabilisticPr, probabilistic_precision_recall};
pub use provenance::{Difference, Provenance};
pub use quantise::{Quantise, quantise};
pub use rank::{Pair, Ranking, rank};
pub use rarity::rarity;
pub use realism::realism;
pub use resize::{Resize, resize_images};
pub use rke::rke;
pub use rows::Rows;
pub use selftest::{Outcome, SELFTEST_CHECKS, SelfTest, Tried, Verdict, selftest};
pub use sliced_wasserstein::{
    Images, SlicedWasserstein, SlicedWassersteinConfig, SwdLevel, sliced_wasserstein,
};
pub use stats::{
    AdmBatch, AdmStatistics, Ddof, FeatureStats, MeanCov, load_npz, npz_bytes, read_adm_npz, read_npz,
    save_npz,
};
pub use symmetric_pr::{SymmetricPr, symmetric_precision_recall};
pub use vendi::{vendi_score, vendi_scores};
pub use wavelet::{WaveletDistance, frechet_wavelet_distance, wavelet_level};
pub use weights::{
    CACHE_VARIABLE, Pin, PublishedWeights, WeightsFile, WeightsQuery, cache_dir, find_weights,
    published_weights,
};
