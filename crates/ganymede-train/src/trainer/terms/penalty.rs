//! Penalties on the discriminator's gradient, some of them lazy.

use ganymede_losses::{LazyPenalty, Samples};
use ganymede_tensor::Tensor;

use super::{At, Term};
use crate::config::PenaltyConfig;
use crate::error::TrainError;
use crate::trainer::augment::Place;
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
        let (seen_as, place, said) = match penalty.looks_at_fake() {
            true => (at.fake, Place::Fake, at.said_fake),
            false => (at.real, Place::Real, at.said_real),
        };
        // A difference of two passes wants both to be the same function: what the discriminator has said counts if nothing of
        // it has moved since, and the other pass is then augmented by the same draws.
        let known = said.filter(|_| penalty.is_difference() && at.params.buffers().is_empty());
        let view = if known.is_some() { at.view.at(place) } else { at.view };
        let critic = |x: &Tensor| Ok(view.look_at(x, &seen_as.condition, LOOK)?.scores);
        let samples = Samples { real: &at.real.samples, fake: &at.fake.samples };
        let known = known.map(|said| &said.scores);
        let Some(term) = lazy.evaluate(at.update, &critic, samples, known, &mut at.noise.clone())? else {
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
