//! What a symptom is.

use std::collections::BTreeMap;

use super::alert::{Evidence, Severity};
use super::view::{Tail, View};
use crate::config::Run;

/// Something that goes wrong with a training of two players, and how it shows.
#[derive(Debug)]
pub struct Symptom {
    /// What it is called, as in `mode-collapse`.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub summary: &'static str,
    /// The paper that describes it, or whose remedy or measure the rule takes.
    pub paper: &'static str,
    /// The series that the rule reads: one list after the other is tried, and all series of a list are needed.
    pub needs: &'static [&'static [&'static str]],
    /// What it looks like at a step.
    pub rule: fn(&View<'_>) -> Sight,
    /// Looks in a row that must show it before it is raised.
    pub raise_after: usize,
    /// Looks in a row that must not show it before it is cleared.
    pub clear_after: usize,
    /// What may help, the most likely first.
    pub cures: &'static [Cure],
}

/// Something that may help against a symptom.
#[derive(Debug)]
pub struct Cure {
    /// What to do and why, for any program.
    pub words: &'static str,
    /// The settings of a run file that do it, as `section.key=value`; nothing where the run has it already or cannot have it.
    pub sets: fn(&Run) -> Option<Vec<String>>,
}

/// What a rule says at a look.
#[derive(Clone, Debug, PartialEq)]
pub enum Sight {
    /// Series are missing or too short yet.
    CannotSee,
    /// The symptom is not there.
    Well,
    /// It is.
    Ill(Finding),
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// By which numbers.
    pub evidence: Evidence,
    /// A sentence for a person.
    pub words: String,
}

impl Finding {
    /// Numbers of the window that `tail` spans.
    pub(crate) fn new(severity: Severity, words: String, tail: &Tail, values: &[(&str, f64)]) -> Self {
        let values: BTreeMap<String, f64> =
            values.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        Self { severity, evidence: Evidence { form: None, window: tail.window, values }, words }
    }

    /// Of a form.
    pub(crate) fn of_form(mut self, form: &str) -> Self {
        self.evidence.form = Some(form.to_owned());
        self
    }
}

impl From<Finding> for Sight {
    fn from(finding: Finding) -> Self {
        Self::Ill(finding)
    }
}
