//! Discriminator updates, then one generator update against the discriminator as it is then: the algorithm box of most
//! papers since Goodfellow et al. (2014, arXiv:1406.2661, algorithm 1).

use ganymede_tensor::Graph;

use super::{Scheme, SchemeKind};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::players::Players;
use crate::trainer::section::Stateful;
use crate::trainer::terms::Part;

pub(super) static ALTERNATING: SchemeKind = SchemeKind {
    name: "alternating",
    summary: "n_critic discriminator updates, then one of the generator",
    refuses: |_| None,
    build: || Box::new(Alternating),
};

struct Alternating;

impl Scheme for Alternating {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let mut measured = Measurements::default();
        let mut real = None;
        for i in 0..players.n_critic {
            let measure = measure && i + 1 == players.n_critic;
            let draws = players.draw_discriminator(step, i)?;
            let field = players.discriminator_field(&draws, Part::Loss, Graph::Discard, measure)?;
            measured = players.apply_discriminator(&draws, field)?;
            players.regularise_discriminator(&draws)?;
            real = Some(draws.real);
        }
        let real = real.expect("n_critic is at least 1");
        let draws = players.draw_generator(step, real)?;
        let field = players.generator_field(&draws, Part::Loss, Graph::Discard, measure)?;
        measured.append(players.generator.learner.apply(field)?);
        players.regularise_generator(step, draws.real)?;
        Ok(measured)
    }
}

impl Stateful for Alternating {}
