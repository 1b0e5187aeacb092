//! Both players move at once, each by its gradient at the point where both stand: the gradient descent of the theory
//! (Mescheder et al., 2017, arXiv:1705.10461, section 2; Nowozin et al., 2016, arXiv:1606.00709, algorithm 1).

use ganymede_tensor::Graph;

use super::{Scheme, SchemeKind};
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
    refuses,
    build: || Box::new(Simultaneous),
};

/// Why players that move at once cannot make so many updates of the discriminator.
pub(super) fn refuses(n_critic: u64) -> Option<String> {
    let reason =
        || format!("players that move at once make one update each, and optimizer.n_critic is {n_critic}");
    (n_critic != 1).then(reason)
}

struct Simultaneous;

impl Scheme for Simultaneous {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let draws = Both::draw(players, step)?;
        let fields = draws.fields(players, measure)?;
        draws.apply(players, step, fields)
    }
}

/// The draws of both players for one step that they make at once.
pub(super) struct Both {
    discriminator: DiscriminatorDraws,
    generator: GeneratorDraws,
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

    /// Moves both by their fields, and by the terms that have updates of their own.
    pub(super) fn apply(
        self,
        players: &mut Players,
        step: u64,
        (field_d, field_g): (Field, Field),
    ) -> Result<Measurements, TrainError> {
        let mut measured = players.apply_discriminator(&self.discriminator, field_d)?;
        measured.append(players.generator.learner.apply(field_g)?);
        players.regularise_discriminator(&self.discriminator)?;
        players.regularise_generator(step, self.generator.real)?;
        Ok(measured)
    }
}

impl Stateful for Simultaneous {}
