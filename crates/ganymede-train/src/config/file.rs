//! The run file exactly as it is typed: every key optional, names as strings, nothing checked but types.
//!
//! [`RunFile`] mirrors the TOML; [`crate::Run`] is what the rest of the program uses. Between the two
//! stands one fallible conversion, [`RunFile::resolve`], so that no other code meets a half-filled
//! configuration.

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// The schema number that this version writes into `run.toml`.
pub const RUN_SCHEMA: u32 = 1;

/// A run file as typed. Unknown keys are refused.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// Version of this file's format: 1.
    pub schema: Option<u32>,
    /// Name of the preset that the file builds on.
    pub preset: Option<String>,
    /// Gradient penalties on the discriminator, in order. An empty list turns the preset's off.
    pub penalty: Option<Vec<Table>>,
    /// Further terms of the players' losses, in order. An empty list turns the preset's off.
    pub term: Option<Vec<Table>>,
    /// What the run is, in words.
    #[serde(default, skip_serializing_if = "is_default")]
    pub about: AboutFile,
    /// Length, seed and machine.
    #[serde(default)]
    pub run: RunSection,
    /// Where the real samples come from.
    #[serde(default)]
    pub data: DataFile,
    /// The generator: `kind`, and the settings of that network ([`ganymede_models::GENERATORS`]).
    #[serde(default)]
    pub generator: Table,
    /// The discriminator, likewise ([`ganymede_models::DISCRIMINATORS`]).
    #[serde(default)]
    pub discriminator: Table,
    /// Weights that the networks begin with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub init: InitFile,
    /// Who moves when: `kind`, and the settings of that scheme.
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub scheme: Table,
    /// What is done to all that the discriminator sees: `kind`, and the settings of that augmentation
    /// ([`ganymede_augment::AugmentConfig`]).
    #[serde(default, skip_serializing_if = "Table::is_empty")]
    pub augment: Table,
    /// The adversarial loss.
    #[serde(default)]
    pub loss: LossFile,
    /// The update rules of both players.
    #[serde(default)]
    pub optimizer: OptimizersFile,
    /// The learning rates' course over the run.
    #[serde(default)]
    pub schedule: ScheduleFile,
    /// When networks that grow take which size.
    #[serde(default, skip_serializing_if = "is_default")]
    pub growth: GrowthFile,
    /// The averaged generator.
    #[serde(default)]
    pub ema: EmaFile,
    /// How often things are written.
    #[serde(default)]
    pub log: LogFile,
    /// How samples of images are measured.
    #[serde(default)]
    pub eval: EvalFile,
    /// How the run is watched.
    #[serde(default)]
    pub monitor: MonitorFile,
    /// When to stop early.
    #[serde(default)]
    pub limits: LimitsFile,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `[about]`: words for people; nothing is computed from them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AboutFile {
    /// One line: what is trained and how.
    pub summary: Option<String>,
    /// The paper that the settings follow.
    pub citation: Option<String>,
}

/// `[run]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSection {
    /// `stylegan2`: what is left out is as stylegan2-ada-pytorch chooses it from resolution and batch
    /// ([`ganymede_models::Stylegan2Auto`]); `none`: as it is for every network.
    pub auto: Option<String>,
    /// Seed of every random draw, 0 ..= 2⁶³ − 1.
    pub seed: Option<u64>,
    /// Generator updates. Give this or `kimg`.
    pub steps: Option<u64>,
    /// Length in thousands of real images shown to the discriminator. Give this or `steps`.
    pub kimg: Option<f64>,
    /// Samples a batch, for each player's update.
    pub batch: Option<usize>,
    /// `auto`, `cpu`, `cuda:N` or `metal`.
    pub device: Option<String>,
    /// Worker threads; 0: one a physical core.
    pub threads: Option<usize>,
    /// Names of warnings that are not to be given: each says its own in brackets.
    pub silence: Option<Vec<String>>,
}

