//! Penalties on the discriminator's gradient, some of them lazy.

use ganymede_losses::{LazyPenalty, Samples};
use ganymede_tensor::Tensor;

use super::{At, Term};
use crate::config::PenaltyConfig;
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;
use crate::trainer::view::LOOK;

/// The name of a penalty's mean value among what is held of it.
pub(super) const VALUE: &str = "value";
/// The name of the mean gradient norm that it saw.
const NORM: &str = "norm";

/// A penalty, due at some of the discriminator's updates: see [`LazyPenalty`].
pub(super) struct PenaltyTerm {
    config: PenaltyConfig,
}

impl PenaltyTerm {
    pub(super) fn new(config: PenaltyConfig) -> Self {
        Self { config }
    }
}

impl Term for PenaltyTerm {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let penalty = self.config.penalty.at(at.step);
        let lazy = LazyPenalty { penalty, interval: self.config.interval };
        let seen_as = if penalty.looks_at_fake() { at.fake } else { at.real };
        let critic = |x: &Tensor| Ok(at.view.look_at(x, &seen_as.condition, LOOK)?.scores);
        let samples = Samples { real: &at.real.samples, fake: &at.fake.samples };
        let Some(term) = lazy.evaluate(at.update, &critic, samples, &mut at.noise.clone())? else {
            return Ok(None);
        };
        out.add(VALUE, &term.value.mean_all()?);
        out.add(NORM, &term.grad_norm.mean_all()?);
        Ok(Some(term.value))
    }

    fn own_interval(&self) -> Option<u64> {
        self.config.own_update.then_some(self.config.interval)
    }
}

impl Stateful for PenaltyTerm {}
