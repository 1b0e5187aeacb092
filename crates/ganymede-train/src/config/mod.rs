//! Configuration: typed as the file, then resolved once.
//!
//! TOML tables are laid over one another ([`Layers`]), typed ([`RunFile`]), and checked and filled in as a
//! whole ([`RunFile::resolve`]). What comes out, [`Run`], is complete; it is written into the run folder,
//! and everything else takes parts of it.

mod assign;
mod augment;
mod auto;
mod average;
mod bounds;
mod check;
mod course;
mod error;
mod eval;
mod file;
mod growth;
mod layers;
mod lint;
mod loss;
mod monitor;
mod moves;
mod nearest;
mod network;
mod pairs;
mod penalty;
mod read;
mod resolve;
mod resume;
mod schedule;
mod scheduled;
mod section;
mod term;
mod write;

#[cfg(test)]
mod tests;

pub use average::Average;
pub use bounds::{MOST_MEASURED, MOST_STEPS, MOST_THREADS};
pub use course::{Course, Ramp};
pub use error::{ConfigError, Problem};
pub use eval::EvalConfig;
pub use file::{
    AboutFile, DataFile, EmaFile, EvalFile, GrowthFile, InitFile, LimitsFile, LogFile, LossFile, MonitorFile,
    OptimizersFile, RUN_SCHEMA, RunFile, RunSection, ScheduleFile,
};
pub use growth::GrowthConfig;
pub use layers::Layers;
pub use lint::{Warning, lint_rules};
pub use loss::LossConfig;
pub use monitor::MonitorConfig;
pub(crate) use nearest::hint;
pub use nearest::nearest;
pub use penalty::PenaltyConfig;
pub use resume::Change;
pub use scheduled::Scheduled;
pub(crate) use scheduled::write_course;

use ganymede_augment::{AugmentConfig, Part};
use ganymede_datasets::{Crop, Pairs, Split};
use ganymede_losses::LabelSmoothing;
use ganymede_losses::gman::Aggregate;
use ganymede_models::{ConditionShape, DiscriminatorConfig, GeneratorConfig, Growth, Io};
use ganymede_tensor::{DeviceChoice, OptimizerConfig};

use crate::trainer::scheme::SchemeConfig;
use crate::trainer::terms::TermConfig;

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
    /// Names of [`Warning`]s that are not to be given.
    pub silence: Vec<String>,
    /// The real samples.
    pub data: DataConfig,
    /// The generator.
    pub generator: GeneratorConfig,
    /// The discriminator.
    pub discriminator: DiscriminatorConfig,
    /// What is done to all that the discriminator sees.
    pub augment: Scheduled<AugmentConfig>,
    /// Weights that the networks begin with.
    pub init: InitConfig,
    /// The adversarial loss of both players.
    pub loss: LossConfig,
    /// What the generator makes of the losses of several discriminators.
    pub aggregate: Aggregate,
    /// The share of its samples that the generator learns from.
    pub top_k: Course,
    /// One-sided label smoothing of the discriminator's loss.
    pub smoothing: LabelSmoothing,
    /// Penalties added to the discriminator's loss.
    pub penalties: Vec<PenaltyConfig>,
    /// Further terms of the players' losses.
    pub terms: Vec<TermConfig>,
    /// Who moves when.
    pub scheme: SchemeConfig,
    /// Discriminator updates for each generator update.
    pub n_critic: NCritic,
    /// Parts that a batch is taken in, one after the other, with one update by the mean of their gradients; ≥ 1.
    pub accumulate: usize,
    /// Bound c of weight clipping to [−c, c], where it is on.
    pub weight_clip: Option<f64>,
    /// The most that the norm of the generator's gradient, over all of its parameters, may be; longer ones are shortened.
    pub clip_norm_g: Option<f64>,
    /// Likewise of the discriminator's.
    pub clip_norm_d: Option<f64>,
    /// The average that both players are drawn back to, where there is one.
    pub lookahead: Option<Lookahead>,
    /// The generator's update rule.
    pub optimizer_g: Scheduled<OptimizerConfig>,
    /// The discriminator's update rule.
    pub optimizer_d: Scheduled<OptimizerConfig>,
    /// A factor on both learning rates.
    pub schedule: Course,
    /// When the networks take which size, where they grow by a plan.
    pub growth: Option<GrowthConfig>,
    /// The averaged generator, where there is one.
    pub ema: Option<Average>,
    /// How often things are written.
    pub log: LogConfig,
    /// How samples are measured by the features of a network, where they are.
    pub eval: Option<EvalConfig>,
    /// How it is watched, where it is.
    pub monitor: Option<MonitorConfig>,
    /// Minutes after the start or the resume at which to stop, where there is a limit.
    pub minutes: Option<f64>,
}

