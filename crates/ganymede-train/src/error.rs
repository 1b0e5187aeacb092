//! Why a run could not start or go on.

use std::io;
use std::path::{Path, PathBuf};

use ganymede_datasets::DatasetError;
use ganymede_files::shell_quoted;
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
    /// A network is not for such data.
    #[error(
        "the {network} does not fit the data set `{data}`: {reason}; see data.resolution and {network}.kind"
    )]
    Unfit {
        /// The data set.
        data: String,
        /// The section of the network.
        network: &'static str,
        /// What was found, what is expected.
        reason: String,
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
    /// Another process trains in the folder.
    #[error(
        "{} is in use{}; wait for its end, or stop it (once politely: it writes a checkpoint)",
        path.display(),
        if holder.is_empty() { " by another process".to_owned() } else { format!(": {holder}") }
    )]
    InUse {
        /// The folder.
        path: PathBuf,
        /// Which process, where and since when; empty where that cannot be read.
        holder: String,
    },
    /// A run cannot be made shorter than it is.
    #[error(
        "the run has made {made} steps already, and {asked} are asked for; leave the number out, or ask for more \
         (`ganymede sample --checkpoint` draws from an earlier checkpoint that was kept)"
    )]
    FewerSteps {
        /// Steps made.
        made: u64,
        /// Steps asked for.
        asked: u64,
    },
    /// The checkpoint to go on from is missing or damaged.
    #[error("{problem}; {}", ways_on(path, others))]
    NoLastCheckpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; the file is named in it.
        problem: String,
        /// The other checkpoints of the run, the best and those that were kept.
        others: Vec<PathBuf>,
    },
    /// A log of a run is damaged.
    #[error("{}{}: {reason}", path.display(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
    DamagedLog {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: Option<usize>,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The data of a run are neither where they were nor where they were said to be.
    #[error(
        "the data of this run, `{name}`, are no longer at {}; if they were moved, say where: --data DIR",
        place.display()
    )]
    DataMoved {
        /// As typed when the run was begun.
        name: String,
        /// Where that was.
        place: PathBuf,
    },
    /// The data are others than those that the run was begun with.
    #[error(
        "the data set has changed since the run was begun: what is at {}{} now has another content hash than the \
         checkpoint says; if the run's own data are elsewhere, give them with --data DIR{}",
        place.display(),
        if *with_vectors { ", with its vectors," } else { "" },
        if *with_vectors { ", and their vectors with --set data.vectors=FILE" } else { "" }
    )]
    DataChanged {
        /// Where they are.
        place: PathBuf,
        /// Whether vectors belong to them.
        with_vectors: bool,
    },
    /// Threads could not be started.
    #[error("could not start the threads to measure with: {reason}; try fewer with --threads")]
    Threads {
        /// The system's reason.
        reason: String,
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
    /// A number that is none, where samples depend on it.
    #[error("{what} is {value}: {advice}")]
    NotFinite {
        /// Which number of which tensor, latent vector or sample.
        what: String,
        /// NaN or an infinity.
        value: f32,
        /// What it means and what to do.
        advice: &'static str,
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
                | Self::InUse { .. }
                | Self::FewerSteps { .. }
                | Self::DataMoved { .. }
                | Self::Unfit { .. }
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

/// What can be done without the last checkpoint.
fn ways_on(last: &Path, others: &[PathBuf]) -> String {
    let Some(first) = others.first() else {
        return "there is no other checkpoint: begin anew with --config and the folder's run.toml, in another folder"
            .to_owned();
    };
    let names = others.iter().filter_map(|path| path.file_name()).map(|name| name.to_string_lossy());
    format!(
        "there are {}; to go on from one of them: cp {} {}",
        names.collect::<Vec<_>>().join(", "),
        shell_quoted(first),
        shell_quoted(last)
    )
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
