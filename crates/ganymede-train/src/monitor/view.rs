//! A history as a rule sees it.

use super::series::Series;
use super::statistics::median;

/// A history up to a step.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    series: &'a Series,
    /// The step of the look.
    pub step: u64,
}

/// The end of a series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tail {
    pub(crate) window: (u64, u64),
    pub(crate) values: Vec<f64>,
}

impl Tail {
    pub(crate) fn median(&self) -> f64 {
        median(&self.values)
    }

    pub(crate) fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }
}

/// Looks whose median says how far samples lie from the data.
const LOOKS: usize = 3;
/// In units of what lies between real samples: within, generated samples are as good as real ones as far as random
/// directions can tell; beyond, they are not.
const NEAR: f64 = 2.0;
const FAR: f64 = 3.0;

/// How good samples are, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Samples {
    /// Like the data.
    Good,
    /// Neither.
    Between,
    /// Unlike the data.
    Bad,
}

impl<'a> View<'a> {
    /// Of everything that was pushed up to `step`.
    pub fn new(series: &'a Series, step: u64) -> Self {
        Self { series, step }
    }

    /// All points of a name up to the step.
    pub(crate) fn all(&self, name: &str) -> &'a [(u64, f64)] {
        let points = self.series.get(name);
        &points[..points.partition_point(|(step, _)| *step <= self.step)]
    }

    /// The last `n` numbers that are finite, where there are so many.
    pub(crate) fn tail(&self, name: &str, n: usize) -> Option<Tail> {
        let mut points: Vec<(u64, f64)> =
            self.all(name).iter().rev().filter(|(_, x)| x.is_finite()).take(n).copied().collect();
        points.reverse();
        let window = (points.first()?.0, points.last()?.0);
        (points.len() == n).then(|| Tail { window, values: points.into_iter().map(|(_, x)| x).collect() })
    }

    /// The median of the last `n`, likewise.
    pub(crate) fn median(&self, name: &str, n: usize) -> Option<f64> {
        self.tail(name, n).map(|tail| tail.median())
    }

    /// The layer that a number of the last look is of: its name is behind an `@` there.
    pub(crate) fn layer(&self, name: &str) -> Option<&'a str> {
        let of_layer = |known: &'a str| {
            let layer = known.strip_prefix(name)?.strip_prefix('@')?;
            Some((self.all(known).last()?.0, layer))
        };
        self.series.names().filter_map(of_layer).max_by_key(|(step, _)| *step).map(|(_, layer)| layer)
    }

    /// How good the samples are; nothing where nobody has compared them with the data. A generator whose samples are good may
    /// have a discriminator that cannot tell, and no gradient: that is the equilibrium, not a failure.
    pub(crate) fn samples(&self) -> Option<Samples> {
        let distance = self.median("distance", LOOKS)?;
        let lost = self.median("modes_reached", LOOKS).is_some_and(|share| share < 0.75);
        Some(match distance {
            x if x > FAR || lost => Samples::Bad,
            x if x > NEAR => Samples::Between,
            _ => Samples::Good,
        })
    }

    /// Whether samples have come nearer to the data over the last looks: the median of the last [`LOOKS`] is less than nine
    /// tenths of that of as many before.
    pub(crate) fn is_improving(&self) -> Option<bool> {
        let tail = self.tail("distance", 2 * LOOKS)?;
        let (before, now) = tail.values.split_at(LOOKS);
        Some(median(now) < 0.9 * median(before))
    }
}
