//! Unrolled GANs: the generator looks at the discriminator that `steps` more updates would make of the present one, and at how
//! its own samples would change those updates (Metz et al., 2016, arXiv:1611.02163, eq. 6 to 9).
//!
//! The updates are those of the discriminator's own rule, its moments included, on the last real samples and on the very
//! samples of the generator's update. Then the discriminator is where it was. A generator that leaves for one mode meets a
//! discriminator that has followed it.
//!
//! The gradient has two summands (eq. 9), each exact. The first is that of the generator's loss where the updates lead, in its
//! samples. The second is how the samples change the updates, times the gradient of the game's value *there*: the value is the
//! discriminator's whole loss taken negative, real samples and penalties included. Where the discriminator is at its best
//! that gradient is 0, so that the second summand is what is still to come of its answer. The generator's own loss in the place
//! of the value would be no such thing: the generator would be told to teach the discriminator to like its samples. For
//! `minimax` without penalties both summands together are the gradient of one function, f of eq. 6.
//!
//! With `first_order` the updates are looked at, and not differentiated: the first summand alone, at a fraction of the time
//! and memory. The paper's figure 1 (appendix) shows what the second summand adds.
//!
//! # Differs from reference implementations
//! The paper's program unrolls Adam from moments of 0 in each step; here they are those that the discriminator has. It updates
//! both players at once; here the discriminator's update comes first, as in `alternating`. It knows one loss, `minimax`.

use ganymede_models::read_table;
use ganymede_tensor::{Graph, Moments, Tensor, grad, watch};
use serde::Deserialize;
use toml::{Table, Value};

use super::alternating::update_discriminator;
use super::joint::dot;
use super::{Scheme, SchemeKind, SchemeSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::draws::{DiscriminatorDraws, GeneratorDraws};
use crate::trainer::fields::{Loss, weights};
use crate::trainer::maker::Fakes;
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
        self.differentiates_samples().then(|| {
            format!(
                "the penalty `{}` takes the generated samples as given, and the gradient has to go through them; use `r1` or \
                 `dragan`, or scheme.first_order = true",
                penalty.penalty.start().name()
            )
        })
    }

    fn differentiates_samples(&self) -> bool {
        !self.first_order && self.steps > 0
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
    ///
    /// The gradient goes back through one update after the other, each a graph of its own: a graph of all of them would be
    /// walked anew, from its end to the generator, for the gradient of each update.
    pub(super) fn look(
        &self,
        players: &Players,
        last: &DiscriminatorDraws,
        draws: &GeneratorDraws,
    ) -> Result<(Loss, Vec<Tensor>), TrainError> {
        let made = players.make(draws)?;
        let batch = Batch { samples: made.samples.detach(), condition: draws.condition.clone() };
        let fake = Fakes { batch, latents: &draws.latents };
        let (values, updates) = self.ahead(players, last, &fake)?;
        let params = players.discriminator.net.params();
        let weights = weights(players.generator.net.params());
        let (loss, mut gradients) = {
            let _bound = params.bind(&values)?;
            let loss = players.generator_loss(draws, &made, Part::Loss)?;
            let gradients = loss.gradients(&weights, Graph::Discard)?;
            (loss, gradients)
        };
        if updates.is_empty() {
            return Ok((loss, gradients));
        }
        let mut back = Back {
            in_values: risen(players, last, &fake, &values)?,
            in_moments: Vec::new(),
            in_samples: None,
        };
        for update in updates.into_iter().rev() {
            back = update.back(back)?;
        }
        if let Some(in_samples) = back.in_samples {
            let through = grad(&(&made.samples * in_samples)?, &refs(&weights), Graph::Discard)?;
            gradients = gradients.iter().zip(&through).map(|(a, b)| a + b).collect::<Result<_, _>>()?;
        }
        Ok((loss, gradients))
    }

    /// Where the updates lead that the discriminator would make, and these updates if they are to be differentiated.
    fn ahead(
        &self,
        players: &Players,
        last: &DiscriminatorDraws,
        fake: &Fakes<'_>,
    ) -> Result<(Vec<Tensor>, Vec<Update>), TrainError> {
        let learner = &players.discriminator.learner;
        let (mut values, mut moments) =
            (players.discriminator.net.params().snapshot()?, learner.optimizer.moments()?);
        let mut updates = Vec::new();
        for _ in 0..self.steps {
            let graph = if self.first_order { Graph::Discard } else { Graph::Create };
            let update = Update::make(players, last, fake, (&values, &moments), graph)?;
            values = update.values.iter().map(Tensor::detach).collect();
            moments = update.moments.detach();
            if !self.first_order {
                updates.push(update);
            }
        }
        Ok((values, updates))
    }
}

