//! The table of measures: what both programs ask by name.
//!
//! A measure is a function of its own file; here stands what is to be known of it to be asked for by name. A new one is
//! its function, a static in a file of `measures/`, and a line in [`MEASURES`].

mod classes;
mod comparison;
mod distances;
mod kernels;
mod manifold;
mod measure;
mod neighbours;
mod passes;
mod pixels;
mod several;
mod taken;
#[cfg(test)]
mod tests;
mod training;
mod variety;
mod weightless;

pub use comparison::{Comparison, DrawnImages, ImageSource, Need, SampleSet};
pub use measure::{Least, Measure};
pub use passes::Passes;
pub use several::{LeftOut, Round, RoundValue, take_each, those_that_fit};
pub use taken::{Better, Counts, Line, Reading, Taken, ValueKind};

use crate::Result;
use crate::names::UnknownName;

/// All measures, in the order in which results are shown.
pub const MEASURES: &[&Measure] = &[
    &distances::FID,
    &distances::FID_INFINITY,
    &distances::SFID,
    &distances::KID,
    &classes::INCEPTION_SCORE,
    &classes::CLASS_AGREEMENT,
    &classes::MODES,
    &neighbours::PRDC,
    &neighbours::DENSITY_COVERAGE,
    &neighbours::PRECISION_RECALL,
    &manifold::CLIPPED,
    &manifold::PROBABILISTIC_PR,
    &manifold::SYMMETRIC_PR,
    &manifold::COVER_PR,
    &manifold::ALPHA_BETA,
    &manifold::REALISM,
    &manifold::RARITY,
    &distances::MIND,
    &distances::ASW,
    &kernels::KID_RBF,
    &kernels::CMMD,
    &neighbours::MEMORISATION,
    &manifold::AUTHENTICITY,
    &training::FLD,
    &training::COPYING,
    &variety::VENDI,
    &kernels::RKE,
    &classes::CLASS_FID,
    &classes::CAS,
    &weightless::NDB,
    &weightless::FWD,
    &weightless::BIRTHDAY,
    &pixels::MS_SSIM,
    &pixels::SWD,
];

/// The measure of a name, be it one that it had earlier.
///
/// # Errors
/// There is none; the error says which was probably meant.
pub fn find_measure(name: &str) -> Result<&'static Measure, UnknownName> {
    let found = MEASURES.iter().find(|measure| measure.name == name || measure.aliases.contains(&name));
    found.copied().ok_or_else(|| {
        let old = MEASURES.iter().flat_map(|measure| measure.aliases).copied();
        UnknownName::new("measure", name, MEASURES.iter().map(|measure| measure.name).collect(), old)
    })
}
