//! What a run that diverged came from: its steps since the last checkpoint, played again under an inspector.

use std::sync::Arc;

use super::game::Game;
use super::inspector::Inspector;
use super::{Observer, Trainer, state};
use crate::error::TrainError;
use crate::outcome::{Origin, Outcome};

/// Steps that are played again at the most.
const MOST: u64 = 2000;

impl Trainer {
    /// The outcome of a run in which something was not finite.
    pub(super) fn diverged(&self, cause: String, observer: &mut dyn Observer) -> Outcome {
        // Whatever keeps it from being found, the run has diverged, and that is what is told.
        let origin = self.origin(observer).ok().flatten();
        Outcome::Diverged { step: self.game.step(), cause, origin }
    }

    /// Where the first value came from that was none; nothing where it cannot be found at the price of some steps.
    fn origin(&self, observer: &mut dyn Observer) -> Result<Option<Origin>, TrainError> {
        let path = self.folder.last_checkpoint();
        let mut game = Game::new(&self.run, Arc::clone(&self.dataset), &self.device)?;
        if path.exists() {
            let (checkpoint, state) = state::read(&path, &self.device)?;
            state::restore(&mut game, &checkpoint, &state, &path)?;
        } else {
            // Something was wrong before the first step.
            game.begin_with(&self.run, &self.device)?;
        }
        // What was seen before the first step shows in it.
        let end = self.game.step().max(1);
        if end - game.step().min(end) > MOST {
            return Ok(None);
        }
        while game.step() < end && !observer.stop_requested() {
            game.players.inspector = Some(Inspector::of(game.step() + 1));
            game.play(false)?;
            let Some(inspector) = game.players.inspector.take() else { continue };
            inspector.updates(game.params())?;
            if let Some(origin) = inspector.found() {
                return Ok(Some(origin));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