/// The gradient of the game's value, which is the discriminator's whole loss taken negative, in the discriminator's values.
fn risen(
    players: &Players,
    last: &DiscriminatorDraws,
    fake: &Fakes<'_>,
    values: &[Tensor],
) -> Result<Vec<Tensor>, TrainError> {
    let values = values.iter().map(watch).collect::<Result<Vec<_>, _>>()?;
    let _bound = players.discriminator.net.params().bind(&values)?;
    let loss = players.discriminator_loss(last, fake, Part::Loss, LOOK)?;
    let gradients = loss.gradients(&values, Graph::Discard)?;
    Ok(gradients.iter().map(Tensor::neg).collect::<Result<_, _>>()?)
}

/// An update of the discriminator to come, as a function of where it begins and of the samples that it looks at.
struct Update {
    from_values: Vec<Tensor>,
    from_moments: Moments,
    samples: Tensor,
    values: Vec<Tensor>,
    moments: Moments,
}

/// The gradient of the generator's loss in the values and moments that an update leads to, and what the updates behind it say
/// of the samples.
struct Back {
    in_values: Vec<Tensor>,
    /// None behind the last update: the value does not know of moments.
    in_moments: Vec<Tensor>,
    in_samples: Option<Tensor>,
}

impl Update {
    fn make(
        players: &Players,
        last: &DiscriminatorDraws,
        fake: &Fakes<'_>,
        (values, moments): (&[Tensor], &Moments),
        graph: Graph,
    ) -> Result<Self, TrainError> {
        let from_values = values.iter().map(watch).collect::<Result<Vec<_>, _>>()?;
        // Without its gradient nothing is asked of the moments and the samples.
        let (from_moments, samples) = match graph {
            Graph::Create => (moments.watch()?, watch(&fake.batch.samples)?),
            Graph::Discard => (moments.clone(), fake.batch.samples.clone()),
        };
        let batch = Batch { samples: samples.clone(), condition: fake.batch.condition.clone() };
        let fake = Fakes { batch, latents: fake.latents };
        let _bound = players.discriminator.net.params().bind(&from_values)?;
        let loss = players.discriminator_loss(last, &fake, Part::Loss, LOOK)?;
        let gradients = loss.gradients(&from_values, graph)?;
        let (values, moments) =
            players.discriminator.learner.propose(&from_values, &gradients, &from_moments)?;
        Ok(Self { from_values, from_moments, samples, values, moments })
    }

    /// From behind the update to before it.
    fn back(&self, behind: Back) -> Result<Back, TrainError> {
        let there = [&self.values[..], &self.moments.tensors().concat()].concat();
        let sum = dot(&there, &[behind.in_values, behind.in_moments].concat())?;
        let from_moments = self.from_moments.tensors().concat();
        let asked = [&self.from_values[..], &from_moments, std::slice::from_ref(&self.samples)].concat();
        let mut in_values = grad(&sum, &refs(&asked), Graph::Discard)?;
        let mut in_moments = in_values.split_off(self.from_values.len());
        let in_samples = in_moments.pop();
        let in_samples = match (behind.in_samples, in_samples) {
            (Some(a), Some(b)) => Some((a + b)?),
            (a, b) => a.or(b),
        };
        Ok(Back { in_values, in_moments, in_samples })
    }
}

fn refs(tensors: &[Tensor]) -> Vec<&Tensor> {
    tensors.iter().collect()
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
