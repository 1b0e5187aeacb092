//! Lazy regularisation: a penalty on every k-th step only.

use ganymede_tensor::{Rng, Tensor};

use crate::{Critic, LossError, Penalty, PenaltyTerm, Samples};

/// A penalty that is computed on steps 0, k, 2k, … and multiplied by k there, so that its average
/// over steps is that of the penalty itself at a k-th of the cost.
///
/// # References
/// Karras et al., 2020, arXiv:1912.04958, section 3.1 (lazy regularisation; 16 for R1).
///
/// # Differs from reference implementations
/// StyleGAN2 takes the penalty as an optimiser step of its own and, with `s = k / (k + 1)`, scales
/// Adam's learning rate by s and its betas to the power s to make up for it. Here the term joins
/// the loss of an ordinary step, there is no extra step, and optimiser settings stay as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LazyPenalty {
    /// Steps from one evaluation to the next, at least 1; 1 is every step.
    pub interval: u64,
    /// What is evaluated.
    pub penalty: Penalty,
}

impl LazyPenalty {
    /// A penalty on every step.
    #[must_use]
    pub fn every_step(penalty: Penalty) -> Self {
        Self { interval: 1, penalty }
    }

    /// Refuses an interval of 0 and what [`Penalty::validate`] refuses.
    ///
    /// # Errors
    /// [`LossError::Parameter`], naming the setting.
    pub fn validate(self) -> Result<(), LossError> {
        if self.interval == 0 {
            return Err(LossError::Parameter {
                parameter: "penalty interval",
                value: 0.0,
                expected: "at least 1; 1 is every step",
            });
        }
        self.penalty.validate()
    }

    /// Whether the penalty is evaluated on this step (counted from 0).
    #[must_use]
    pub fn is_due(self, step: u64) -> bool {
        step.is_multiple_of(self.interval)
    }

    /// `interval` times the penalty on a step where it is due, else nothing (and no random draw).
    ///
    /// The logged norm is not multiplied. Arguments and errors as in [`Penalty::evaluate_knowing`].
    ///
    /// # Errors
    /// Those of [`validate`](Self::validate) and [`Penalty::evaluate_knowing`].
    pub fn evaluate(
        self,
        step: u64,
        critic: &Critic<'_>,
        samples: Samples<'_>,
        known: Option<&Tensor>,
        rng: &mut Rng,
    ) -> Result<Option<PenaltyTerm>, LossError> {
        self.validate()?;
        if !self.is_due(step) {
            return Ok(None);
        }
        let PenaltyTerm { value, grad_norm } = self.penalty.evaluate_knowing(critic, samples, known, rng)?;
        let value = (value * self.interval as f64)?;
        Ok(Some(PenaltyTerm { value, grad_norm }))
    }
}
