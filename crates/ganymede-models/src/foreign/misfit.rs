//! Whose weights they are, where they are not those of the network that was asked for.

use std::collections::BTreeSet;
use std::fmt;

use ganymede_tensor::Shapes;

use super::dialect::DIALECTS;
use super::network::NetworkKind;
use super::recognise::{Hints, recognise};
use super::translate::translate;

/// Beginnings of names that are tried.
const MOST_PREFIXES: usize = 32;
/// With a smaller share of names in common nothing is near.
const NEAR: f64 = 0.3;

/// Networks that a state dict may be of.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Relatives {
    /// Those that it fits.
    pub fits: Vec<NetworkKind>,
    /// Where it fits none: the one that has most names in common with it, and their share.
    pub nearest: Option<(NetworkKind, f64)>,
}

impl fmt::Display for Relatives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |kind: &NetworkKind| format!("--model {} ({})", kind.name(), kind.role().word());
        match (&self.fits[..], self.nearest) {
            ([], None) => write!(f, "no network here has such names"),
            ([], Some((kind, share))) => {
                write!(
                    f,
                    "by the names of its tensors it is nearest to {} ({:.0} %)",
                    named(&kind),
                    100.0 * share
                )
            }
            (fits, _) => write!(f, "it fits {}", fits.iter().map(named).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// The other networks that a state dict fits, with any beginning of its names taken off; else the nearest one.
///
/// The share is that of the names in common among all, |A ∩ B| / |A ∪ B|, with one of the network's examples.
pub fn who_else(asked: NetworkKind, shapes: &Shapes, side: Option<usize>) -> Relatives {
    let views = views(shapes);
    let hints = Hints { side, ..Hints::default() };
    let is_other = |kind: &NetworkKind| kind.name() != asked.name() || kind.role() != asked.role();
    let others: Vec<NetworkKind> = NetworkKind::all().filter(is_other).collect();
    let fits: Vec<NetworkKind> = others
        .iter()
        .filter(|kind| views.iter().any(|view| recognise(**kind, view, &hints).is_ok()))
        .copied()
        .collect();
    let nearest = if fits.is_empty() { nearest(NetworkKind::all(), &views) } else { None };
    Relatives { fits, nearest }
}

/// The state dict with each beginning of one or two parts taken off the names that have it.
fn views(shapes: &Shapes) -> Vec<Shapes> {
    let mut prefixes = BTreeSet::from([""]);
    for name in shapes.keys() {
        prefixes.extend(name.match_indices('.').take(2).map(|(at, _)| &name[..=at]));
    }
    let view = |prefix: &str| -> Shapes {
        let below = shapes.iter().filter_map(|(name, dims)| Some((name.strip_prefix(prefix)?, dims)));
        below.map(|(name, dims)| (name.to_owned(), dims.clone())).collect()
    };
    prefixes.into_iter().take(MOST_PREFIXES).map(view).collect()
}

fn nearest(kinds: impl Iterator<Item = NetworkKind>, views: &[Shapes]) -> Option<(NetworkKind, f64)> {
    let mut best: Option<(NetworkKind, f64)> = None;
    for kind in kinds {
        let examples = kind.names_of_examples();
        for view in views {
            let dialects = DIALECTS.iter().filter(|dialect| dialect.has(kind));
            for found in dialects.filter_map(|dialect| translate(dialect, kind.role(), view)) {
                let share = examples.iter().map(|names| share(names, &found.shapes)).fold(0.0, f64::max);
                if share > best.map_or(NEAR, |(_, share)| share) {
                    best = Some((kind, share));
                }
            }
        }
    }
    best
}

fn share(names: &[String], shapes: &Shapes) -> f64 {
    let common = names.iter().filter(|name| shapes.contains_key(*name)).count();
    common as f64 / (names.len() + shapes.len() - common).max(1) as f64
}
