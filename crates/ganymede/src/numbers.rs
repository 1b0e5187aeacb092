//! Numbers of the command line that no configuration checks: each has its bounds here.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ganymede_train::{MOST_MEASURED, MOST_THREADS};

/// Samples that are drawn; they are written as they come, so only the disk fills.
const MOST_DRAWN: usize = 10_000_000;
/// Measurements of a benchmark's cell.
const MOST_ROUNDS: u32 = 10_000;

pub(crate) fn threads(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_THREADS, "leave it out for one a physical core")
}

/// As `eval.standing_statistics` has it.
const MOST_PASSES: u64 = 100_000;

pub(crate) fn samples(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_DRAWN, "draw more in several calls, each with its --seed")
}

pub(crate) fn measured(text: &str) -> Result<usize, String> {
    within(text, 10..=MOST_MEASURED, "write the samples with `ganymede sample` and use ganymede-metrics")
}

pub(crate) fn rounds(text: &str) -> Result<u32, String> {
    within(text, 1..=MOST_ROUNDS, "9 are usual")
}

pub(crate) fn passes(text: &str) -> Result<u64, String> {
    within(text, 0..=MOST_PASSES, "16 are usual")
}

/// A whole number of a range; `fix` is what else to do.
fn within<T>(text: &str, range: RangeInclusive<T>, fix: &str) -> Result<T, String>
where
    T: FromStr + PartialOrd + Display,
{
    let (least, most) = (range.start(), range.end());
    match text.trim().parse::<T>() {
        Ok(n) if range.contains(&n) => Ok(n),
        Ok(n) if n < *least => Err(format!("give at least {least} (at most {most})")),
        _ => Err(format!("give a whole number of at least {least}, at most {most}; {fix}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused_with_the_bounds() {
        assert_eq!(threads("3"), Ok(3));
        assert_eq!(samples("10000000"), Ok(MOST_DRAWN));
        for text in ["0", "1025", "99999", "-1", "1e3", "nan", "inf", "99999999999999999999999", "", "two"] {
            let error = threads(text).unwrap_err();
            assert!(error.contains("at least 1") && error.contains("at most 1024"), "{text}: {error}");
        }
    }
}
