//! Who moves when: each scheme is a file here and a line in [`SCHEMES`].

mod alternating;
mod consensus;
mod extra_gradient;
mod from_the_past;
mod joint;
mod simultaneous;
mod spec;
mod symplectic;
mod unrolled;

use super::measurements::Measurements;
use super::players::Players;
use super::section::Stateful;
use crate::error::TrainError;

pub(crate) use spec::SchemeSpec;
pub use spec::{SchemeConfig, SchemeKind};

/// Every scheme; the first is the default.
pub(crate) const SCHEMES: &[&SchemeKind] = &[
    &alternating::ALTERNATING,
    &simultaneous::SIMULTANEOUS,
    &unrolled::UNROLLED,
    &extra_gradient::EXTRA_GRADIENT,
    &from_the_past::FROM_THE_PAST,
    &consensus::CONSENSUS,
    &symplectic::SYMPLECTIC,
];

/// A way to make a step out of the players' fields.
pub(crate) trait Scheme: Stateful + Send {
    /// Makes one step. What is measured, if `measure` says so, is of the last update of each player.
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError>;
}
