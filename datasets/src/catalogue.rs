//! The data sets that are known by name.

use std::path::{Path, PathBuf};

use crate::cifar;
use crate::idx;
use crate::options::Split;
use crate::stacked;
use crate::toys::{TOY_LEN, Toy};

/// The classes of Fashion-MNIST, in the order of their labels (Xiao et al., 2017, arXiv:1708.07747).
pub const FASHION_CLASSES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];
pub(crate) const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/// The published archive of CIFAR-10's binary version.
const CIFAR_ARCHIVE: &str = "cifar-10-binary.tar.gz";

/// How a known data set is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Maker {
    Embedded,
    Idx {
        class_names: &'static [&'static str; 10],
    },
    Cifar,
    /// Three digits of MNIST a sample.
    Stacked,
    Toy(Toy),
}

/// A data set that is known by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) maker: Maker,
    summary: &'static str,
    licence: &'static str,
    /// Training and test samples.
    samples: [usize; 2],
    shape: &'static [usize],
}

pub(crate) const CATALOGUE: &[Known] = &[
    Known {
        name: "fashion-mnist-10k",
        maker: Maker::Embedded,
        summary: "clothes in grey, the test part of Fashion-MNIST, built into the program",
        licence: "MIT, (c) 2017 Zalando SE",
        samples: [10_000, 0],
        shape: &[1, 28, 28],
    },
    Known {
        name: "fashion-mnist",
        maker: Maker::Idx { class_names: &FASHION_CLASSES },
        summary: "clothes in grey, ten classes",
        licence: "MIT, (c) 2017 Zalando SE",
        samples: [60_000, 10_000],
        shape: &[1, 28, 28],
    },
    Known {
        name: "mnist",
        maker: Maker::Idx { class_names: &DIGITS },
        summary: "handwritten digits in grey, ten classes",
        licence: "not stated by its makers (Y. LeCun, C. Cortes, C. Burges); fetched, never shipped",
        samples: [60_000, 10_000],
        shape: &[1, 28, 28],
    },
    Known {
        name: stacked::NAME,
        maker: Maker::Stacked,
        summary: "three digits of MNIST as red, green and blue: a thousand classes",
        licence: "that of mnist, of whose files it is made",
        samples: stacked::SAMPLES,
        shape: &[3, 28, 28],
    },
    Known {
        name: "cifar-10",
        maker: Maker::Cifar,
        summary: "small colour photographs, ten classes; put cifar-10-binary.tar.gz in place by hand",
        licence: "not stated by its makers (A. Krizhevsky, V. Nair, G. Hinton); never shipped",
        samples: [50_000, 10_000],
        shape: &[3, 32, 32],
    },
    Known {
        name: "ring",
        maker: Maker::Toy(Toy::Ring),
        summary: "8 Gaussians on a circle of radius 2, sigma 0.02; 8 known modes",
        licence: "none needed (computed)",
        samples: [TOY_LEN, 0],
        shape: &[2],
    },
    Known {
        name: "unit-ring",
        maker: Maker::Toy(Toy::UnitRing),
        summary: "8 Gaussians on the unit circle, sigma 0.01, as VEEGAN and PacGAN have it; 8 known modes",
        licence: "none needed (computed)",
        samples: [TOY_LEN, 0],
        shape: &[2],
    },
    Known {
        name: "grid",
        maker: Maker::Toy(Toy::Grid),
        summary: "25 Gaussians, spacing 2, sigma 0.05; 25 known modes",
        licence: "none needed (computed)",
        samples: [TOY_LEN, 0],
        shape: &[2],
    },
    Known {
        name: "swiss-roll",
        maker: Maker::Toy(Toy::SwissRoll),
        summary: "a noisy spiral in the plane",
        licence: "none needed (computed)",
        samples: [TOY_LEN, 0],
        shape: &[2],
    },
];

/// The known data set called `name`.
pub(crate) fn find(name: &str) -> Option<&'static Known> {
    CATALOGUE.iter().find(|known| known.name == name)
}

/// The data set in whose folder the files of `name` lie: its own, but for those that are made of another one.
pub(crate) fn folder_of(name: &str) -> &str {
    if name == stacked::NAME { stacked::OF } else { name }
}

/// All known names, and the nearest to `name` if one is near.
pub(crate) fn suggest(name: &str) -> (String, Option<&'static str>) {
    let names: Vec<&str> = CATALOGUE.iter().map(|known| known.name).collect();
    let nearest = CATALOGUE
        .iter()
        .map(|known| (strsim::jaro_winkler(name, known.name), known.name))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(similarity, _)| *similarity > 0.8);
    (names.join(", "), nearest.map(|(_, name)| name))
}

/// CIFAR-10's files: its archive, or its folder.
pub(crate) fn cifar_archive(dir: &Path) -> Option<PathBuf> {
    Some(dir.join(CIFAR_ARCHIVE)).filter(|path| path.is_file())
}

/// What `ganymede data list` says about one data set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// The name to open it by.
    pub name: &'static str,
    /// Images or points.
    pub kind: Kind,
    /// What is to be seen.
    pub summary: &'static str,
    /// Samples of the training part, and of the test part (0: it has none).
    pub samples: [usize; 2],
    /// The shape of one sample: `[C, H, W]` or `[2]`.
    pub shape: &'static [usize],
    /// The terms under which it is published.
    pub licence: &'static str,
    /// Whether it can be opened now, and from where.
    pub presence: Presence,
}

/// What the samples of a data set are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Images `[C, H, W]`.
    Images,
    /// Points in the plane.
    Toy,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Images => "images",
            Self::Toy => "toy",
        })
    }
}

/// Where a data set is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Built into the program.
    Embedded,
    /// Computed when needed.
    Computed,
    /// Its files are in this folder (their names are checked, not their content).
    Present(PathBuf),
    /// Not on this machine; `fetchable` says whether [`fetch`](crate::fetch) can get it.
    Absent {
        /// Where its files belong.
        dir: PathBuf,
        /// Whether `ganymede data fetch` knows a source.
        fetchable: bool,
    },
}

/// All data sets that are known by name, with what of them is in `data_dir`.
pub fn list(data_dir: &Path) -> Vec<Entry> {
    CATALOGUE
        .iter()
        .map(|known| Entry {
            name: known.name,
            kind: if matches!(known.maker, Maker::Toy(_)) { Kind::Toy } else { Kind::Images },
            summary: known.summary,
            samples: known.samples,
            shape: known.shape,
            licence: known.licence,
            presence: presence(known, data_dir),
        })
        .collect()
}

fn presence(known: &Known, data_dir: &Path) -> Presence {
    let dir = data_dir.join(folder_of(known.name));
    let (present, fetchable) = match known.maker {
        Maker::Embedded => return Presence::Embedded,
        Maker::Toy(_) => return Presence::Computed,
        Maker::Idx { .. } | Maker::Stacked => {
            let parts = idx::find_parts(&dir, Split::All).unwrap_or_default();
            (parts.len() == 2 && parts.iter().all(|part| part.labels.is_some()), true)
        }
        Maker::Cifar => (cifar_archive(&dir).is_some() || !cifar::find_batches(&dir).is_empty(), false),
    };
    if present { Presence::Present(dir) } else { Presence::Absent { dir, fetchable } }
}

#[cfg(test)]
mod tests;
