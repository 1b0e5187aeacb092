//! Lookahead for games (Chavdarova et al., 2020, arXiv:2006.14567, algorithm 1): every k steps both players go back part of the
//! way towards where they last did so, w̃ ← w̃ + α (w − w̃), w ← w̃, both at once. What circles around a point is drawn inwards.
//!
//! The optimisers' moments and the networks' buffers stay as they are, as in the paper's program.

use ganymede_tensor::{Params, Tensor};

use super::section::{Misfit, Saved, Section, Stateful};
use crate::config::Lookahead;
use crate::error::TrainError;

/// The slow weights of both players.
pub(crate) struct SlowWeights {
    settings: Option<Lookahead>,
    /// Those of the generator and of the discriminator, in order of creation; nothing before the first step.
    slow: Option<[Vec<Tensor>; 2]>,
}

impl SlowWeights {
    pub(crate) fn new(settings: Option<Lookahead>) -> Self {
        Self { settings, slow: None }
    }

    /// Before the first step: what both players set out from.
    pub(crate) fn begin(&mut self, players: [&Params; 2]) -> Result<(), TrainError> {
        if self.settings.is_some() && self.slow.is_none() {
            let [g, d] = players;
            self.slow = Some([g.snapshot()?, d.snapshot()?]);
        }
        Ok(())
    }

    /// After so many steps.
    pub(crate) fn stepped(&mut self, steps: u64, players: [&Params; 2]) -> Result<(), TrainError> {
        let (Some(Lookahead { every, alpha }), Some(slow)) = (self.settings, &mut self.slow) else {
            return Ok(());
        };
        if !steps.is_multiple_of(every) {
            return Ok(());
        }
        for (slow, params) in slow.iter_mut().zip(players) {
            let fast = params.snapshot()?;
            let moved = slow.iter().zip(&fast).map(|(slow, fast)| slow + ((fast - slow)? * alpha)?);
            *slow = moved.collect::<ganymede_tensor::Result<_>>()?;
            params.restore(slow)?;
        }
        Ok(())
    }
}

const PLAYERS: [&str; 2] = ["g", "d"];

impl Stateful for SlowWeights {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        out.pair(PLAYERS, self.slow.as_ref());
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        self.slow = from.pair(PLAYERS, "the slow weights")?;
        Ok(())
    }
}
