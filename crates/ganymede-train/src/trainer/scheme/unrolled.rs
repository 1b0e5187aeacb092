//! Unrolled GANs: the generator looks at the discriminator that `steps` more updates would make of the present one, and at how
//! its own samples would change those updates (Metz et al., 2016, arXiv:1611.02163, eq. 6 to 9).
//!
//! The updates are those of the discriminator's own rule, its moments included, on the last real samples and on the very
//! samples of the generator's update. The gradient goes through all of them, exactly. Then the discriminator is where it was.
//! A generator that leaves for one mode meets a discriminator that has followed it.
//!
//! With `first_order` the updates are looked at, and not differentiated: the first summand of eq. 9 alone, at a fraction of
//! the memory. The paper's figure 1 (appendix) shows what the second summand adds.
//!
//! # Differs from reference implementations
//! The paper's program unrolls Adam from moments of 0 in each step; here they are those that the discriminator has. It updates
//! both players at once; here the discriminator's update comes first, as in `alternating`.

use ganymede_models::read_table;
use ganymede_tensor::{Graph, Tensor, watch};
use serde::Deserialize;
use toml::{Table, Value};

use super::alternating::update_discriminator;
use super::{Scheme, SchemeKind, SchemeSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::draws::{DiscriminatorDraws, GeneratorDraws};
use crate::trainer::fields::{Loss, weights};
use crate::trainer::measurements::Measurements;
use crate::trainer::players::Players;
use crate::trainer::section::Stateful;
use crate::trainer::terms::Part;
use crate::trainer::view::{Batch, LOOK};

pub(super) static UNROLLED: SchemeKind = SchemeKind {
    name: "unrolled",
    summary: "as alternating, but the generator sees what its samples would make of the discriminator",
    read: |table| Ok(Box::new(read_table::<Unrolled>(table)?)),
};

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Unrolled {
    /// Updates of the discriminator that the generator looks ahead; 0: none.
    steps: u64,
    /// Whether these are taken as they are, without their gradient.
    first_order: bool,
}

impl Default for Unrolled {
    fn default() -> Self {
        Self { steps: 5, first_order: false }
    }
}

impl SchemeSpec for Unrolled {
    fn refuses(&self, run: &Run) -> Option<String> {
        let penalty = run.penalties.iter().find(|penalty| penalty.looks_at_generated())?;
        (!self.first_order && self.steps > 0).then(|| {
            format!(
                "the penalty `{}` takes the generated samples as given, and the gradient has to go through them; use `r1` or \
                 `dragan`, or scheme.first_order = true",
                penalty.penalty.start().name()
            )
        })
    }

    fn build(&self) -> Box<dyn Scheme> {
        Box::new(self.clone())
    }

    fn write(&self) -> Table {
        let steps = i64::try_from(self.steps).unwrap_or(i64::MAX);
        Table::from_iter([
            ("steps".to_owned(), Value::Integer(steps)),
            ("first_order".to_owned(), Value::Boolean(self.first_order)),
        ])
    }
}

impl Unrolled {
    /// The generator's loss against the discriminator to come, and its gradient.
    pub(super) fn look(
        &self,
        players: &Players,
        last: &DiscriminatorDraws,
        draws: &GeneratorDraws,
    ) -> Result<(Loss, Vec<Tensor>), TrainError> {
        let made = players.make(draws)?;
        let samples = if self.first_order { made.samples.detach() } else { made.samples.clone() };
        let fake = Batch { samples, condition: draws.condition.clone() };
        let graph = if self.first_order { Graph::Discard } else { Graph::Create };
        let learner = &players.discriminator.learner;
        let params = players.discriminator.net.params();
        let (mut values, mut moments) = (params.snapshot()?, learner.optimizer.moments()?);
        for _ in 0..self.steps {
            let at = values.iter().map(watch).collect::<ganymede_tensor::Result<Vec<_>>>()?;
            let bound = params.bind(&at)?;
            let loss = players.discriminator_loss(last, &fake, Part::Loss, LOOK)?;
            let gradients = loss.gradients(&at, graph)?;
            drop(bound);
            (values, moments) = learner.propose(&at, &gradients, &moments)?;
            if self.first_order {
                values = values.iter().map(Tensor::detach).collect();
                moments = moments.detach();
            }
        }
        let _bound = params.bind(&values)?;
        let loss = players.generator_loss(draws, &made, Part::Loss)?;
        let gradients = loss.gradients(&weights(players.generator.net.params()), Graph::Discard)?;
        Ok((loss, gradients))
    }
}

impl Scheme for Unrolled {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let (mut measured, mut last) = update_discriminator(players, step, measure)?;
        let last = last.remove(0);
        let draws = players.draw_generator(step, last.real.clone())?;
        let field = players.generator_field_by(measure, || self.look(players, &last, &draws))?;
        let loss = players.watched(&field)?;
        players.critic.generator_updated(loss);
        measured.append(players.generator.learner.apply(field)?);
        players.regularise_generator(step, vec![draws.real])?;
        Ok(measured)
    }
}

impl Stateful for Unrolled {}

#[cfg(test)]
mod tests;
