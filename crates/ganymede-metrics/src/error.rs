//! What can go wrong while measuring.

use std::path::PathBuf;

/// A measurement that could not be made, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetricError {
    /// A setting, a count or a shape that makes no sense for this measure.
    #[error("{0}")]
    Invalid(String),
    /// Images or rows that this measure cannot be taken of: too few, too small, all alike. Nothing is broken.
    #[error("{0}")]
    Unfit(String),
    /// A number that is not finite where a finite one is needed.
    #[error("{what}: row {row}, column {column} is {value}: the extractor or its input is broken")]
    NotFinite {
        /// Which features.
        what: String,
        /// Row of the first such number.
        row: usize,
        /// Its column.
        column: usize,
        /// The number.
        value: f32,
    },
    /// A file that cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file that was read and does not hold what it should.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// The folder of a run, where one of images belongs; a file that no result can be written to.
    #[error(transparent)]
    Files(ganymede_files::FilesError),
    /// The linear algebra gave up.
    #[error("{what} did not converge: {reason}")]
    Algebra {
        /// Which decomposition, of what.
        what: String,
        /// What the library said.
        reason: String,
    },
    /// Weights that cannot be read.
    #[error(transparent)]
    Weights(#[from] ganymede_tensor::CheckpointError),
    /// An operation on tensors failed.
    #[error(transparent)]
    Tensor(#[from] ganymede_tensor::Error),
}

/// Results of this crate.
pub type Result<T, E = MetricError> = std::result::Result<T, E>;

impl From<ganymede_files::FilesError> for MetricError {
    fn from(error: ganymede_files::FilesError) -> Self {
        use ganymede_files::FilesError;
        match error {
            FilesError::Io { path, source, .. } => Self::Io { path, source },
            FilesError::Content { path, reason } => Self::File { path, reason },
            other => Self::Files(other),
        }
    }
}
