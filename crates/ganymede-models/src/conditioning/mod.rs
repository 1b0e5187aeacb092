//! How networks are told the class of a sample, and how they judge it: what the networks share.

mod head;
mod latents;
mod stage;
mod vectors;

pub use head::DiscriminatorConditioning;
pub(crate) use head::{Judge, Parts};
pub use latents::GeneratorConditioning;
pub(crate) use latents::{ClassVectors, USUAL_EMBED_DIM};
pub(crate) use stage::{StageNorm, Told};
pub(crate) use vectors::ToldVectors;

use crate::io::{ConditionShape, Io};
use crate::spec::Problem;

/// Classes that vectors are kept for, at most.
const MOST_CLASSES: usize = 65_536;

/// The longest vector that a sample is conditioned on.
const MOST_LENGTH: usize = 65_536;

/// What keeps a network from the data that is told a class or a vector.
pub(crate) fn of_classes_or_vectors(io: &Io) -> Vec<Problem> {
    match io.condition {
        ConditionShape::Vectors(1..=MOST_LENGTH) => Vec::new(),
        ConditionShape::Vectors(len) => {
            let found = format!("vectors of length {len}");
            vec![Problem::new("conditioning", found, format!("1 to {MOST_LENGTH}"))]
        }
        _ => of_classes(io),
    }
}

/// What keeps a network from the data that is told a class where its setting `conditional` says so.
pub(crate) fn of_classes_if_conditional(io: &Io) -> Vec<Problem> {
    let renamed = |problem: Problem| Problem {
        field: "conditional",
        message: problem.message.replace("conditioning = \"none\"", "conditional = false"),
        ..problem
    };
    of_classes(io).into_iter().map(renamed).collect()
}

/// What keeps a network from the data that is told a class.
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
