//! Measures of generated images.

mod bootstrap;
mod convention;
mod error;
mod extractor;
mod fid;
mod inception_score;
mod kid;
mod linalg;
mod provenance;
mod rows;
mod stats;
mod vendi;

pub use bootstrap::{Bootstrap, Interval};
pub use convention::{BallTest, Choices, Convention, KidForm, Quantisation, RangeMapping, Resize};
pub use error::{MetricError, Result};
pub use extractor::{FeatureExtractor, Features};
pub use fid::{
    ClassFrechet, FidInfinity, Frechet, class_frechet_distance, fid_infinity, frechet_distance,
    frechet_distance_rows, frechet_distance_stats, sfid,
};
pub use inception_score::{InceptionScore, Split, inception_score};
pub use kid::{Kid, KidBlocks, KidSubset, draw_subsets, kid, kid_all, kid_blocks};
pub use linalg::lapack_backend;
pub use provenance::{Difference, Provenance};
pub use rows::Rows;
pub use stats::{Ddof, FeatureStats, MeanCov, load_npz, save_npz};
pub use vendi::vendi_score;
