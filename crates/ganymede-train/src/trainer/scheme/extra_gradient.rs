//! Both players look where a simultaneous update would take them, and move from where they stand by their gradients there
//! (Korpelevich, 1976; in GANs Gidel et al., 2018, arXiv:1802.10551, section 3.2): it damps the rotation that makes
//! simultaneous gradient descent diverge on a bilinear game.
//!
//! The same samples serve for both gradients, which Mishchenko et al. (2019, arXiv:1905.11373) find to be the better choice;
//! Gidel et al. draw anew. The look is a step of the update rule whose moments are not kept; theirs keeps them, so that their
//! Adam averages over both.

use ganymede_tensor::Graph;

use super::{Scheme, SchemeKind, simultaneous};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::players::Players;
use crate::trainer::section::Stateful;
use crate::trainer::terms::Part;

pub(super) static EXTRA_GRADIENT: SchemeKind = SchemeKind {
    name: "extra-gradient",
    summary: "one update of each player, by the gradients where a first look takes both",
    refuses: simultaneous::refuses,
    build: || Box::new(ExtraGradient),
};

struct ExtraGradient;

impl Scheme for ExtraGradient {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let draws_d = players.draw_discriminator(step, 0)?;
        let draws_g = players.draw_generator(step, draws_d.real.clone())?;
        let fields = |players: &Players, measure: bool| {
            let d = players.discriminator_field(&draws_d, Part::Loss, Graph::Discard, measure)?;
            let g = players.generator_field(&draws_g, Part::Loss, Graph::Discard, measure)?;
            Ok::<_, TrainError>((d, g))
        };
        let (field_d, field_g) = fields(players, false)?;
        let from_d = players.discriminator.learner.look_ahead(&field_d)?;
        let from_g = players.generator.learner.look_ahead(&field_g)?;
        let there = fields(players, measure);
        // Also where something failed there.
        players.discriminator.learner.come_back(&from_d)?;
        players.generator.learner.come_back(&from_g)?;
        let (field_d, field_g) = there?;
        let mut measured = players.apply_discriminator(&draws_d, field_d)?;
        measured.append(players.generator.learner.apply(field_g)?);
        players.regularise_discriminator(&draws_d)?;
        players.regularise_generator(step, draws_g.real)?;
        Ok(measured)
    }
}

impl Stateful for ExtraGradient {}
