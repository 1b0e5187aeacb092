//! A start by a condition.

use serde::{Deserialize, Serialize};

use crate::LossError;
use crate::error::check_non_negative;

/// Starts an adversarial term once a loss, such as that of the reconstruction, has been low for a while.
///
/// A moving average of the loss, `a ← d a + (1 − d) loss`, begins at the first loss. Once it has been at or below the threshold for
/// `steps` losses in a row the term starts, and it never stops again: what the term does to the loss is no reason to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Onset {
    /// What the average has to come down to, at least 0.
    pub threshold: f64,
    /// What is left of the average a step later, in `[0, 1)`; 0 is no average at all.
    pub decay: f64,
    /// How many steps in a row, at least 1.
    pub steps: u64,
}

/// How far an [`Onset`] has come, which the caller keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnsetState {
    /// The average, once there has been a loss.
    pub average: Option<f64>,
    /// Steps in a row that the average has been low.
    pub low: u64,
    /// Whether the term has started.
    pub started: bool,
}

impl Onset {
    /// Refuses settings that are out of range.
    ///
    /// # Errors
    /// [`LossError::Parameter`], naming the setting.
    pub fn validate(self) -> Result<(), LossError> {
        check_non_negative("onset threshold", self.threshold)?;
        if !(0.0..1.0).contains(&self.decay) {
            let (parameter, expected) = ("onset decay", "at least 0, below 1");
            return Err(LossError::Parameter { parameter, value: self.decay, expected });
        }
        if self.steps == 0 {
            let (parameter, expected) = ("onset steps", "1 or more");
            return Err(LossError::Parameter { parameter, value: 0.0, expected });
        }
        Ok(())
    }

    /// The state after one more loss. One that is no number counts as not low, and does not enter the average.
    #[must_use]
    pub fn observe(self, state: OnsetState, loss: f64) -> OnsetState {
        if !loss.is_finite() {
            return OnsetState { low: 0, ..state };
        }
        let average = match state.average {
            None => loss,
            Some(before) => self.decay * before + (1.0 - self.decay) * loss,
        };
        let low = if average <= self.threshold { state.low.saturating_add(1) } else { 0 };
        OnsetState { average: Some(average), low, started: state.started || low >= self.steps }
    }
}