/// `[data]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// A known data set's name, or a folder, a `.zip` or a `.tar` of images.
    pub name: Option<String>,
    /// Side of the images in pixels.
    pub resolution: Option<usize>,
    /// 1 grey, 3 colours; left out: as the data set has.
    pub channels: Option<usize>,
    /// How an image becomes square: `centre`, `pad` or `stretch`.
    pub crop: Option<String>,
    /// The part of a data set that has parts: `train`, `test` or `all`.
    pub split: Option<String>,
    /// Train on so many samples, drawn at random by the seed, and measure against all of them.
    pub subset: Option<usize>,
    /// Mirror images left to right at random.
    pub flip: Option<bool>,
    /// Refuse the data set when a file of it cannot be read, instead of skipping the file.
    pub strict: Option<bool>,
    /// A file of vectors, `.npy` or safetensors, that are the conditions of the images: floats (N, D), a row for each
    /// image in the order of the data set.
    pub vectors: Option<String>,
    /// Where an image that is the condition of each image comes from: `folders` (`A` and `B`, or `trainA` and `trainB`,
    /// with files of equal names), `side-by-side` (A and B in one file, twice as wide as high), `edges` (of the image
    /// itself) or `downsampled` (the image itself in a lower resolution).
    pub pairs: Option<String>,
    /// For `folders` and `side-by-side`, from which image to which: `AtoB` (A is the condition) or `BtoA`.
    pub direction: Option<String>,
    /// For `downsampled`, by how much each side is smaller: a power of two, 4 unless given.
    pub factor: Option<usize>,
    /// Random changes of real images alone, which the generator learns as well: `shift`, `crop`, `colour`, `cutout`. Those of
    /// `[augment]` it does not learn.
    pub augment: Option<Vec<String>>,
}

/// `[init]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitFile {
    /// The generator's weights: a checkpoint, a file of `ganymede export`, or one of another program.
    pub generator: Option<String>,
    /// The discriminator's, likewise.
    pub discriminator: Option<String>,
    /// How many of the discriminator's layers, those nearest to the image, keep their weights.
    pub freeze: Option<usize>,
}

/// `[loss]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossFile {
    /// An adversarial loss by name, such as `non-saturating`, `hinge` or `mmd`.
    pub kind: Option<String>,
    /// What the generator makes of the losses of several discriminators (`discriminator.members`): `mean`, `softmax` or `max`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<String>,
    /// With `softmax`: how much the harsher ones count for more; 0 is the mean, 1 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<f64>,
    /// The share of its samples, those with the best scores, that the generator learns from, above 0; a number or the table of
    /// its course; 1, all of them, unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_k: Option<Value>,
    /// Of `mmd` and `mmd-repulsive`: the kernel, `rational-quadratic` unless given, or `gaussian`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Likewise: the exponents or bandwidths of its mixture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scales: Option<Vec<f64>>,
    /// Likewise: how pairs of one side are counted, `unbiased` unless given, or `biased`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimator: Option<String>,
    /// Of `sinkhorn`: the weight of the entropy, in units of squared distances; 1 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// Likewise: iterations of both potentials; 20 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations: Option<usize>,
    /// Of `sliced-wasserstein`: lines that features are projected on, drawn anew in every update; 256 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directions: Option<usize>,
    /// Target of real samples in one-sided label smoothing; 1 is off, 0.9 usual.
    pub real_label: Option<f64>,
}

/// `[optimizer]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizersFile {
    /// Discriminator updates for each generator update: a whole number, or the table of its course.
    pub n_critic: Option<Value>,
    /// Make the next one of these only if the discriminator's loss changes more than so many times as fast as the
    /// generator's: 1 is usual; left out: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_critic_ratio: Option<f64>,
    /// Take a batch in so many parts, one after the other: less memory, and the same update.
    pub accumulate: Option<usize>,
    /// Clip every weight of the discriminator to ± this after its update; 0 is off.
    pub weight_clip: Option<f64>,
    /// Shorten the generator's gradient, over all of its parameters, to this norm where it is longer; 0 is off.
    pub clip_norm_g: Option<f64>,
    /// Likewise the discriminator's.
    pub clip_norm_d: Option<f64>,
    /// Draw both players back towards an average every so many steps; 0 is off.
    pub lookahead: Option<u64>,
    /// The part of the way from the average to the players that it goes then; 0.5 unless given.
    pub lookahead_alpha: Option<f64>,
    /// The generator's rule: `kind`, and the settings of that rule ([`ganymede_tensor::OptimizerConfig`]).
    #[serde(default)]
    pub generator: Table,
    /// The discriminator's rule, likewise.
    #[serde(default)]
    pub discriminator: Table,
}