impl Run {
    /// Samples a batch in the update that makes step `step + 1` out of `step`.
    pub fn batch_at(&self, step: u64) -> usize {
        self.growth.as_ref().map_or(self.batch, |growth| growth.plan.batch_at(step))
    }

    /// How far the networks have grown in that update.
    pub fn growth_at(&self, step: u64) -> Growth {
        self.growth.as_ref().map_or(Growth::FULL, |growth| growth.plan.at(step))
    }

    /// The factor on both learning rates in that update.
    pub(crate) fn lr_factor_at(&self, step: u64) -> f64 {
        self.schedule.at(step) * self.growth.as_ref().map_or(1.0, |growth| growth.plan.lr_factor_at(step))
    }

    /// Whether both optimisers begin anew with that update.
    pub(crate) fn resets_at(&self, step: u64) -> bool {
        self.growth.as_ref().is_some_and(|growth| growth.reset_optimizer && growth.plan.turns_at(step))
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
    /// How many samples are trained on, drawn at random by the seed; measures know all of them. None: all.
    pub subset: Option<usize>,
    /// Mirror images left to right at random.
    pub flip: bool,
    /// Refuse a data set with an unreadable file instead of skipping the file.
    pub strict: bool,
    /// A file of vectors, the conditions of the images.
    pub vectors: Option<String>,
    /// Where an image that is the condition of each image comes from.
    pub pairs: Option<Pairs>,
    /// Random changes of real images alone, in this order.
    pub augment: Vec<Part>,
}

impl DataConfig {
    /// Whether the samples are points of the plane, not images.
    pub fn is_toy(&self) -> bool {
        network::is_toy(&self.name)
    }

    /// What the samples will be, before the data are opened: colours where nothing else is known. Of classes and vectors
    /// nobody knows how many there are.
    pub(crate) fn presumed_io(&self) -> Io {
        let Some(side) = self.resolution else { return Io::new([2]) };
        let channels = self.channels.unwrap_or(3);
        let io = Io::new([channels, side, side]);
        let beside = match self.pairs {
            None => return io,
            Some(Pairs::Edges) => 1,
            Some(Pairs::Downsampled { .. }) => channels,
            Some(Pairs::Folders(_) | Pairs::SideBySide(_)) => 3,
        };
        Io { condition: ConditionShape::Images(vec![beside, side, side]), ..io }
    }
}

/// Weights that the networks begin with, in place of random ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InitConfig {
    /// A file with the generator's: a checkpoint, a file that [`crate::NetworkWeights::save`] wrote, or another program's.
    pub generator: Option<String>,
    /// One with the discriminator's.
    pub discriminator: Option<String>,
    /// How many of the discriminator's layers, those nearest to the image, keep their weights: Freeze-D (Mo et al., 2020,
    /// arXiv:2002.10964), for few data. 0: none.
    pub freeze: usize,
}

/// Discriminator updates for each generator update.
#[derive(Clone, Debug, PartialEq)]
pub struct NCritic {
    /// The most that a step makes, ≥ 1; without a course or a ratio as many as every step makes.
    pub most: u64,
    /// How many it is over the steps, rounded; none: `most` of them.
    pub course: Option<Course>,
    /// Go on only while the discriminator's loss changes so many times as fast as the generator's, or faster.
    pub ratio: Option<f64>,
}

impl NCritic {
    /// As many in every step.
    pub fn fixed(n: u64) -> Self {
        Self { most: n, course: None, ratio: None }
    }

    /// Whether every step makes as many.
    pub fn is_fixed(&self) -> bool {
        self.course.is_none() && self.ratio.is_none()
    }

    /// The most that the update makes which makes step `step + 1` out of `step`.
    pub fn at(&self, step: u64) -> u64 {
        self.course.as_ref().map_or(self.most, |course| (course.at(step).round() as u64).clamp(1, self.most))
    }
}

/// Lookahead for games (Chavdarova et al., 2020, arXiv:2006.14567, algorithm 1): every so many steps both players go a part of
/// the way from where they last were so to where they are, at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lookahead {
    /// Steps from one such move to the next, ≥ 1.
    pub every: u64,
    /// The part of the way, in (0, 1].
    pub alpha: f64,
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
    /// Whether event files for TensorBoard are written, too.
    pub tensorboard: bool,
}
