//! How many updates the discriminator makes in a step: as many always, by a course, or as many as it needs.
//!
//! With a ratio λ it goes on while its loss changes faster than λ times the generator's: |L − L₋₁| / |L₋₁| of the last two
//! updates of each (Ouyang and Agarwal, 2020, arXiv:2008.12463, section 3, with λ = 1). There a step is an update of one or
//! the other; here the generator makes one in every step, after at least one of the discriminator and at most as many as the
//! course says.

use super::section::{Misfit, Saved, Section, Stateful};
use crate::config::NCritic;

/// The updates of a step, and what they depend on.
pub(crate) struct CriticUpdates {
    plan: NCritic,
    /// Updates made so far, where a step does not tell.
    made: u64,
    discriminator: Change,
    generator: Change,
}

/// How fast a loss changes.
#[derive(Clone, Copy, Default)]
struct Change {
    last: Option<f64>,
    /// Relative to the loss before; nothing before the second update.
    relative: Option<f64>,
}

impl Change {
    fn see(&mut self, loss: f64) {
        self.relative = self.last.map(|last| (loss - last).abs() / last.abs().max(f64::MIN_POSITIVE));
        self.last = Some(loss);
    }
}

impl CriticUpdates {
    pub(crate) fn new(plan: NCritic) -> Self {
        Self { plan, made: 0, discriminator: Change::default(), generator: Change::default() }
    }

    /// The number of update `i` of a step, from the first one of the run on.
    pub(crate) fn number(&self, step: u64, i: u64) -> u64 {
        if self.plan.is_fixed() { step * self.plan.most + i } else { self.made }
    }

    /// Whether a loss of either is to be seen.
    pub(crate) fn watches(&self) -> bool {
        self.plan.ratio.is_some()
    }

    /// After update `i` of a step: whether there is another, where losses need not be known for that.
    pub(crate) fn may_go_on(&self, step: u64, i: u64) -> bool {
        i + 1 < self.plan.at(step)
    }

    /// An update was made, with such a loss where it was asked for; whether there is another after it.
    pub(crate) fn updated(&mut self, step: u64, i: u64, loss: Option<f64>) -> bool {
        self.made += 1;
        if let Some(loss) = loss {
            self.discriminator.see(loss);
        }
        let needs = match (self.plan.ratio, self.discriminator.relative, self.generator.relative) {
            (Some(ratio), Some(d), Some(g)) => d > ratio * g,
            _ => true,
        };
        self.may_go_on(step, i) && needs
    }

    /// The generator made an update.
    pub(crate) fn generator_updated(&mut self, loss: Option<f64>) {
        if let Some(loss) = loss {
            self.generator.see(loss);
        }
    }
}

impl Stateful for CriticUpdates {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        if !self.plan.is_fixed() {
            out.fact("made", &self.made);
        }
        if self.watches() {
            // By their bits: text would have to give back the same number.
            let bits = |change: Change| [change.last, change.relative].map(|x| x.map(f64::to_bits));
            out.fact("losses", &[bits(self.discriminator), bits(self.generator)]);
        }
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        if !self.plan.is_fixed() {
            self.made = from.fact("made")?;
        }
        if self.watches() {
            let bits: [[Option<u64>; 2]; 2] = from.fact("losses")?;
            let [d, g] = bits.map(|of| {
                let [last, relative] = of.map(|x| x.map(f64::from_bits));
                Change { last, relative }
            });
            (self.discriminator, self.generator) = (d, g);
        }
        Ok(())
    }
}
