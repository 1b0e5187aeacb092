//! How a run ended. Divergence is a result, not an error.

use serde::Serialize;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// All steps were made.
    Completed,
    /// It was stopped before its last step, with a checkpoint to go on from.
    Stopped {
        /// What stopped it.
        reason: StopReason,
    },
    /// A value that is not a finite number appeared; the last good checkpoint was kept.
    Diverged {
        /// The step at which it was seen; it began at most `log_every` steps earlier.
        #[serde(rename = "diverged_at")]
        step: u64,
        /// Which value, in words.
        cause: String,
        /// Where the first value that was none came from, if playing the steps since the last checkpoint again has shown it.
        #[serde(skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
    },
}

/// Where the first value came from that was not a finite number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Origin {
    /// The step that was being made.
    pub step: u64,
    /// `generator` or `discriminator`: whose update it was.
    pub player: &'static str,
    /// `samples`, `loss`, `gradient` or `update`: what of it.
    pub part: &'static str,
    /// The parameter that the value belongs to, or that went into it last; with the network in front, as in
    /// `discriminator.main.0.weight`.
    pub parameter: Option<String>,
    /// The term of the loss that it is, as `wgan-gp`, where the adversarial loss itself was finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// In a sentence.
    pub words: String,
}

/// What stopped a run early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// The observer asked for it: a person pressed Ctrl-C.
    Requested,
    /// `limits.minutes` were over.
    TimeLimit,
}
