//! How networks are told the class of a sample, and how they judge it: what the networks share.

mod head;
mod latents;
mod stage;

pub use head::DiscriminatorConditioning;
pub(crate) use head::{Judge, Parts};
pub use latents::GeneratorConditioning;
pub(crate) use latents::{ClassVectors, USUAL_EMBED_DIM};
pub(crate) use stage::{StageNorm, Told};

use crate::io::Io;
use crate::spec::Problem;

/// Classes that vectors are kept for, at most.
const MOST_CLASSES: usize = 65_536;

/// What keeps a conditional network from the data.
pub(crate) fn of_classes(io: &Io) -> Vec<Problem> {
    match io.classes() {
        Some(1..=MOST_CLASSES) => Vec::new(),
        Some(classes) => {
            vec![Problem::new("conditioning", format!("{classes} classes"), format!("1 to {MOST_CLASSES}"))]
        }
        None => {
            let fix = "data with classes (a folder for each), or conditioning = \"none\"";
            vec![Problem::new("conditioning", "samples without classes", fix)]
        }
    }
}
