//! Collecting what is wrong with values, so that a user mends a file in one go.

use super::bounds;
use super::error::Problem;
use super::nearest::hint;

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Check {
    pub(super) problems: Vec<Problem>,
}

impl Check {
    pub(super) fn add(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), message: message.into() });
    }

    /// The value or its default, if it lies within the key's bound.
    pub(super) fn number(&mut self, key: &str, value: Option<f64>, default: f64) -> f64 {
        let bound = bounds::of(key);
        match value {
            Some(x) if !bound.holds(x) => {
                self.add(key, format!("found {}, expected {}", shown(x), bound.words()));
                default
            }
            other => other.unwrap_or(default),
        }
    }

    /// As [`Check::number`], for whole numbers.
    pub(super) fn count(&mut self, key: &str, value: Option<u64>, default: u64) -> u64 {
        let bound = bounds::of(key);
        match value {
            Some(n) if !bound.holds_whole(n) => {
                self.add(key, format!("found {n}, expected {}", bound.words()));
                default
            }
            other => other.unwrap_or(default),
        }
    }

    /// As [`Check::count`], for sizes.
    pub(super) fn size(&mut self, key: &str, value: Option<usize>, default: usize) -> usize {
        self.count(key, value.map(|n| n as u64), default as u64) as usize
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

/// A number as a person would write it: not with three hundred digits.
pub(super) fn shown(x: f64) -> String {
    if x == 0.0 || !x.is_finite() || (1e-5..1e15).contains(&x.abs()) {
        x.to_string()
    } else {
        format!("{x:e}")
    }
}
