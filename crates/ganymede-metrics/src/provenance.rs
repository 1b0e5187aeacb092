//! Where a number comes from, and whether two numbers may be compared.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Convention, Ddof, Quantise, Resize};

/// Everything that a measured number depends on, besides the images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The extractor's name, such as `inception2015`.
    pub extractor: String,
    /// SHA-256 of its weights, in hexadecimal.
    pub weights_sha256: String,
    /// How images were resized; nothing where rows of features came from a file.
    pub resize: Option<Resize>,
    /// How generated images became grey levels; nothing where they came as files.
    pub quantisation: Option<Quantise>,
    /// Divisor of covariances; nothing for measures without.
    pub ddof: Option<Ddof>,
    /// Real images; nothing in statistics of one set.
    pub real: Option<u64>,
    /// Generated images; nothing in statistics of one set.
    pub fake: Option<u64>,
    /// Seed of random draws; nothing where there are none.
    pub seed: Option<u64>,
    /// Whose choices.
    pub convention: Convention,
    /// Version of this program.
    pub version: String,
}

/// One way in which two provenances differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// What differs.
    pub what: &'static str,
    /// In the first.
    pub left: String,
    /// In the second.
    pub right: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} against {}", self.what, self.left, self.right)
    }
}

impl Provenance {
    /// Of an extractor and a convention, in this version; the rest is to be filled in.
    pub fn new(extractor: &str, weights_sha256: &str, convention: Convention) -> Self {
        Self {
            extractor: extractor.into(),
            weights_sha256: weights_sha256.into(),
            resize: None,
            quantisation: None,
            ddof: None,
            real: None,
            fake: None,
            seed: None,
            convention,
            version: env!("CARGO_PKG_VERSION").into(),
        }
    }

    /// The full name of a number, such as `fid-inception2015-clean-10k`: measure, extractor, resize and generated
    /// images; and `-n` where covariances are divided by n.
    pub fn id(&self, measure: &str) -> String {
        let mut id = format!("{measure}-{}", self.extractor);
        if let Some(resize) = self.resize {
            id = format!("{id}-{}", resize.name());
        }
        if let Some(count) = self.fake.or(self.real) {
            id = format!("{id}-{}", short(count));
        }
        if self.ddof == Some(Ddof::Population) {
            id.push_str("-n");
        }
        id
    }

    /// Whether two numbers may be compared. Seed and version do not matter; neither does the convention's name where
    /// all that it chose is the same.
    ///
    /// # Errors
    /// All differences that matter.
    pub fn comparable(left: &Self, right: &Self) -> Result<(), Vec<Difference>> {
        let mut differences = Vec::new();
        let mut compare = |what, left: String, right: String| {
            if left != right {
                differences.push(Difference { what, left, right });
            }
        };
        compare("extractor", left.extractor.clone(), right.extractor.clone());
        compare("weights", left.weights_sha256.clone(), right.weights_sha256.clone());
        compare("resize", said(left.resize.map(Resize::name)), said(right.resize.map(Resize::name)));
        compare("quantisation", debug(left.quantisation), debug(right.quantisation));
        compare("covariance", debug(left.ddof), debug(right.ddof));
        compare("real images", said(left.real), said(right.real));
        compare("generated images", said(left.fake), said(right.fake));
        let (a, b) = (left.convention.choices(), right.convention.choices());
        if a != b {
            compare("convention", left.convention.name().into(), right.convention.name().into());
        }
        if differences.is_empty() { Ok(()) } else { Err(differences) }
    }
}

fn said(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "not said".into(), |v| v.to_string())
}

fn debug(value: Option<impl fmt::Debug>) -> String {
    said(value.map(|v| format!("{v:?}").to_lowercase()))
}

/// `50k` for whole thousands, else the number.
fn short(count: u64) -> String {
    if count > 0 && count.is_multiple_of(1000) { format!("{}k", count / 1000) } else { count.to_string() }
}
