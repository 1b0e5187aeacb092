//! What is known of a run before, while and after it trains.

use ganymede_datasets::SkippedFile;

use super::Trainer;
use crate::config::{Change, Run};
use crate::folder::RunFolder;

impl Trainer {
    /// The run as it will be made.
    pub fn config(&self) -> &Run {
        &self.run
    }

    /// Where it is written.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Generator updates made.
    pub fn step(&self) -> u64 {
        self.game.step()
    }

    /// Weights of the generator and of the discriminator.
    pub fn sizes(&self) -> (usize, usize) {
        self.game.sizes()
    }

    /// Files of the data that could not be used.
    pub fn skipped_files(&self) -> &[SkippedFile] {
        &self.skipped
    }

    /// What this run is likely not to want: known traps in its configuration, and too few data.
    pub fn warnings(&self) -> Vec<String> {
        let mut all: Vec<String> = self.run.warnings().iter().map(ToString::to_string).collect();
        all.extend(self.probe.remarks().iter().cloned());
        all.extend(self.cache_failure.clone());
        all
    }

    /// What a resume changed.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }
}