/// `[schedule]`: a factor on both learning rates, from 1 on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleFile {
    /// `constant`, `linear`, `cosine`, `exponential`, `piecewise` or `warm-up`.
    pub kind: Option<String>,
    /// Linear, cosine, exponential: the step at which the rates begin to change.
    pub from_step: Option<u64>,
    /// Likewise: the step at which they have reached `final_factor`.
    pub to_step: Option<u64>,
    /// Likewise: what is left of the rates at the end.
    pub final_factor: Option<f64>,
    /// Piecewise: `[[step, factor], ...]`.
    pub points: Option<Vec<(u64, f64)>>,
    /// Warm-up: in how many steps the factor comes to 1.
    pub steps: Option<u64>,
}

/// `[growth]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowthFile {
    /// `none`: networks that could grow have their whole size from the start; `progressive`: they begin with small images.
    pub kind: Option<String>,
    /// The side of the first images in pixels: a power of two, 4 unless given.
    pub start: Option<usize>,
    /// Thousands of real images shown while a stage fades in.
    pub fade_kimg: Option<f64>,
    /// Thousands of real images shown while a stage is held.
    pub stable_kimg: Option<f64>,
    /// Samples a batch in each stage, the first one's first; the last entry holds for all stages beyond.
    pub batch: Option<Vec<usize>>,
    /// A factor on both learning rates in each stage, likewise.
    pub lr_factor: Option<Vec<f64>>,
    /// Steps from one movement of the fade to the next.
    pub repeats: Option<u64>,
    /// Begin both optimisers anew where a fade begins and where it ends.
    pub reset_optimizer: Option<bool>,
}

/// `[ema]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmaFile {
    /// Keep an averaged generator.
    pub enabled: Option<bool>,
    /// Share of the old average kept at each step, 0 ..< 1; a number, or the table of its course.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decay: Option<Value>,
    /// Average over fewer steps while few have been made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warmup: Option<bool>,
    /// In place of `decay`: thousands of real images after which half of the average is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_life_kimg: Option<f64>,
    /// With `half_life_kimg`: the half-life is no more than this share of the images shown so far; 0: it is what it is from
    /// the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rampup: Option<f64>,
}

/// `[log]`, the numbers in steps but for `samples`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFile {
    /// Steps between entries of `log.jsonl`.
    pub log_every: Option<u64>,
    /// Steps between sample pictures and curves; between metrics too, unless `eval.every` says otherwise.
    pub sample_every: Option<u64>,
    /// Steps between writes of `checkpoints/last.safetensors`.
    pub checkpoint_every: Option<u64>,
    /// Steps between checkpoints that are kept for good; 0: none.
    pub keep_every: Option<u64>,
    /// Samples in a picture.
    pub samples: Option<usize>,
    /// Whether event files for TensorBoard are written, too.
    pub tensorboard: Option<bool>,
}

/// `[eval]`: for images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvalFile {
    /// Steps between measurements.
    pub every: Option<u64>,
    /// The network whose features are compared: `fashion-cnn` (built in; the default at 32 pixels),
    /// `inception2015`, `dinov2-s`, `dinov2-b`, `dinov2-l`, `clip-vit-b32`, `vgg16` and the others of
    /// [`ganymede_metrics::EXTRACTORS`], or `none`.
    pub extractor: Option<String>,
    /// Measures by name ([`ganymede_metrics::MEASURES`]), such as `fid`, `kid`, `pr`, `class-agreement`; the first decides
    /// which checkpoint is best.
    pub metrics: Option<Vec<String>>,
    /// Generated samples, and real ones where there are as many.
    pub samples: Option<usize>,
    /// Passes whose statistics batch normalisation uses in the generator that is measured; 0: its running statistics.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing_statistics: Option<u64>,
}

/// `[monitor]`: what a run shows is looked at for what goes wrong with it ([`crate::monitor`]).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorFile {
    /// Look at all.
    pub enabled: Option<bool>,
    /// Steps between looks.
    pub every: Option<u64>,
    /// Samples of either side that a look compares.
    pub samples: Option<usize>,
    /// Updates by which either player answers the other at a thorough look; 0: none does.
    pub duality_gap: Option<u64>,
}

/// `[limits]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsFile {
    /// Stop, with a checkpoint, after so many minutes since the start or the resume; 0: never.
    pub minutes: Option<f64>,
}
