//! Who lies in whose ball: around each sample one that reaches to its k-th neighbour.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use super::blocks::{BLOCK, Block, for_each_block, scan};
use super::filter::Filter;
use super::sets::{Both, Scalar};

/// Whether the border belongs to a ball.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ball {
    /// d < r, as in density and coverage.
    Open,
    /// d ≤ r, as in improved precision and recall.
    Closed,
}

impl Ball {
    fn holds(self, distance: f64, radius: f64) -> bool {
        match self {
            Self::Open => distance < radius,
            Self::Closed => distance <= radius,
        }
    }
}

/// Radii of the balls around real and around generated samples.
pub(crate) struct Radii {
    pub(crate) real: Vec<f64>,
    pub(crate) generated: Vec<f64>,
}

/// What [`ball_counts`] finds.
pub(crate) struct Counts {
    /// For each generated sample, how many real balls it lies in.
    pub(crate) real_balls: Vec<u32>,
    /// For each real sample, whether its ball holds a generated sample.
    pub(crate) covered: Vec<bool>,
    /// For each real sample, whether it lies in a generated ball.
    pub(crate) recalled: Vec<bool>,
}

/// A radius among squared distances of the filter: below `inner` is certainly inside, above `outer`
/// certainly outside.
struct Border {
    inner: Vec<f32>,
    outer: Vec<f32>,
}

/// More than rounding to f32 moves a squared distance, in relative terms.
const ROUNDING: f64 = 1e-6;

impl Border {
    fn new<T: Scalar>(filter: &Filter<'_, T>, radii: &[f64]) -> Self {
        let inner = radii.iter().map(|r| filter.lowered(r * r * (1.0 - ROUNDING))).collect();
        let outer = radii.iter().map(|r| filter.raised(r * r * (1.0 + ROUNDING))).collect();
        Self { inner, outer }
    }
}

struct Tally<'a, T: Scalar> {
    filter: &'a Filter<'a, T>,
    ball: Ball,
    radii: &'a Radii,
    real: Border,
    generated: Border,
    real_balls: Vec<AtomicU32>,
    covered: Vec<AtomicBool>,
    recalled: Vec<AtomicBool>,
}

/// Counts over all pairs of a real and a generated sample.
pub(crate) fn ball_counts<T: Scalar>(both: &Both<'_, T>, radii: &Radii, ball: Ball) -> Counts {
    let filter = Filter::between(&both.real, &both.generated);
    let flags = |n: usize| (0..n).map(|_| AtomicBool::new(false)).collect();
    let tally = Tally {
        ball,
        radii,
        real: Border::new(&filter, &radii.real),
        generated: Border::new(&filter, &radii.generated),
        real_balls: (0..both.generated.len()).map(|_| AtomicU32::new(0)).collect(),
        covered: flags(both.real.len()),
        recalled: flags(both.real.len()),
        filter: &filter,
    };
    for_each_block(&filter, |block| tally.add(block));
    Counts {
        real_balls: tally.real_balls.into_iter().map(AtomicU32::into_inner).collect(),
        covered: tally.covered.into_iter().map(AtomicBool::into_inner).collect(),
        recalled: tally.recalled.into_iter().map(AtomicBool::into_inner).collect(),
    }
}

impl<T: Scalar> Tally<'_, T> {
    fn add(&self, block: &Block<'_>) {
        let low = &self.filter.right().low[block.columns.clone()];
        let generated = &self.generated.outer[block.columns.clone()];
        for i in block.rows.clone() {
            let products = block.row(i);
            let (base, real) = (self.filter.left().low[i], self.real.outer[i]);
            scan(
                products.len(),
                |at| base + low[at] - 2.0 * products[at] <= real.max(generated[at]),
                |at| self.add_pair(i, block.columns.start + at, products[at]),
            );
        }
    }

    fn add_pair(&self, i: usize, j: usize, product: f32) {
        let (left, right) = (self.filter.left(), self.filter.right());
        let low = left.low[i] + right.low[j] - 2.0 * product;
        let high = left.high[i] + right.high[j] - 2.0 * product;
        let exact = std::cell::OnceCell::new();
        let holds = |border: &Border, at: usize, radius: f64| {
            if high < border.inner[at] {
                return true;
            }
            let distance = || T::rounded_root(self.filter.exact(i, j));
            low <= border.outer[at] && self.ball.holds(*exact.get_or_init(distance), radius)
        };
        if holds(&self.real, i, self.radii.real[i]) {
            self.real_balls[j].fetch_add(1, Relaxed);
            self.covered[i].store(true, Relaxed);
        }
        if !self.recalled[i].load(Relaxed) && holds(&self.generated, j, self.radii.generated[j]) {
            self.recalled[i].store(true, Relaxed);
        }
    }
}

/// For each generated sample the largest rᵢ / d(i, j) over the real samples that `counts` lets through.
pub(crate) fn realism_scores<T: Scalar>(
    both: &Both<'_, T>,
    radii: &[f64],
    counts: impl Fn(f64) -> bool,
) -> Vec<f64> {
    let filter = Filter::between(&both.real, &both.generated);
    // A radius below 0 is never the largest of anything.
    let radii: Vec<f64> = radii.iter().map(|r| if counts(*r) { *r } else { -1.0 }).collect();
    let groups: Vec<Mutex<Vec<f64>>> = (0..both.generated.len().div_ceil(BLOCK))
        .map(|b| Mutex::new(vec![0.0; BLOCK.min(both.generated.len() - b * BLOCK)]))
        .collect();
    for_each_block(&filter, |block| {
        let group = &groups[block.columns.start / BLOCK];
        let mut best = group.lock().expect("a thread that panicked ends the run");
        raise_scores(&filter, block, &radii, &mut best);
    });
    groups.into_iter().flat_map(|group| group.into_inner().expect("as above")).collect()
}

fn raise_scores<T: Scalar>(filter: &Filter<'_, T>, block: &Block<'_>, radii: &[f64], best: &mut [f64]) {
    let low = &filter.right().low[block.columns.clone()];
    let mut squares: Vec<f32> = best.iter().map(|score| ((score * score) as f32).next_down()).collect();
    for i in block.rows.clone().filter(|i| radii[*i] >= 0.0) {
        let products = block.row(i);
        let base = filter.left().low[i];
        // r²/d² of rounded distances may exceed that of exact ones a little.
        let radius = filter.raised(radii[i] * radii[i] * (1.0 + ROUNDING));
        let mut hits = Vec::new();
        scan(
            products.len(),
            |at| radius >= squares[at] * (base + low[at] - 2.0 * products[at]),
            |at| hits.push(at),
        );
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
