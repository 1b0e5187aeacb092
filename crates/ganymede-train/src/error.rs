//! Why a run could not start or go on.

use std::io;
use std::path::{Path, PathBuf};

use ganymede_datasets::DatasetError;
use ganymede_losses::LossError;
use ganymede_metrics::MetricError;
use ganymede_models::ModelError;
use ganymede_tensor::{CheckpointError, DeviceError};

use crate::config::ConfigError;

/// Why a run could not start or go on. Divergence is not here: it is a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data cannot be opened or read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A network cannot be built.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A loss or a penalty cannot be computed.
    #[error(transparent)]
    Loss(#[from] LossError),
    /// An operation on tensors failed.
    #[error(transparent)]
    Tensor(#[from] ganymede_tensor::Error),
    /// The device asked for is not there.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// Samples could not be measured.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// A checkpoint could not be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The data's samples have another shape than the networks'.
    #[error(
        "the data set `{data}` has samples of shape {shape:?}, which `{network}` cannot make; \
         set data.resolution to a power of two, or choose another network"
    )]
    SampleShape {
        /// The data set.
        data: String,
        /// Its samples' shape.
        shape: Vec<usize>,
        /// The section of the network.
        network: &'static str,
    },
    /// The folder for a new run holds something.
    #[error(
        "{} is not empty{}",
        path.display(),
        if *holds_run { "; it holds a run: go on with it by --resume, or choose another --out" } else { "; choose another --out" }
    )]
    OutNotEmpty {
        /// The folder.
        path: PathBuf,
        /// Whether it holds a run.
        holds_run: bool,
    },
    /// Not the folder of a run.
    #[error("{} is not a run folder: there is no run.toml in it", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder could not be read or written.
    #[error("could not {action} {}: {source}{}", path.display(), advice(source))]
    Write {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A checkpoint lacks what a resume needs.
    #[error("{} is not a checkpoint that this version can resume: {reason}", path.display())]
    CheckpointState {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// A checkpoint belongs to other networks than the run's.
    #[error("{} belongs to another architecture than run.toml says ({part}): {reason}", path.display())]
    Architecture {
        /// The file.
        path: PathBuf,
        /// Generator, discriminator or an optimiser.
        part: &'static str,
        /// How they differ.
        reason: String,
    },
    /// Weights of a file are not those of a generator that can be built.
    #[error("{}: {reason}", path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// How they differ.
        reason: String,
    },
    /// A picture could not be drawn.
    #[error("could not draw {}: {reason}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// The drawing library's reason.
        reason: String,
    },
    /// A request to sample that cannot be met.
    #[error("{reason}")]
    Sample {
        /// What is wrong and what to do.
        reason: String,
    },
}

impl TrainError {
    /// An [`io::Error`] with what was tried on which file; made for `map_err`.
    pub(crate) fn write(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Write { action, path, source }
    }

    /// Weights that do not fit, as what they mean to a user.
    pub(crate) fn misfit(path: &Path, part: &'static str, reason: String) -> Self {
        Self::Architecture { path: path.to_owned(), part, reason }
    }

    /// Whether the user asked for something that cannot be, as opposed to something that failed.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Config(_)
                | Self::OutNotEmpty { .. }
                | Self::NotARun { .. }
                | Self::SampleShape { .. }
                | Self::Sample { .. }
                | Self::Device(_)
                | Self::Model(ModelError::InvalidField { .. } | ModelError::UnknownModel { .. })
                | Self::Dataset(
                    DatasetError::Unknown { .. }
                        | DatasetError::NotFetched { .. }
                        | DatasetError::NotFetchable { .. }
                        | DatasetError::BadOption { .. }
                )
        )
    }
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; free some space and try again",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; choose a folder that you may write to with --out"
        }
        io::ErrorKind::NotADirectory => "; a part of this path is a file; choose another --out",
        _ => "",
    }
}
