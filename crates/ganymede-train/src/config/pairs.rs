//! What is known of each image besides its class: `data.vectors`, and `data.pairs` with what belongs to it.

use ganymede_datasets::{Direction, Pairs};

use super::check::Check;
use super::file::DataFile;

/// A downsampled image has as many times fewer pixels along each side, unless given.
const USUAL_FACTOR: usize = 4;

/// Every source of an image beside each sample, with what belongs to it as it usually is.
const PAIRS: [Pairs; 4] = [
    Pairs::Folders(Direction::AtoB),
    Pairs::SideBySide(Direction::AtoB),
    Pairs::Edges,
    Pairs::Downsampled { factor: USUAL_FACTOR },
];

const DIRECTIONS: [(&str, Direction); 2] = [("AtoB", Direction::AtoB), ("BtoA", Direction::BtoA)];

/// The source of pairs for images of such a resolution.
pub(super) fn resolve(data: &DataFile, resolution: usize, check: &mut Check) -> Option<Pairs> {
    let options = PAIRS.map(|pairs| (pairs.name(), pairs));
    let typed = data.pairs.as_deref();
    let mut pairs = typed.map(|typed| check.choose("data.pairs", Some(typed), Pairs::Edges, &options));
    let direction =
        check.choose("data.direction", data.direction.as_deref(), Direction::default(), &DIRECTIONS);
    let factor = check.size("data.factor", data.factor, USUAL_FACTOR);
    match &mut pairs {
        Some(Pairs::Folders(chosen) | Pairs::SideBySide(chosen)) => *chosen = direction,
        _ => {
            let why = "belongs to data.pairs = \"folders\" or \"side-by-side\"; leave it out";
            check.refuse("data.direction", data.direction.is_some(), why);
        }
    }
    match &mut pairs {
        Some(Pairs::Downsampled { factor: chosen }) => {
            *chosen = factor;
            if !resolution.is_multiple_of(factor) || factor >= resolution {
                let reason = format!(
                    "found {factor}, expected a power of two below data.resolution = {resolution}, which it divides"
                );
                check.add("data.factor", reason);
            }
        }
        _ => {
            let why = "belongs to data.pairs = \"downsampled\"; leave it out";
            check.refuse("data.factor", data.factor.is_some(), why);
        }
    }
    if let Some(vectors) = &data.vectors {
        check.refuse(
            "data.vectors",
            vectors.is_empty(),
            "is empty; give a file of vectors, one row an image",
        );
        let why = "data.pairs is given too: an image has one condition, leave out one of the two";
        check.refuse("data.vectors", data.pairs.is_some(), why);
    }
    pairs
}

/// Writes the keys of a source into the section.
pub(super) fn write(pairs: Option<Pairs>, data: &mut DataFile) {
    let Some(pairs) = pairs else { return };
    data.pairs = Some(pairs.name().to_owned());
    match pairs {
        Pairs::Folders(direction) | Pairs::SideBySide(direction) => {
            let named = DIRECTIONS.iter().find(|(_, known)| *known == direction);
            data.direction = named.map(|(name, _)| (*name).to_owned());
        }
        Pairs::Downsampled { factor } => data.factor = Some(factor),
        Pairs::Edges => {}
    }
}
