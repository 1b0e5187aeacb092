//! Collecting what is wrong with values, so that a user mends a file in one go.

use super::error::Problem;
use super::nearest::hint;

/// Where a number may lie.
#[derive(Clone, Copy, Debug)]
pub(super) enum Range {
    /// x > 0
    Positive,
    /// x ≥ 0
    NonNegative,
    /// 0 ≤ x < 1
    Share,
    /// 0 < x ≤ 1
    Target,
    /// 0 ≤ x ≤ 1
    Unit,
}

impl Range {
    fn holds(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Self::Positive => x > 0.0,
                Self::NonNegative => x >= 0.0,
                Self::Share => (0.0..1.0).contains(&x),
                Self::Target => x > 0.0 && x <= 1.0,
                Self::Unit => (0.0..=1.0).contains(&x),
            }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Positive => "a number above 0",
            Self::NonNegative => "a number of 0 or more",
            Self::Share => "a number from 0 up to, not including, 1",
            Self::Target => "a number above 0, at most 1",
            Self::Unit => "a number from 0 to 1",
        }
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Check {
    pub(super) problems: Vec<Problem>,
}

impl Check {
    pub(super) fn add(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), message: message.into() });
    }

    /// The value or its default, if it lies in the range.
    pub(super) fn number(&mut self, key: &str, value: Option<f64>, default: f64, range: Range) -> f64 {
        match value {
            Some(x) if !range.holds(x) => {
                self.add(key, format!("found {x}, expected {}", range.words()));
                default
            }
            other => other.unwrap_or(default),
        }
    }

    /// The value or its default, if it is at least `min`.
    pub(super) fn count(&mut self, key: &str, value: Option<u64>, default: u64, min: u64) -> u64 {
        match value {
            Some(n) if n < min => {
                self.add(key, format!("found {n}, expected a whole number of {min} or more"));
                default
            }
            other => other.unwrap_or(default),
        }
    }

    /// As [`Check::count`], for sizes.
    pub(super) fn size(&mut self, key: &str, value: Option<usize>, default: usize, min: usize) -> usize {
        self.count(key, value.map(|n| n as u64), default as u64, min as u64) as usize
    }

    /// The option that has the typed name, or the default when none was typed.
    pub(super) fn choose<T: Copy>(
        &mut self,
        key: &str,
        typed: Option<&str>,
        default: T,
        options: &[(&str, T)],
    ) -> T {
        let Some(typed) = typed else { return default };
        if let Some((_, option)) = options.iter().find(|(name, _)| *name == typed) {
            return *option;
        }
        let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
        self.add(key, format!("there is no `{typed}`{}", hint(typed, &names)));
        default
    }

    /// Notes a key that was given although it means nothing here.
    pub(super) fn refuse(&mut self, key: &str, given: bool, why: &str) {
        if given {
            self.add(key, why);
        }
    }
}
