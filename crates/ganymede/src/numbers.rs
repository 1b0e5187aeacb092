//! Numbers of the command line that no configuration checks: each has its bounds here.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use ganymede_train::{MOST_MEASURED, MOST_THREADS};

/// Samples that are drawn; they are written as they come, so only the disk fills.
const MOST_DRAWN: usize = 10_000_000;
/// Images that are judged at once.
const MOST_BATCH: usize = 65_536;
/// Measurements of a benchmark's cell.
const MOST_ROUNDS: u32 = 10_000;
const MOST_JOBS: usize = 64;
/// Layers that are told a w of their own; those of 1024 pixels have 18.
const MOST_LAYERS: usize = 1000;
const MOST_KEYFRAMES: usize = 1000;
/// From a key frame to the next.
const MOST_FRAMES: usize = 1000;
const MOST_FPS: u16 = 60;
/// Of a path length; StyleGAN's are 50,000.
const MOST_PAIRS: usize = 1_000_000;
const MOST_SEEDS: u64 = 1000;
const MOST_BURN_IN: usize = 1_000_000;
const MOST_LANGEVIN_STEPS: usize = 1_000_000;
const MOST_CLASSIFIER_STEPS: usize = 100_000;

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

/// Samples before the first of a rejection is kept.
pub(crate) fn burn_in(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_BURN_IN, "1000 find about as large a score as 10,000")
}

/// Moves of a latent vector.
pub(crate) fn langevin_steps(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_LANGEVIN_STEPS, "each takes a pass of both networks, and back")
}

pub(crate) fn batch(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_BATCH, "it changes no score, only how much memory they take")
}

/// Pixels of a sample in a grid.
const MOST_SIDE: u32 = 4096;

pub(crate) fn side(text: &str) -> Result<u32, String> {
    within(text, 1..=MOST_SIDE, "the width of one sample, without the lines around it")
}

/// Runs at a time.
pub(crate) fn jobs(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_JOBS, "as many as there are cores, each run with one thread")
}

/// `3`, or `0..3` for 0, 1 and 2.
pub(crate) fn seeds(text: &str) -> Result<Range<u64>, String> {
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let seeds = match text.split_once("..") {
        Some((first, end)) => number(first).zip(number(end)).map(|(first, end)| first..end),
        None => number(text).and_then(|seed| Some(seed..seed.checked_add(1)?)),
    };
    let seeds = seeds.filter(|seeds| (1..=MOST_SEEDS).contains(&seeds.end.saturating_sub(seeds.start)));
    seeds.ok_or_else(|| {
        format!("give one number, or as 0..3 the first and the one behind the last, at most {MOST_SEEDS}")
    })
}

pub(crate) fn rounds(text: &str) -> Result<u32, String> {
    within(text, 1..=MOST_ROUNDS, "9 are usual")
}

pub(crate) fn passes(text: &str) -> Result<u64, String> {
    within(text, 0..=MOST_PASSES, "16 are usual")
}

pub(crate) fn layers(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_LAYERS, "8 of 18 are usual at 1024 pixels")
}

pub(crate) fn keyframes(text: &str) -> Result<usize, String> {
    within(text, 2..=MOST_KEYFRAMES, "4 are usual")
}

pub(crate) fn frames(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_FRAMES, "24 are a second")
}

pub(crate) fn fps(text: &str) -> Result<u16, String> {
    within(text, 1..=MOST_FPS, "24 are usual")
}

pub(crate) fn pairs(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_PAIRS, "50000 are usual")
}

pub(crate) fn classifier_steps(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_CLASSIFIER_STEPS, "400 are usual")
}

pub(crate) fn probability(text: &str) -> Result<f64, String> {
    let p = text.trim().parse::<f64>().ok().filter(|p| (0.0..=1.0).contains(p));
    p.ok_or_else(|| "give a number from 0 to 1".to_owned())
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
    fn seeds_are_one_or_a_range() {
        assert_eq!(seeds("7"), Ok(7..8));
        assert_eq!(seeds("0..3"), Ok(0..3));
        for text in ["3..3", "4..3", "..", "0..", "0..1001", "-1", "18446744073709551615", "a", ""] {
            assert!(seeds(text).unwrap_err().contains("0..3"), "{text}");
        }
    }

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
