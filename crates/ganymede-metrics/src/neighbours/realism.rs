//! How near each generated sample is to a real one, measured by that one's ball.

use std::sync::Mutex;

use super::balls::ROUNDING;
use super::blocks::{BLOCK, Block, Tally, scan_each};
use super::filter::Filter;
use super::sets::Scalar;

/// For each generated sample the largest rᵢ / d(i, j) over real samples.
pub(super) struct RealismTally<'a, T: Scalar> {
    filter: &'a Filter<'a, T>,
    /// One below 0 is never the largest of anything.
    radii: Vec<f64>,
    groups: Vec<Mutex<Vec<f64>>>,
}

impl<'a, T: Scalar> RealismTally<'a, T> {
    /// Only real samples count whose radius `counts` lets through.
    pub(super) fn new(filter: &'a Filter<'a, T>, radii: &[f64], counts: impl Fn(f64) -> bool) -> Self {
        let columns = filter.right().len();
        let group = |b: usize| Mutex::new(vec![0.0; BLOCK.min(columns - b * BLOCK)]);
        Self {
            filter,
            radii: radii.iter().map(|r| if counts(*r) { *r } else { -1.0 }).collect(),
            groups: (0..columns.div_ceil(BLOCK)).map(group).collect(),
        }
    }

    pub(super) fn finish(self) -> Vec<f64> {
        let plain = |group: Mutex<Vec<f64>>| group.into_inner().expect("a thread that panicked ends the run");
        self.groups.into_iter().flat_map(plain).collect()
    }
}

impl<T: Scalar> Tally for RealismTally<'_, T> {
    fn see(&self, block: &Block<'_>) {
        let (filter, radii) = (self.filter, &self.radii);
        let group = &self.groups[block.columns.start / BLOCK];
        let mut best = group.lock().expect("a thread that panicked ends the run");
        let mut squares: Vec<f32> = best.iter().map(|score| ((score * score) as f32).next_down()).collect();
        for i in block.rows.clone().filter(|i| radii[*i] >= 0.0) {
            // r²/d² of rounded distances may exceed that of exact ones a little.
            let radius = filter.raised(radii[i] * radii[i] * (1.0 + ROUNDING));
            let mut hits = Vec::new();
            let may_be_more = |least: f32, square: f32| radius >= square * least;
            scan_each(block.least(i), &squares, may_be_more, |at| hits.push(at));
            for at in hits {
                let distance = T::rounded_root(filter.exact(i, block.columns.start + at));
                let score = if distance == 0.0 { f64::INFINITY } else { radii[i] / distance };
                if score > best[at] {
                    best[at] = score;
                    squares[at] = ((score * score) as f32).next_down();
                }
            }
        }
    }
}
