//! When either side of an adversarial term begins.

use serde::{Deserialize, Serialize};

use crate::LossError;

/// Starts by step: the discriminator is trained from `d_start` on, and the generator (the autoencoder, the codec) hears it
/// from `g_start` on, with a weight that rises over `ramp` steps.
///
/// # References
/// Esser et al., 2021, arXiv:2012.09841 (VQGAN), whose program starts both at `disc_start`, so that the discriminator has
/// learned nothing when the decoder first hears it. RAE (Zheng et al., 2025, arXiv:2510.11690) trains it for two epochs
/// before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// The first step, counted from 0, in which the discriminator is updated.
    pub d_start: u64,
    /// The first step in which the generator has the term; not before `d_start`.
    pub g_start: u64,
    /// Steps from there to the whole weight; 0 is the whole weight at once.
    pub ramp: u64,
}

impl WarmUp {
    /// Refuses a generator that would hear a discriminator before it is trained at all.
    ///
    /// # Errors
    /// [`LossError::Parameter`], naming the setting.
    pub fn validate(self) -> Result<(), LossError> {
        if self.g_start >= self.d_start {
            return Ok(());
        }
        let (parameter, expected) = ("warm-up g_start", "at least d_start");
        Err(LossError::Parameter { parameter, value: self.g_start as f64, expected })
    }

    /// Whether the discriminator is updated in this step.
    #[must_use]
    pub fn discriminator(self, step: u64) -> bool {
        step >= self.d_start
    }

    /// What the generator's term is multiplied by in this step: 0 before `g_start`, 1 from `g_start + ramp` on, and on a
    /// line in between, above 0 from its first step on.
    #[must_use]
    pub fn generator(self, step: u64) -> f64 {
        match step.checked_sub(self.g_start) {
            None => 0.0,
            Some(since) if since >= self.ramp => 1.0,
            Some(since) => (since as f64 + 1.0) / (self.ramp as f64 + 1.0),
        }
    }
}
