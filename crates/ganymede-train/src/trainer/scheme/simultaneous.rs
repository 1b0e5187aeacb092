//! Both players move at once, each by its gradient at the point where both stand: the gradient descent of the theory
//! (Mescheder et al., 2017, arXiv:1705.10461, section 2; Nowozin et al., 2016, arXiv:1606.00709, algorithm 1).

use ganymede_tensor::Graph;

use super::{Scheme, SchemeKind};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
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
        let draws_d = players.draw_discriminator(step, 0)?;
        let draws_g = players.draw_generator(step, draws_d.real.clone())?;
        let field_d = players.discriminator_field(&draws_d, Part::Loss, Graph::Discard, measure)?;
        let field_g = players.generator_field(&draws_g, Part::Loss, Graph::Discard, measure)?;
        let mut measured = players.apply_discriminator(&draws_d, field_d)?;
        measured.append(players.generator.learner.apply(field_g)?);
        players.regularise_discriminator(&draws_d)?;
        players.regularise_generator(step, draws_g.real)?;
        Ok(measured)
    }
}

impl Stateful for Simultaneous {}
