//! Numbers of the command line: each has its bounds here. A seed may be any.

use std::ops::RangeInclusive;

use crate::Jackknife;

/// What one pass of the largest network takes 3 GB for.
const MOST_IMAGES: usize = 1024;
const MOST_THREADS: usize = 1024;

pub(crate) fn batch(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_IMAGES, "32 are usual")
}

/// Samples, unless their number is said: as many as FID is usually taken of at least.
pub(crate) const SAMPLES: usize = 10_000;

pub(crate) fn samples(text: &str) -> Result<usize, String> {
    within(text, 1..=1_000_000, "10000 are usual")
}

pub(crate) fn threads(text: &str) -> Result<usize, String> {
    within(text, 1..=MOST_THREADS, "leave it out for all")
}

pub(crate) fn groups(text: &str) -> Result<usize, String> {
    within(text, Jackknife::GROUPS, "10 are usual")
}

pub(crate) fn repeats(text: &str) -> Result<usize, String> {
    within(text, 1..=100, "1 takes a minute")
}

fn within(text: &str, range: RangeInclusive<usize>, fix: &str) -> Result<usize, String> {
    let (least, most) = (range.start(), range.end());
    let number = text.trim().parse::<usize>().ok().filter(|n| range.contains(n));
    number.ok_or_else(|| format!("give a whole number of at least {least}, at most {most}; {fix}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused_with_the_bounds() {
        assert_eq!((batch("1024"), threads(" 2 ")), (Ok(1024), Ok(2)));
        assert_eq!((groups("5"), groups("31")), (Ok(5), Ok(31)));
        assert!(groups("4").is_err() && groups("32").is_err());
        assert_eq!(samples("1000000"), Ok(1_000_000));
        assert!(samples("0").is_err() && samples("1000001").is_err());
        for text in ["0", "1025", "-1", "1e3", "nan", "inf", "99999999999999999999999", "", "all"] {
            for error in [batch(text).unwrap_err(), threads(text).unwrap_err()] {
                assert!(error.contains("at least 1, at most 1024"), "{text}: {error}");
            }
        }
    }
}
