//! The steps of a run without its folder.

use std::sync::Arc;

use ganymede_datasets::Dataset;
use ganymede_tensor::Device;

use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::Game;

/// The very steps that a [`crate::Trainer`] makes, with nothing written down: for benchmarks and for programs that keep
/// their own records.
pub struct Stepper {
    game: Game,
}

impl Stepper {
    /// Both players at their first weights.
    ///
    /// # Errors
    /// The networks do not fit the data or cannot be built.
    pub fn new(run: &Run, dataset: Arc<dyn Dataset>, device: &Device) -> Result<Self, TrainError> {
        Ok(Self { game: Game::new(run, dataset, device)? })
    }

    /// Makes one step.
    ///
    /// # Errors
    /// The data cannot be read, or an operation fails.
    pub fn step(&mut self) -> Result<(), TrainError> {
        self.game.play(false).map(drop)
    }

    /// Parameters of the generator and of the discriminator.
    pub fn sizes(&self) -> (usize, usize) {
        self.game.sizes()
    }

    /// Steps made.
    pub fn steps(&self) -> u64 {
        self.game.step()
    }
}
