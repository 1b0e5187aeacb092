//! Runs of the suite that were made, in a file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ganymede_train::monitor::{Alert, AlertState, Severity};
use serde::{Deserialize, Serialize};

use crate::study::crew;

/// Version of the file's format.
const SCHEMA: u32 = 1;

/// A run, and what the doctor said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(super) case: String,
    /// Settings over the base: a case whose settings have changed is another one.
    pub(super) sets: Vec<String>,
    pub(super) seed: u64,
    pub(super) steps: u64,
    pub(super) diverged: bool,
    /// Of points: shares of modes and samples at the end.
    pub(super) covered: Option<f64>,
    pub(super) high_quality: Option<f64>,
    /// Of images: the sliced Wasserstein distance at the end.
    pub(super) distance: Option<f64>,
    pub(super) said: Vec<Said>,
    /// Raised at the end.
    pub(super) raised: Vec<(String, Severity)>,
    /// Of the processor.
    pub(super) seconds: f64,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) step: u64,
    pub(super) symptom: String,
    pub(super) state: AlertState,
    pub(super) severity: Severity,
}

impl From<Alert> for Said {
    fn from(Alert { step, symptom, state, severity, .. }: Alert) -> Self {
        Self { step, symptom, state, severity }
    }
}

impl Cell {
    pub(super) fn is_of(&self, case: &str, sets: &[&str], seed: u64) -> bool {
        self.case == case && self.seed == seed && self.sets == sets
    }

    /// Whether something severe is raised at the end.
    pub(super) fn is_severe(&self) -> bool {
        self.raised.iter().any(|(_, severity)| *severity == Severity::Severe)
    }

    /// Whether one of the symptoms was raised, as a warning or worse, in the first half of the budget.
    pub(super) fn told_early(&self, symptoms: &[&str]) -> bool {
        self.said.iter().any(|said| {
            2 * said.step <= self.steps
                && said.state == AlertState::Raised
                && said.severity > Severity::Note
                && symptoms.contains(&said.symptom.as_str())
        })
    }
}

/// The file of all runs that were made.
pub(super) struct Cells {
    path: PathBuf,
}

impl Cells {
    pub(super) fn of(folder: &Path) -> Self {
        Self { path: folder.join("failures.json") }
    }

    /// All runs; none where there is no file.
    pub(super) fn read(&self) -> Result<Vec<Cell>> {
        crew::read_runs(&self.path, SCHEMA)
    }

    /// Adds a run in the place of an older one of the same case and seed.
    pub(super) fn add(&self, cell: Cell) -> Result<()> {
        let mut runs = self.read()?;
        runs.retain(|old| (&old.case, old.seed) != (&cell.case, cell.seed));
        runs.push(cell);
        runs.sort_by(|a, b| (&a.case, a.seed).cmp(&(&b.case, b.seed)));
        self.write(&runs)
    }

    /// Writes all runs in the place of those that were there.
    pub(super) fn write(&self, runs: &[Cell]) -> Result<()> {
        // A run a line: the file is kept, and compared.
        let lines: Vec<String> = runs.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let text = format!("{{\"schema\":{SCHEMA},\"runs\":[\n{}\n]}}\n", lines.join(",\n"));
        ganymede_tensor::write_atomic(&self.path, |out| out.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}
