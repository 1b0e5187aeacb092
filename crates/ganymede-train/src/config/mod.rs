//! Configuration: typed as the file, then resolved once.
//!
//! TOML tables are laid over one another ([`Layers`]), typed ([`RunFile`]), and checked and filled in as a
//! whole ([`RunFile::resolve`]). What comes out, [`Run`], is complete; it is written into the run folder,
//! and everything else takes parts of it.

mod assign;
mod bounds;
mod check;
mod error;
mod eval;
mod file;
mod layers;
mod nearest;
mod network;
mod optimizer;
mod penalty;
mod read;
mod resolve;
mod resume;
mod warnings;
mod write;

#[cfg(test)]
mod tests;

pub use bounds::{MOST_MEASURED, MOST_STEPS, MOST_THREADS};
pub use error::{ConfigError, Problem};
pub use eval::{EvalConfig, EvalExtractor, EvalMetric};
pub use file::{
    AboutFile, DataFile, EmaFile, EvalFile, LimitsFile, LogFile, LossFile, NetworkFile, OptimizerFile,
    OptimizersFile, PenaltyFile, RUN_SCHEMA, RunFile, RunSection, ScheduleFile,
};
pub use layers::Layers;
pub(crate) use nearest::hint;
pub use nearest::nearest;
pub(crate) use network::generator_of;
pub use network::{GeneratorConfig, NetworkConfig};
pub use resume::Change;

use ganymede_datasets::{Crop, Split};
use ganymede_losses::{AdversarialLoss, LabelSmoothing, LazyPenalty};
use ganymede_tensor::{DeviceChoice, EmaConfig, OptimizerConfig};

/// A whole run, checked and with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The preset that it grew from, for the record.
    pub preset: Option<String>,
    /// What it is, in words.
    pub about: AboutFile,
    /// Seed of every random draw.
    pub seed: u64,
    /// Generator updates, ≥ 1.
    pub steps: u64,
    /// Samples a batch N, ≥ 1.
    pub batch: usize,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Worker threads; 0: one a physical core.
    pub threads: usize,
    /// The real samples.
    pub data: DataConfig,
    /// The generator.
    pub generator: GeneratorConfig,
    /// The discriminator.
    pub discriminator: NetworkConfig,
    /// The adversarial loss of both players.
    pub loss: AdversarialLoss,
    /// One-sided label smoothing of the discriminator's loss.
    pub smoothing: LabelSmoothing,
    /// Penalties added to the discriminator's loss.
    pub penalties: Vec<LazyPenalty>,
    /// Discriminator updates for each generator update, ≥ 1.
    pub n_critic: u64,
    /// Bound c of weight clipping to [−c, c], where it is on.
    pub weight_clip: Option<f64>,
    /// The generator's update rule.
    pub optimizer_g: OptimizerConfig,
    /// The discriminator's update rule.
    pub optimizer_d: OptimizerConfig,
    /// The learning rates' course.
    pub schedule: Schedule,
    /// The averaged generator, where there is one.
    pub ema: Option<EmaConfig>,
    /// How often things are written.
    pub log: LogConfig,
    /// How samples are measured by the features of a network, where they are.
    pub eval: Option<EvalConfig>,
    /// Minutes after the start or the resume at which to stop, where there is a limit.
    pub minutes: Option<f64>,
}

impl Run {
    /// Real samples that the discriminator is shown in a step: `batch · n_critic`.
    pub fn images_per_step(&self) -> u64 {
        self.batch as u64 * self.n_critic
    }

    /// Steps between measurements of samples, ≥ 1.
    pub fn measure_every(&self) -> u64 {
        self.eval.as_ref().map_or(self.log.sample_every, |eval| eval.every)
    }
}

/// The real samples.
#[derive(Clone, Debug, PartialEq)]
pub struct DataConfig {
    /// A known data set's name or a folder.
    pub name: String,
    /// Side of the images in pixels; none for points of the plane.
    pub resolution: Option<usize>,
    /// Channels; none: as the data set has.
    pub channels: Option<usize>,
    /// How an image becomes square.
    pub crop: Crop,
    /// The part of a data set that has parts.
    pub split: Split,
    /// Mirror images left to right at random.
    pub flip: bool,
    /// Refuse a data set with an unreadable file instead of skipping the file.
    pub strict: bool,
}

impl DataConfig {
    /// Whether the samples are points of the plane, not images.
    pub fn is_toy(&self) -> bool {
        network::is_toy(&self.name)
    }
}

/// The learning rates' course: a factor on both players' rates, a function of the step alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The factor is 1.
    Constant,
    /// 1 until `from_step`, then straight down to `final_factor` at `to_step`, and that from there on.
    Linear {
        /// Where the fall begins.
        from_step: u64,
        /// Where it ends; above `from_step`.
        to_step: u64,
        /// What is left, 0 ..= 1.
        final_factor: f64,
    },
}

impl Schedule {
    /// The factor for the update that makes step `step + 1` out of `step`.
    pub fn factor(&self, step: u64) -> f64 {
        match *self {
            Self::Constant => 1.0,
            Self::Linear { from_step, to_step, final_factor } => {
                let gone = step.saturating_sub(from_step) as f64 / (to_step - from_step) as f64;
                1.0 + (final_factor - 1.0) * gone.min(1.0)
            }
        }
    }
}

/// How often things are written, in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Between entries of `log.jsonl`, ≥ 1.
    pub log_every: u64,
    /// Between pictures and curves, ≥ 1; see [`Run::measure_every`] for metrics.
    pub sample_every: u64,
    /// Between writes of the last checkpoint, ≥ 1.
    pub checkpoint_every: u64,
    /// Between checkpoints kept for good; 0: none.
    pub keep_every: u64,
    /// Samples in a picture.
    pub samples: usize,
}
