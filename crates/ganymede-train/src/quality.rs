//! How good generated images are, in the features of a network.

use ganymede_metrics::Provenance;
use serde::{Deserialize, Serialize};

use crate::numbers::or_nan;

/// What [`crate::evaluate`] finds, and what a line of `metrics.jsonl` holds for images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// The measures, in the order in which they were asked for: the first decides.
    pub values: Vec<QualityValue>,
    /// Measures that were asked for and could not be computed.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub left_out: Vec<LeftOut>,
    /// The first measure between as many real samples and as many others: what a perfect generator would
    /// score. Absent where the data are too few.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub between_reals: Option<f64>,
    /// The classes that the extractor sees in both sets; empty where it names none.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub classes: Vec<ClassShare>,
    /// What the values depend on besides the samples.
    pub provenance: Provenance,
}

/// One measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QualityValue {
    /// The full name: measure, extractor, resizing where there was some, number of samples, such as
    /// `fid-fashion-cnn-2k`.
    pub name: String,
    /// The measure alone, such as `fid` or `recall`.
    pub measure: String,
    /// The value, in the units of its paper.
    #[serde(deserialize_with = "or_nan")]
    pub value: f64,
    /// Whether a lower value is better.
    pub lower_is_better: bool,
}

/// A measure that could not be computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its name in configurations.
    pub measure: String,
    /// What it lacked.
    pub reason: String,
}

impl From<ganymede_metrics::LeftOut> for LeftOut {
    fn from(left: ganymede_metrics::LeftOut) -> Self {
        Self { measure: left.measure.to_owned(), reason: left.reason }
    }
}

/// How often the extractor sees a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassShare {
    /// The class.
    pub class: String,
    /// Share of generated samples, in [0, 1].
    pub generated: f64,
    /// Share of real samples.
    pub real: f64,
}

impl Quality {
    /// The value of a measure, such as `fid`.
    pub fn value(&self, measure: &str) -> Option<f64> {
        self.values.iter().find(|value| value.measure == measure).map(|value| value.value)
    }

    /// Whether the first measure is better than that of `other`, if it is the same one.
    pub fn is_better_than(&self, other: &Self) -> bool {
        match (self.values.first(), other.values.first()) {
            (Some(a), Some(b)) if a.name == b.name => {
                if a.lower_is_better {
                    a.value < b.value
                } else {
                    a.value > b.value
                }
            }
            _ => false,
        }
    }
}
