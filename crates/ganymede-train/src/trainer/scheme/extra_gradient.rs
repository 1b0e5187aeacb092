//! Both players look where a simultaneous update would take them, and move from where they stand by their gradients there
//! (Korpelevich, 1976; in GANs Gidel et al., 2018, arXiv:1802.10551, section 3.2): it damps the rotation that makes
//! simultaneous gradient descent diverge on a bilinear game.
//!
//! The same samples serve for both gradients, which Mishchenko et al. (2019, arXiv:1905.11373) find to be the better choice;
//! Gidel et al. draw anew. The look is a step of the update rule whose moments are not kept; theirs keeps them, so that their
//! Adam averages over both.

use ganymede_models::read_table;
use serde::Deserialize;

use super::simultaneous::{Both, refuses};
use super::{Scheme, SchemeKind, SchemeSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::players::Players;
use crate::trainer::section::Stateful;

pub(super) static EXTRA_GRADIENT: SchemeKind = SchemeKind {
    name: "extra-gradient",
    summary: "one update of each player, by the gradients where a first look takes both",
    read: |table| Ok(Box::new(read_table::<ExtraGradient>(table)?)),
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ExtraGradient {}

impl SchemeSpec for ExtraGradient {
    fn refuses(&self, run: &Run) -> Option<String> {
        refuses(run)
    }

    fn build(&self) -> Box<dyn Scheme> {
        Box::new(self.clone())
    }
}

impl Scheme for ExtraGradient {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let draws = Both::draw(players, step)?;
        let (field_d, field_g) = draws.fields(players, false)?;
        let there = draws.fields_ahead(players, [&field_d.gradients, &field_g.gradients], measure)?;
        draws.apply(players, step, there)
    }
}

impl Stateful for ExtraGradient {}
