//! The run file exactly as it is typed: every key optional, names as strings, nothing checked but types.
//!
//! [`RunFile`] mirrors the TOML; [`crate::Run`] is what the rest of the program uses. Between the two
//! stands one fallible conversion, [`RunFile::resolve`], so that no other code meets a half-filled
//! configuration.

use serde::{Deserialize, Serialize};

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
    pub penalty: Option<Vec<PenaltyFile>>,
    /// What the run is, in words.
    #[serde(default, skip_serializing_if = "is_default")]
    pub about: AboutFile,
    /// Length, seed and machine.
    #[serde(default)]
    pub run: RunSection,
    /// Where the real samples come from.
    #[serde(default)]
    pub data: DataFile,
    /// The generator's architecture.
    #[serde(default)]
    pub generator: NetworkFile,
    /// The discriminator's architecture.
    #[serde(default)]
    pub discriminator: NetworkFile,
    /// The adversarial loss.
    #[serde(default)]
    pub loss: LossFile,
    /// The update rules of both players.
    #[serde(default)]
    pub optimizer: OptimizersFile,
    /// The learning rates' course over the run.
    #[serde(default)]
    pub schedule: ScheduleFile,
    /// The averaged generator.
    #[serde(default)]
    pub ema: EmaFile,
    /// How often things are written.
    #[serde(default)]
    pub log: LogFile,
    /// How samples of images are measured.
    #[serde(default)]
    pub eval: EvalFile,
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
}

/// `[data]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// A known data set's name or a folder of images.
    pub name: Option<String>,
    /// Side of the images in pixels.
    pub resolution: Option<usize>,
    /// 1 grey, 3 colours; left out: as the data set has.
    pub channels: Option<usize>,
    /// How an image becomes square: `centre`, `pad` or `stretch`.
    pub crop: Option<String>,
    /// The part of a data set that has parts: `train`, `test` or `all`.
    pub split: Option<String>,
    /// Mirror images left to right at random.
    pub flip: Option<bool>,
    /// Refuse the data set when a file of it cannot be read, instead of skipping the file.
    pub strict: Option<bool>,
}

/// `[generator]` and `[discriminator]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkFile {
    /// `dcgan` for images, `mlp` for points of the plane.
    pub kind: Option<String>,
    /// Length of the latent vector (generator only).
    pub z_dim: Option<usize>,
    /// DCGAN: channels at half the resolution (`ngf`, `ndf`). MLP: units of a hidden layer.
    pub width: Option<usize>,
    /// DCGAN only: the largest multiple of `width` that a layer has.
    pub max_multiplier: Option<usize>,
    /// MLP only: hidden layers.
    pub layers: Option<usize>,
    /// DCGAN only: `none`, `batch`, `instance` or `layer`.
    pub norm: Option<String>,
    /// Discriminator only: spectral normalisation of every layer.
    pub spectral: Option<bool>,
    /// MLP only: `relu`, `leaky-relu`, `tanh`, `softplus` or `silu`.
    pub activation: Option<String>,
}

/// `[loss]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LossFile {
    /// An adversarial loss by name, such as `non-saturating` or `hinge`.
    pub kind: Option<String>,
    /// Target of real samples in one-sided label smoothing; 1 is off, 0.9 usual.
    pub real_label: Option<f64>,
}

/// One `[[penalty]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PenaltyFile {
    /// `wgan-gp`, `dragan`, `r1` or `r2`.
    pub kind: Option<String>,
    /// Weight of `wgan-gp` and `dragan`.
    pub lambda: Option<f64>,
    /// Norm that `wgan-gp` pulls the gradient to.
    pub target: Option<f64>,
    /// Size of `dragan`'s perturbation.
    pub c: Option<f64>,
    /// Weight γ of `r1` and `r2` in γ/2 · E‖∇D‖².
    pub gamma: Option<f64>,
    /// Apply on every such step only, times as strongly.
    pub interval: Option<u64>,
}

/// `[optimizer]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizersFile {
    /// Discriminator updates for each generator update.
    pub n_critic: Option<u64>,
    /// Clip every weight of the discriminator to ± this after its update; 0 is off.
    pub weight_clip: Option<f64>,
    /// The generator's rule.
    #[serde(default)]
    pub generator: OptimizerFile,
    /// The discriminator's rule.
    #[serde(default)]
    pub discriminator: OptimizerFile,
}

/// `[optimizer.generator]` and `[optimizer.discriminator]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimizerFile {
    /// `adam`, `rmsprop` or `sgd`.
    pub kind: Option<String>,
    /// Learning rate.
    pub lr: Option<f64>,
    /// Adam: decay of the first moment.
    pub beta1: Option<f64>,
    /// Adam: decay of the second moment.
    pub beta2: Option<f64>,
    /// Adam and RMSprop: added to the denominator.
    pub eps: Option<f64>,
    /// RMSprop: decay of the squared gradients' mean.
    pub alpha: Option<f64>,
    /// RMSprop and SGD: momentum.
    pub momentum: Option<f64>,
    /// RMSprop: divide by the standard deviation instead of the root mean square.
    pub centered: Option<bool>,
    /// SGD: Nesterov's momentum.
    pub nesterov: Option<bool>,
    /// L2 penalty added to the gradient.
    pub weight_decay: Option<f64>,
}

/// `[schedule]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleFile {
    /// `constant` or `linear`.
    pub kind: Option<String>,
    /// Linear: the step at which the rates begin to fall.
    pub from_step: Option<u64>,
    /// Linear: the step at which they have reached `final_factor`.
    pub to_step: Option<u64>,
    /// Linear: what is left of the rates at the end, 0 ..= 1.
    pub final_factor: Option<f64>,
}

/// `[ema]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmaFile {
    /// Keep an averaged generator.
    pub enabled: Option<bool>,
    /// Share of the old average kept at each step, 0 ..< 1.
    pub decay: Option<f64>,
    /// Average over fewer steps while few have been made.
    pub warmup: Option<bool>,
}

/// `[log]`, all in steps but `samples`.
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
}

/// `[eval]`: for images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvalFile {
    /// Steps between measurements.
    pub every: Option<u64>,
    /// The network whose features are compared: `fashion-cnn` (built in; the default at 32 pixels),
    /// `inception2015`, `dinov2-s`, `dinov2-b`, `dinov2-l`, or `none`.
    pub extractor: Option<String>,
    /// `fid`, `kid`, `is`, `precision-recall`, `density-coverage`; the first decides which checkpoint is best.
    pub metrics: Option<Vec<String>>,
    /// Generated samples, and real ones where there are as many.
    pub samples: Option<usize>,
}

/// `[limits]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsFile {
    /// Stop, with a checkpoint, after so many minutes since the start or the resume; 0: never.
    pub minutes: Option<f64>,
}
