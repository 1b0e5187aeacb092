//! Products over all near pairs.

use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use super::balls::ROUNDING;
use super::blocks::{Block, Tally, scan};
use super::filter::Filter;
use super::sets::{Scalar, Side};

/// Logarithms are added as whole numbers of this fraction of a binary digit: such sums do not depend on their order.
const UNIT: f64 = (1_u64 << 44) as f64;
/// A product below 2 to this power is nothing beside 1.
const NOTHING: f64 = -64.0;

/// For each sample y of one set the product of min(1, d(x, y)/R) over all x of the other.
pub(super) struct ChanceTally<'a, T: Scalar> {
    filter: &'a Filter<'a, T>,
    around: Side,
    radius: f64,
    /// The radius among squared distances of the filter, not below its true value.
    outer: f32,
    /// Binary logarithms, in [`UNIT`]s.
    sums: Vec<AtomicI64>,
}

impl<'a, T: Scalar> ChanceTally<'a, T> {
    /// Balls of one `radius` around the samples of a set; the products are those of the other one.
    pub(super) fn new(filter: &'a Filter<'a, T>, around: Side, radius: f64) -> Self {
        let others = match around {
            Side::Real => filter.right().len(),
            Side::Generated => filter.left().len(),
        };
        Self {
            filter,
            around,
            radius,
            outer: filter.raised(radius * radius * (1.0 + ROUNDING)),
            sums: (0..others).map(|_| AtomicI64::new(0)).collect(),
        }
    }

    pub(super) fn finish(self) -> Vec<f64> {
        let product = |log2: f64| if log2 <= NOTHING { 0.0 } else { log2.exp2() };
        self.sums.into_iter().map(|sum| product(sum.into_inner() as f64 / UNIT)).collect()
    }

    /// Whether so much was multiplied already that the rest cannot be seen.
    fn is_nothing(&self, other: usize) -> bool {
        self.sums[other].load(Relaxed) as f64 <= NOTHING * UNIT
    }

    fn add(&self, other: usize, log2: f64) {
        // Of a copy the logarithm is infinite.
        self.sums[other].fetch_add((log2.max(2.0 * NOTHING) * UNIT).round() as i64, Relaxed);
    }

    /// What the block's products are at most, for each sample of the other set: most of them are nothing already, and
    /// their distances need not be computed.
    fn at_most(&self, block: &Block<'_>) -> Vec<f64> {
        let around_real = self.around == Side::Real;
        let mut products = vec![1.0; if around_real { block.columns.len() } else { block.rows.len() }];
        for (row, i) in block.rows.clone().enumerate() {
            let hit = |at: usize| {
                let (_, square) = self.filter.bounds(i, block.columns.start + at, block.row(i)[at]);
                let share = f64::from((square / self.outer).clamp(0.0, 1.0));
                products[if around_real { at } else { row }] *= share;
            };
            scan(block.least(i), || self.outer, hit);
        }
        products
    }
}

impl<T: Scalar> Tally for ChanceTally<'_, T> {
    fn see(&self, block: &Block<'_>) {
        let start = match self.around {
            Side::Real => block.columns.start,
            Side::Generated => block.rows.start,
        };
        // Squares of distances have twice their logarithm; one digit more is for the rounding of all factors.
        for (at, most) in self.at_most(block).into_iter().enumerate() {
            if most.log2() / 2.0 < NOTHING - 1.0 && !self.is_nothing(start + at) {
                self.add(start + at, 2.0 * NOTHING);
            }
        }
        for i in block.rows.clone() {
            let hit = |at: usize| {
                let j = block.columns.start + at;
                let other = if self.around == Side::Real { j } else { i };
                if self.is_nothing(other) {
                    return;
                }
                let distance = T::rounded_root(self.filter.exact(i, j));
                if distance < self.radius {
                    self.add(other, (distance / self.radius).log2());
                }
            };
            scan(block.least(i), || self.outer, hit);
        }
    }
}
