//! The table of measures: what both programs ask by name.
//!
//! A measure is a function of its own file; here stands what is to be known of it to be asked for by name. A new one is
//! its function, a static in a file of `measures/`, and a line in [`MEASURES`].

mod classes;
mod comparison;
mod distances;
mod measure;
mod neighbours;
mod pixels;
mod several;
mod taken;
#[cfg(test)]
mod tests;
mod variety;

pub use comparison::{Comparison, DrawnImages, ImageSource, Need, SampleSet};
pub use measure::{Least, Measure};
pub use several::{LeftOut, Round, take_each, those_that_fit};
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
    &neighbours::PRDC,
    &neighbours::DENSITY_COVERAGE,
    &neighbours::PRECISION_RECALL,
    &distances::MIND,
    &neighbours::MEMORISATION,
    &variety::VENDI,
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
