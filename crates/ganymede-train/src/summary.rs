//! `summary.json`: how a run went, complete enough to be read without anything else.

use serde::Serialize;

use crate::monitor::Alert;
use crate::outcome::Outcome;
use crate::record::{Best, LogEntry, Metric};

/// The schema number that this version writes into `summary.json`.
pub const SUMMARY_SCHEMA: u32 = 1;

/// How a run went.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Version of this format.
    pub schema: u32,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How it went, in plain words.
    pub verdict: String,
    /// Generator updates made.
    pub step: u64,
    /// Generator updates asked for.
    pub steps: u64,
    /// The step that it was last resumed at, if it was.
    pub resumed_from: Option<u64>,
    /// Real samples shown to the discriminator.
    pub images: u64,
    /// Seconds of training, those before a resume included.
    pub seconds: f64,
    /// Real samples a second since the start or the last resume.
    pub images_per_second: f64,
    /// Share of the steps' time since then in which they waited for data, in [0, 1].
    pub data_wait: f64,
    /// The values of the last step that was measured: losses, scores, accuracies, gradient norms.
    pub last: Option<LogEntry>,
    /// What goes wrong with it at the end, the worst first; `alerts.jsonl` has what was raised and cleared before.
    pub alerts: Vec<Alert>,
    /// How good the samples of the last step are; those of the last step that was measured, where the run was stopped.
    pub metric: Option<Metric>,
    /// The best checkpoint; absent when nothing was measured at a regular step.
    pub best: Option<BestSummary>,
    /// What was run.
    pub run: RunSummary,
    /// Where things lie, from the run folder on.
    pub files: Files,
    /// What it was made with.
    pub versions: Versions,
}

/// The best checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BestSummary {
    /// Which one, and its score.
    #[serde(flatten)]
    pub best: Best,
    /// By what it is best.
    pub rule: String,
}

/// What was run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// The preset that it grew from.
    pub preset: Option<String>,
    /// The seed.
    pub seed: u64,
    /// The batch size N.
    pub batch: usize,
    /// Discriminator updates a step.
    pub n_critic: u64,
    /// Worker threads.
    pub threads: usize,
    /// Where it was computed.
    pub device: String,
    /// The data.
    pub data: DataSummary,
    /// The generator's weights.
    pub generator_parameters: usize,
    /// The discriminator's weights.
    pub discriminator_parameters: usize,
    /// Known traps in the configuration, and too few data.
    pub warnings: Vec<String>,
}

/// The data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataSummary {
    /// Its name.
    pub name: String,
    /// Samples.
    pub samples: usize,
    /// `[C, H, W]` or `[D]`.
    pub shape: Vec<usize>,
    /// SHA-256 of all that a model can see.
    pub content_hash: String,
    /// Files that could not be used.
    pub skipped_files: usize,
}

/// Where things lie, from the run folder on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Files {
    /// The configuration.
    pub config: String,
    /// The log.
    pub log: String,
    /// The metrics.
    pub metrics: String,
    /// What was raised and cleared.
    pub alerts: String,
    /// The clock's readings.
    pub timing: String,
    /// The curves.
    pub curves: String,
    /// The last picture.
    pub picture: Option<String>,
    /// The real samples.
    pub real: String,
    /// The last checkpoint.
    pub last: Option<String>,
    /// The best checkpoint.
    pub best: Option<String>,
}

/// What a run was made with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Versions {
    /// Of this program.
    pub ganymede: &'static str,
    /// Of the checkpoints' state.
    pub checkpoint_schema: u32,
    /// Of `run.toml`.
    pub run_schema: u32,
    /// The system and processor architecture.
    pub platform: String,
}

impl Summary {
    /// As JSON on one line.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a summary is plain data")
    }

    /// As JSON for people.
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).expect("a summary is plain data")
    }
}
