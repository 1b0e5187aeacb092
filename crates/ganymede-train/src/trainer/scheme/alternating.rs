//! Discriminator updates, then one generator update against the discriminator as it is then: the algorithm box of most
//! papers since Goodfellow et al. (2014, arXiv:1406.2661, algorithm 1).

use ganymede_models::read_table;
use serde::Deserialize;

use super::{Scheme, SchemeKind, SchemeSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::draws::DiscriminatorDraws;
use crate::trainer::measurements::Measurements;
use crate::trainer::players::Players;
use crate::trainer::section::Stateful;
use crate::trainer::terms::Part;

pub(super) static ALTERNATING: SchemeKind = SchemeKind {
    name: "alternating",
    summary: "n_critic discriminator updates, then one of the generator",
    read: |table| Ok(Box::new(read_table::<Alternating>(table)?)),
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Alternating {}

impl SchemeSpec for Alternating {
    fn refuses(&self, _: &Run) -> Option<String> {
        None
    }

    fn build(&self) -> Box<dyn Scheme> {
        Box::new(self.clone())
    }
}

impl Scheme for Alternating {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let (mut measured, last) = update_discriminator(players, step, measure)?;
        let real = last.into_iter().map(|draws| draws.real).collect();
        let draws = players.draw_generator_parts(step, real)?;
        let field = players.generator_field_of(&draws, Part::Loss, measure)?;
        let loss = players.watched(&field)?;
        players.critic.generator_updated(loss);
        measured.append(players.generator.learner.apply(field)?);
        players.regularise_generator(step, draws.into_iter().map(|draws| draws.real).collect())?;
        Ok(measured)
    }
}

impl Stateful for Alternating {}

/// The discriminator's updates of a step: what the last one measured, and was made with.
pub(super) fn update_discriminator(
    players: &mut Players,
    step: u64,
    measure: bool,
) -> Result<(Measurements, Vec<DiscriminatorDraws>), TrainError> {
    for i in 0.. {
        let may_be_last = players.critic.watches() || !players.critic.may_go_on(step, i);
        let draws = players.draw_discriminator_parts(step, i)?;
        let field = players.discriminator_field_of(&draws, Part::Loss, measure && may_be_last)?;
        let loss = players.watched(&field)?;
        let measured = players.apply_discriminator(&draws, field)?;
        players.regularise_discriminator(&draws)?;
        if !players.critic.updated(step, i, loss) {
            return Ok((measured, draws));
        }
    }
    unreachable!("the updates of a step have an end")
}
