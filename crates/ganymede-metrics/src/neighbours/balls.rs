//! Who lies in whose ball: around each sample of one set one that reaches to its k-th neighbour.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::blocks::{Block, Tally, scan, scan_each};
use super::filter::Filter;
use super::sets::{Scalar, Side};

/// Whether the border belongs to a ball.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ball {
    /// d < r, as in density and coverage.
    Open,
    /// d ≤ r, as in improved precision and recall.
    Closed,
}

/// Balls around each sample of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Balls {
    /// Whose samples are their centres.
    pub(crate) around: Side,
    /// They reach to the k-th nearest other of the centre's own set.
    pub(crate) k: usize,
    pub(crate) ball: Ball,
    /// Whether no radius is above the median of all.
    pub(crate) capped: bool,
}

impl Balls {
    pub(crate) fn new(around: Side, k: usize, ball: Ball) -> Self {
        Self { around, k, ball, capped: false }
    }
}

/// Which samples of the other set lie in balls.
#[derive(Clone, Debug)]
pub(crate) struct BallCounts {
    /// For each ball, how many of the other set it holds.
    pub(crate) holds: Vec<u32>,
    /// For each sample of the other set, how many balls it lies in.
    pub(crate) held: Vec<u32>,
}

impl BallCounts {
    /// Share of balls that hold at least `least` of the other set.
    pub(crate) fn share_of_balls(&self, least: u32) -> f64 {
        share(&self.holds, least)
    }

    /// Share of the other set that lies in a ball.
    pub(crate) fn share_held(&self) -> f64 {
        share(&self.held, 1)
    }
}

fn share(counts: &[u32], least: u32) -> f64 {
    counts.iter().filter(|count| **count >= least).count() as f64 / counts.len() as f64
}

/// More than rounding to f32 moves a squared distance, in relative terms.
pub(super) const ROUNDING: f64 = 1e-6;

/// Radii, and what they are among squared distances of the filter: below `inner` is certainly inside, above `outer`
/// certainly outside.
pub(super) struct Border<'a, T: Scalar> {
    filter: &'a Filter<'a, T>,
    ball: Ball,
    pub(super) radii: Vec<f64>,
    inner: Vec<f32>,
    pub(super) outer: Vec<f32>,
}

impl<'a, T: Scalar> Border<'a, T> {
    pub(super) fn new(filter: &'a Filter<'a, T>, radii: Vec<f64>, ball: Ball) -> Self {
        let inner = radii.iter().map(|r| filter.lowered(r * r * (1.0 - ROUNDING))).collect();
        let outer = radii.iter().map(|r| filter.raised(r * r * (1.0 + ROUNDING))).collect();
        Self { filter, ball, radii, inner, outer }
    }

    /// Whether the pair of row `i` and column `j`, of this product, is nearer than the radius number `at`.
    pub(super) fn holds(&self, at: usize, i: usize, j: usize, product: f32) -> bool {
        let (low, high) = self.filter.bounds(i, j, product);
        if high < self.inner[at] {
            return true;
        }
        let exact = OnceCell::new();
        let distance = || *exact.get_or_init(|| T::rounded_root(self.filter.exact(i, j)));
        low <= self.outer[at]
            && match self.ball {
                Ball::Open => distance() < self.radii[at],
                Ball::Closed => distance() <= self.radii[at],
            }
    }
}

/// Counts over all pairs of a real and a generated sample.
pub(super) struct BallTally<'a, T: Scalar> {
    border: Border<'a, T>,
    around: Side,
    holds: Vec<AtomicU32>,
    held: Vec<AtomicU32>,
}

impl<'a, T: Scalar> BallTally<'a, T> {
    /// `radii` are those of the balls, one a sample that they are around.
    pub(super) fn new(filter: &'a Filter<'a, T>, balls: Balls, radii: Vec<f64>) -> Self {
        let zeros = |n: usize| (0..n).map(|_| AtomicU32::new(0)).collect();
        let others = match balls.around {
            Side::Real => filter.right().len(),
            Side::Generated => filter.left().len(),
        };
        let (holds, held) = (zeros(radii.len()), zeros(others));
        Self { border: Border::new(filter, radii, balls.ball), around: balls.around, holds, held }
    }

    pub(super) fn finish(self) -> BallCounts {
        let plain = |counts: Vec<AtomicU32>| counts.into_iter().map(AtomicU32::into_inner).collect();
        BallCounts { holds: plain(self.holds), held: plain(self.held) }
    }

    /// Adds what was counted in a block, from these samples on.
    fn add(to: &[AtomicU32], counts: &[u32]) {
        for (to, count) in to.iter().zip(counts).filter(|(_, count)| **count > 0) {
            to.fetch_add(*count, Relaxed);
        }
    }
}

impl<T: Scalar> Tally for BallTally<'_, T> {
    fn see(&self, block: &Block<'_>) {
        // What all threads share is added to once a block: that takes longer than to look at a pair.
        let (mut of_rows, mut of_columns) = (vec![0; block.rows.len()], vec![0; block.columns.len()]);
        let outer = &self.border.outer;
        for (i, of_row) in block.rows.clone().zip(&mut of_rows) {
            let (products, least) = (block.row(i), block.least(i));
            let hit = |at: usize| {
                let j = block.columns.start + at;
                let centre = if self.around == Side::Real { i } else { j };
                if self.border.holds(centre, i, j, products[at]) {
                    *of_row += 1;
                    of_columns[at] += 1;
                }
            };
            match self.around {
                Side::Real => scan(least, || outer[i], hit),
                Side::Generated => {
                    scan_each(least, &outer[block.columns.clone()], |least, outer| least <= outer, hit);
                }
            }
        }
        let (holds, held) = (&self.holds, &self.held);
        let (rows, columns) = if self.around == Side::Real { (holds, held) } else { (held, holds) };
        Self::add(&rows[block.rows.start..], &of_rows);
        Self::add(&columns[block.columns.start..], &of_columns);
    }
}
