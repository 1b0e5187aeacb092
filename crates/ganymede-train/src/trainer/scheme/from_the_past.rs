//! As extra-gradient, but the look ahead follows the gradients of the step before, so that a step costs one gradient of each
//! player (Popov, 1980; in GANs Gidel et al., 2018, arXiv:1802.10551, algorithm 3, "extrapolation from the past").
//!
//! By plain gradient descent the points that are looked at move as those of optimistic gradient descent do:
//! x' ← x' − η (2F(x') − F(x'₋₁)). The first step, which has no past, is simultaneous.

use ganymede_models::read_table;
use ganymede_tensor::Tensor;
use serde::Deserialize;

use super::simultaneous::{Both, refuses};
use super::{Scheme, SchemeKind, SchemeSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::players::Players;
use crate::trainer::section::{Misfit, Saved, Section, Stateful};

pub(super) static FROM_THE_PAST: SchemeKind = SchemeKind {
    name: "extrapolation-from-the-past",
    summary: "one update of each player, by the gradients where those of the step before take both",
    read: |table| Ok(Box::new(read_table::<FromThePast>(table)?)),
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct FromThePast {}

impl SchemeSpec for FromThePast {
    fn refuses(&self, run: &Run) -> Option<String> {
        refuses(run)
    }

    fn build(&self) -> Box<dyn Scheme> {
        Box::new(Remembering { past: None })
    }
}

/// The gradients of the discriminator and of the generator in the step before.
struct Remembering {
    past: Option<[Vec<Tensor>; 2]>,
}

impl Scheme for Remembering {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let draws = Both::draw(players, step)?;
        let fields = match &self.past {
            None => draws.fields(players, measure)?,
            Some([past_d, past_g]) => draws.fields_ahead(players, [past_d, past_g], measure)?,
        };
        self.past = Some([fields.0.gradients.clone(), fields.1.gradients.clone()]);
        draws.apply(players, step, fields)
    }
}

const PLAYERS: [&str; 2] = ["d", "g"];

impl Stateful for Remembering {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        out.pair(PLAYERS, self.past.as_ref());
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        self.past = from.pair(PLAYERS, "the last gradients")?;
        Ok(())
    }
}
