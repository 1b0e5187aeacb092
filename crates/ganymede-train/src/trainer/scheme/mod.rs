//! Who moves when: each scheme is a file here and a line in [`SCHEMES`].

mod alternating;
mod extra_gradient;
mod simultaneous;

use std::fmt;

use super::measurements::Measurements;
use super::players::Players;
use super::section::Stateful;
use crate::error::TrainError;

/// Every scheme; the first is the default.
pub(crate) const SCHEMES: &[&SchemeKind] =
    &[&alternating::ALTERNATING, &simultaneous::SIMULTANEOUS, &extra_gradient::EXTRA_GRADIENT];

/// A scheme's place in the table.
pub struct SchemeKind {
    /// Its name in configurations.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Why it cannot make so many discriminator updates a step; nothing if it can.
    pub(crate) refuses: fn(n_critic: u64) -> Option<String>,
    pub(crate) build: fn() -> Box<dyn Scheme>,
}

impl fmt::Debug for SchemeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for SchemeKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A way to make a step out of the players' fields.
pub(crate) trait Scheme: Stateful + Send {
    /// Makes one step. What is measured, if `measure` says so, is of the last update of each player.
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError>;
}
