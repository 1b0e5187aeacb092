//! One-sided label smoothing.

use serde::{Deserialize, Serialize};

use crate::LossError;

/// One-sided label smoothing: the target of *real* samples is `real` instead of 1; the target of
/// generated samples stays 0.
///
/// With target `t`, the best critic is `D*(x) = t p_real(x) / (p_real(x) + p_fake(x))`, so that it
/// never learns to be surer than `t` where only real samples lie. Smoothing the fake side too would
/// put `p_fake` in the numerator and reward samples where there is no data, hence one side.
///
/// It applies to losses with labels: `minimax`, `non-saturating`, `least-squares`. The others
/// refuse any value but 1.
///
/// In a configuration: `real = 0.9`; absent, it is off.
///
/// # References
/// Salimans et al., 2016, arXiv:1606.03498, section 3.4. Differs: some programs smooth the real
/// label at random within a range, or smooth both sides; this is a constant on one side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelSmoothing {
    /// Target of real samples, in `(0, 1]`. 1 is off; 0.9 is usual.
    pub real: f64,
}

impl LabelSmoothing {
    /// No smoothing: real samples have target 1.
    pub const OFF: Self = Self { real: 1.0 };

    /// Whether the target of real samples is 1.
    #[must_use]
    pub fn is_off(self) -> bool {
        self.real == 1.0
    }

    /// Refuses a target outside `(0, 1]`.
    ///
    /// # Errors
    /// [`LossError::Parameter`] if `real` is not in `(0, 1]` or not a number.
    pub fn validate(self) -> Result<(), LossError> {
        if self.real > 0.0 && self.real <= 1.0 {
            return Ok(());
        }
        Err(LossError::Parameter {
            parameter: "label smoothing real",
            value: self.real,
            expected: "in (0, 1]; 1 is off, 0.9 is usual",
        })
    }
}

impl Default for LabelSmoothing {
    fn default() -> Self {
        Self::OFF
    }
}
