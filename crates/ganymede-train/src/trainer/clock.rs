//! Wall time, kept away from everything that must be reproducible.

use std::time::Instant;

use super::game::Game;
use super::observer::Progress;
use crate::record::{LogEntry, TimingEntry};

/// Seconds and throughput.
#[derive(Debug)]
pub(super) struct Clock {
    /// Before the last resume.
    before: f64,
    /// Runs while training does.
    start: Option<Instant>,
    /// Images at the start or the last resume.
    images: u64,
}

impl Clock {
    pub(super) fn new(before: f64, images: u64) -> Self {
        Self { before, start: None, images }
    }

    /// Training begins now.
    pub(super) fn restart(&mut self, images: u64) {
        self.start = Some(Instant::now());
        self.images = images;
    }

    /// Training ends, for now.
    pub(super) fn stop(&mut self) {
        self.before = self.total();
        self.start = None;
    }

    /// Seconds since the start or the last resume.
    pub(super) fn since_start(&self) -> f64 {
        self.start.map_or(0.0, |start| start.elapsed().as_secs_f64())
    }

    /// Seconds of the whole run.
    pub(super) fn total(&self) -> f64 {
        self.before + self.since_start()
    }

    /// Real samples a second since the start or the last resume.
    pub(super) fn images_per_second(&self, images: u64) -> f64 {
        (images - self.images) as f64 / self.since_start().max(1e-9)
    }

    pub(super) fn entry(&self, game: &Game) -> TimingEntry {
        TimingEntry {
            step: game.step(),
            seconds: self.total(),
            images_per_second: self.images_per_second(game.images()),
            data_wait: game.data_wait(),
        }
    }

    pub(super) fn progress<'a>(
        &self,
        game: &Game,
        steps: u64,
        first_step: u64,
        last: Option<&'a LogEntry>,
    ) -> Progress<'a> {
        Progress {
            step: game.step(),
            steps,
            first_step,
            images: game.images(),
            seconds: self.since_start(),
            images_per_second: self.images_per_second(game.images()),
            last,
        }
    }
}
