//! The smallest real ball that each generated sample lies in.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::balls::{Ball, Border};
use super::blocks::{Block, Tally, scan};
use super::filter::Filter;
use super::sets::Scalar;

/// For each generated sample the smallest radius of the open real balls that hold it, infinite where none does.
pub(super) struct RarityTally<'a, T: Scalar> {
    border: Border<'a, T>,
    /// Bits of radii: those of numbers that are not negative are in the numbers' order.
    smallest: Vec<AtomicU64>,
}

impl<'a, T: Scalar> RarityTally<'a, T> {
    pub(super) fn new(filter: &'a Filter<'a, T>, radii: Vec<f64>) -> Self {
        let infinite = |_| AtomicU64::new(f64::INFINITY.to_bits());
        Self {
            border: Border::new(filter, radii, Ball::Open),
            smallest: (0..filter.right().len()).map(infinite).collect(),
        }
    }

    pub(super) fn finish(self) -> Vec<f64> {
        self.smallest.into_iter().map(|bits| f64::from_bits(bits.into_inner())).collect()
    }
}

impl<T: Scalar> Tally for RarityTally<'_, T> {
    fn see(&self, block: &Block<'_>) {
        for i in block.rows.clone() {
            let products = block.row(i);
            let (outer, radius) = (self.border.outer[i], self.border.radii[i].to_bits());
            let hit = |at: usize| {
                let j = block.columns.start + at;
                let smallest = &self.smallest[j];
                if radius < smallest.load(Relaxed) && self.border.holds(i, i, j, products[at]) {
                    smallest.fetch_min(radius, Relaxed);
                }
            };
            scan(block.least(i), || outer, hit);
        }
    }
}
