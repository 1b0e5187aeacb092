//! A measure, and what is to be known of it to be asked for by name.

use std::fmt;

use super::comparison::{Comparison, Need, SampleSet, absent};
use super::taken::{Taken, ValueKind};
use crate::neighbours::Look;
use crate::{Choices, MetricError, Result};

/// A measure of generated samples, mostly against real ones.
///
/// Two are equal where their names are.
#[non_exhaustive]
pub struct Measure {
    /// Its name on command lines, in configurations and in results.
    pub name: &'static str,
    /// Names that it had, which are still understood.
    pub aliases: &'static [&'static str],
    /// What it says, in a line.
    pub summary: &'static str,
    /// Who proposed it.
    pub paper: &'static str,
    /// What it gives, in this order. A single value has the name of its measure.
    pub values: &'static [ValueKind],
    /// What it looks at.
    pub needs: &'static [Need],
    /// Of how many samples it can be taken at least.
    pub least: fn(&Choices) -> Least,
    /// Whether a covariance is part of it, so that its divisor is part of a number's provenance.
    pub has_covariance: bool,
    /// Whether random draws are part of it, so that their seed is part of a number's provenance.
    pub is_random: bool,
    /// The measure that gives all of its values and more: who asks for everything asks for that one.
    pub part_of: Option<&'static str>,
    /// What it looks at in the passes over all pairs.
    pub(super) looks: fn(&Choices) -> Vec<Look>,
    pub(super) compute: fn(&Comparison<'_>) -> Result<Taken>,
}

/// It does not look at pairs.
pub(super) fn at_no_pairs(_: &Choices) -> Vec<Look> {
    Vec::new()
}

/// The fewest samples that a measure can be taken of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Least {
    /// Real ones; 0 where it looks at generated ones only.
    pub real: usize,
    /// Generated ones.
    pub generated: usize,
    /// Why as many, as the end of a sentence.
    pub why: String,
}

impl Least {
    pub(super) fn new(real: usize, generated: usize, why: impl Into<String>) -> Self {
        Self { real, generated, why: why.into() }
    }
}

impl Measure {
    /// Takes the measure.
    ///
    /// # Errors
    /// [`MetricError::Unfit`] where something that it [needs](Measure::needs) is not there, or there is too little of
    /// it; else what its function says.
    pub fn take(&self, of: &Comparison<'_>) -> Result<Taken> {
        if let Some(need) = self.missing(of) {
            return Err(absent(need));
        }
        match self.too_few_of(of) {
            Some(reason) => Err(MetricError::Unfit(reason)),
            None => (self.compute)(of),
        }
    }

    /// Why the rows that there are are too few for it.
    fn too_few_of(&self, of: &Comparison<'_>) -> Option<String> {
        let is_of_rows = self.needs(Need::RealRows) || self.needs(Need::GeneratedRows);
        let rows = |set: &SampleSet<'_>| set.rows.map_or(usize::MAX, |rows| rows.nrows());
        if !is_of_rows {
            return None;
        }
        self.too_few(rows(&of.real), rows(&of.generated), of.choices)
    }

    /// The first thing that it needs and that is not there.
    pub fn missing(&self, of: &Comparison<'_>) -> Option<Need> {
        self.needs.iter().copied().find(|need| !of.has(*need))
    }

    /// Whether what it looks at in the passes over all pairs can be seen.
    pub(super) fn can_look_at(&self, of: &Comparison<'_>) -> bool {
        self.missing(of).is_none() && self.too_few_of(of).is_none()
    }

    /// Whether it looks at `need`.
    pub fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }

    /// Whether it asks if generated samples are of the class that was asked for, which neither folders nor features say.
    pub fn is_of_what_was_asked(&self) -> bool {
        self.needs(Need::Labels) && !self.needs(Need::RealLabels)
    }

    /// Why so many samples are too few for it, if they are.
    pub fn too_few(&self, real: usize, generated: usize, choices: &Choices) -> Option<String> {
        let least = (self.least)(choices);
        let sides = [("real", least.real, real), ("generated", least.generated, generated)];
        let (side, least_rows, there) = sides.into_iter().find(|(_, least, there)| there < least)?;
        Some(format!("it needs {least_rows} {side} samples, there are {there}: {}", least.why))
    }
}

impl PartialEq for Measure {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Measure {}

impl fmt::Debug for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Measure({})", self.name)
    }
}
