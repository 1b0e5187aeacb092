//! What may help, as settings of a run.

use serde::{Deserialize, Serialize};

use super::symptom::Symptom;
use crate::config::{Layers, Run};

/// Something to try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Remedy {
    /// What to do and why.
    pub words: String,
    /// Values of `--set` that do it to this run; none where it was made by another program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
}

/// The most that are offered at once.
const MOST: usize = 4;

/// What may help: of a known run only what its configuration takes, and what changes it.
pub(crate) fn remedies(symptom: &Symptom, run: Option<&Run>) -> Vec<Remedy> {
    let offered = symptom.cures.iter().filter_map(|cure| {
        let set = match run {
            None => Vec::new(),
            Some(run) => (cure.sets)(run).filter(|set| applied(run, set).is_some_and(|next| next != *run))?,
        };
        Some(Remedy { words: cure.words.to_owned(), set })
    });
    offered.take(MOST).collect()
}

/// The run with settings laid over it, where they make one.
pub(crate) fn applied(run: &Run, set: &[String]) -> Option<Run> {
    let mut layers = Layers::whole_text(&run.to_toml()).ok()?;
    layers.set(set).ok()?;
    layers.resolve().ok()
}
