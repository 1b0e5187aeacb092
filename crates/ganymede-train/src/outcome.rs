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
    },
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
