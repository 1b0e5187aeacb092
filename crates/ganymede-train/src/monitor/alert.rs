//! What the doctor says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::remedy::Remedy;
use crate::numbers::or_nan_map;

/// A line of `alerts.jsonl`: a symptom that is raised or cleared, or whose severity has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alert {
    /// Generator updates made.
    pub step: u64,
    /// The symptom's name, such as `mode-collapse`.
    pub symptom: String,
    /// Whether it is there from here on.
    pub state: AlertState,
    /// How bad it is.
    pub severity: Severity,
    /// What it was read off.
    pub evidence: Evidence,
    /// A sentence or two for a person, with the paper.
    pub words: String,
    /// What may help, the most likely first.
    pub remedies: Vec<Remedy>,
}

/// Whether a symptom is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertState {
    /// It is, from this step on.
    Raised,
    /// It has gone.
    Cleared,
}

/// How bad a symptom is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; runs with it often end well.
    Note,
    /// The run is likely to end worse than it could.
    Warning,
    /// The run is not worth going on with as it is.
    Severe,
}

impl Severity {
    /// `note`, `warning`, `severe`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Severe => "severe",
        }
    }
}

/// The numbers that a rule has decided by, and the steps that they are of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Evidence {
    /// Which form of the symptom it is, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// The first and the last step of the window.
    pub window: (u64, u64),
    /// Statistics by name.
    #[serde(deserialize_with = "or_nan_map")]
    pub values: BTreeMap<String, f64>,
}

/// Sorts alerts: the worst first, among equals the one that was raised first.
pub(crate) fn worst_first(alerts: &mut [Alert]) {
    alerts.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.step.cmp(&b.step)));
}
