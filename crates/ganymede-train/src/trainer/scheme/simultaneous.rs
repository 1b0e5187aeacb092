//! Both players move at once, each by its gradient at the point where both stand: the gradient descent of the theory
//! (Mescheder et al., 2017, arXiv:1705.10461, section 2; Nowozin et al., 2016, arXiv:1606.00709, algorithm 1).

use ganymede_models::read_table;
use ganymede_tensor::{Graph, Tensor};
use serde::Deserialize;

use super::{Scheme, SchemeKind, SchemeSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::draws::{DiscriminatorDraws, GeneratorDraws};
use crate::trainer::measurements::Measurements;
use crate::trainer::player::Field;
use crate::trainer::players::Players;
use crate::trainer::section::Stateful;
use crate::trainer::terms::Part;

pub(super) static SIMULTANEOUS: SchemeKind = SchemeKind {
    name: "simultaneous",
    summary: "one update of each player, both from the point where they stand",
    read: |table| Ok(Box::new(read_table::<Simultaneous>(table)?)),
};

/// Why players that move at once cannot make as many updates of the discriminator.
pub(super) fn refuses(run: &Run) -> Option<String> {
    let most = run.n_critic.most;
    let reason =
        || format!("players that move at once make one update each, and optimizer.n_critic is {most}");
    (most != 1).then(reason)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Simultaneous {}

impl SchemeSpec for Simultaneous {
    fn refuses(&self, run: &Run) -> Option<String> {
        refuses(run)
    }

    fn build(&self) -> Box<dyn Scheme> {
        Box::new(self.clone())
    }
}

impl Scheme for Simultaneous {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let draws = Both::draw(players, step)?;
        let fields = draws.fields(players, measure)?;
        draws.apply(players, step, fields)
    }
}

/// The draws of both players for one step that they make at once.
pub(super) struct Both {
    pub(super) discriminator: DiscriminatorDraws,
    pub(super) generator: GeneratorDraws,
}

impl Both {
    pub(super) fn draw(players: &mut Players, step: u64) -> Result<Self, TrainError> {
        let discriminator = players.draw_discriminator(step, 0)?;
        let generator = players.draw_generator(step, discriminator.real.clone())?;
        Ok(Self { discriminator, generator })
    }

    /// The fields of the discriminator and of the generator where both stand.
    pub(super) fn fields(&self, players: &Players, measure: bool) -> Result<(Field, Field), TrainError> {
        let d = players.discriminator_field(&self.discriminator, Part::Loss, Graph::Discard, measure)?;
        let g = players.generator_field(&self.generator, Part::Loss, Graph::Discard, measure)?;
        Ok((d, g))
    }

    /// The fields where updates by such gradients, of the discriminator and of the generator, would take both. They stay where
    /// they are, also where something fails there.
    pub(super) fn fields_ahead(
        &self,
        players: &Players,
        [by_d, by_g]: [&[Tensor]; 2],
        measure: bool,
    ) -> Result<(Field, Field), TrainError> {
        let from_d = players.discriminator.learner.look_ahead(by_d)?;
        let from_g = players.generator.learner.look_ahead(by_g)?;
        let there = self.fields(players, measure);
        players.discriminator.learner.come_back(&from_d)?;
        players.generator.learner.come_back(&from_g)?;
        there
    }

    /// Moves both by their fields, and by the terms that have updates of their own.
    pub(super) fn apply(
        self,
        players: &mut Players,
        step: u64,
        (field_d, field_g): (Field, Field),
    ) -> Result<Measurements, TrainError> {
        let mut measured = players.apply_discriminator(std::slice::from_ref(&self.discriminator), field_d)?;
        measured.append(players.generator.learner.apply(field_g)?);
        players.regularise_discriminator(std::slice::from_ref(&self.discriminator))?;
        players.regularise_generator(step, vec![self.generator.real])?;
        Ok(measured)
    }
}

impl Stateful for Simultaneous {}
