//! What a measure gives: to programs, and to people.

use serde::Serialize;
use serde_json::{Map, Value};

/// A value that a measure gives.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ValueKind {
    /// Its name: the measure's where it has one value.
    pub name: &'static str,
    /// Which values are good ones.
    pub better: Better,
    /// What people see it multiplied by.
    pub scale: f64,
}

impl ValueKind {
    pub(super) const fn lower(name: &'static str) -> Self {
        Self { name, better: Better::Lower, scale: 1.0 }
    }

    pub(super) const fn higher(name: &'static str) -> Self {
        Self { name, better: Better::Higher, scale: 1.0 }
    }

    pub(super) const fn aim(name: &'static str, aim: &'static str) -> Self {
        Self { name, better: Better::Aim(aim), scale: 1.0 }
    }

    pub(super) const fn times(self, scale: f64) -> Self {
        Self { scale, ..self }
    }
}

/// Which values are good ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Lower ones.
    Lower,
    /// Higher ones.
    Higher,
    /// Those at a mark, in words, such as `near 1`.
    Aim(&'static str),
}

impl Better {
    /// `lower`, `higher`, or where to be.
    pub fn words(self) -> &'static str {
        match self {
            Self::Lower => "lower",
            Self::Higher => "higher",
            Self::Aim(words) => words,
        }
    }

    /// Whether a lower value is better; not so of those with a mark.
    pub fn is_lower(self) -> bool {
        self == Self::Lower
    }
}

/// A value that came out.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// What it is.
    pub kind: &'static ValueKind,
    /// The value, in the units of its paper.
    pub value: f64,
}

/// A number with its words, for people.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Line {
    /// `Fréchet Inception distance (FID)`.
    pub label: String,
    /// The number, multiplied as people are used to.
    pub value: f64,
    /// How far it strays, likewise.
    pub spread: Option<f64>,
    /// [`Better::words`], or nothing.
    pub better: &'static str,
}

/// How many images of either set a measure looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Real ones.
    pub real: Option<u64>,
    /// Generated ones.
    pub generated: Option<u64>,
}

/// What a measure gave.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Taken {
    /// The values, in the order of [`Measure::values`](super::Measure::values).
    pub values: Vec<Reading>,
    /// The same and what stands beside them, for people.
    pub lines: Vec<Line>,
    /// What else there is to say, for programs.
    pub details: Map<String, Value>,
    /// How many images it looked at, where that is not all of them.
    pub counts: Option<Counts>,
    /// Whether it looked at pixels, and no extractor had to do with it.
    pub of_pixels: bool,
    /// What else belongs to the full name of the number, such as `level2`.
    pub variant: Option<String>,
}

impl Taken {
    /// One JSON object: values by their names, or as `value` where there is one; then the details.
    pub fn json(&self) -> Map<String, Value> {
        let key = |reading: &Reading| match self.values.len() {
            1 => "value".to_owned(),
            _ => reading.kind.name.to_owned(),
        };
        let values = self.values.iter().map(|reading| (key(reading), Value::from(reading.value)));
        values.chain(self.details.clone()).collect()
    }

    /// With one more value, and its line.
    pub(super) fn value(self, kind: &'static ValueKind, label: impl Into<String>, value: f64) -> Self {
        self.spread(kind, label, value, None)
    }

    /// As [`Taken::value`], with a spread.
    pub(super) fn spread(
        mut self,
        kind: &'static ValueKind,
        label: impl Into<String>,
        value: f64,
        spread: Option<f64>,
    ) -> Self {
        self.values.push(Reading { kind, value });
        let spread = spread.map(|spread| kind.scale * spread);
        self.line(label, kind.scale * value, spread, kind.better.words())
    }

    /// With one more line.
    pub(super) fn line(
        mut self,
        label: impl Into<String>,
        value: f64,
        spread: Option<f64>,
        better: &'static str,
    ) -> Self {
        self.lines.push(Line { label: label.into(), value, spread, better });
        self
    }

    /// With one more detail. What JSON cannot hold becomes null.
    pub(super) fn detail(mut self, key: &str, detail: impl Serialize) -> Self {
        self.details.insert(key.to_owned(), serde_json::to_value(detail).unwrap_or_default());
        self
    }

    pub(super) fn variant(self, variant: String) -> Self {
        Self { variant: Some(variant), ..self }
    }

    pub(super) fn counted(self, real: Option<u64>, generated: Option<u64>) -> Self {
        Self { counts: Some(Counts { real, generated }), ..self }
    }

    /// Of the pixels of so many images.
    pub(super) fn of_pixels(self, real: Option<u64>, generated: Option<u64>) -> Self {
        Self { of_pixels: true, ..self.counted(real, generated) }
    }
}
