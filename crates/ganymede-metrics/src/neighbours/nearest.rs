//! The k nearest rows of each row.

use std::sync::Mutex;

use ndarray::Array2;
use rayon::prelude::*;

use super::blocks::{BLOCK, Block, for_each_block, scan};
use super::filter::Filter;
use super::sets::{Points, Scalar};
use crate::{MetricError, Result};

/// Candidates that are kept open before they are settled by exact distances.
const OPEN: usize = 256;

/// For each row its nearest others, nearest first; of equally near ones the first comes first.
#[derive(Clone, Debug)]
pub(crate) struct Neighbours {
    /// `(N, k)`, rows of the other set.
    pub(crate) index: Array2<usize>,
    /// `(N, k)`.
    pub(crate) distance: Array2<f64>,
}

/// What is known of the nearest ones of one row.
struct Best {
    k: usize,
    /// The k smallest upper bounds so far, ascending.
    bounds: Vec<f32>,
    /// Whom the bounds do not exclude: lower bound and column.
    open: Vec<(f32, u32)>,
    /// The k nearest of those whose distance was computed, ascending.
    settled: Vec<(f64, u32)>,
    /// Nobody farther than this is among the k nearest.
    limit: f32,
}

impl Best {
    fn new(k: usize) -> Self {
        Self { k, bounds: Vec::new(), open: Vec::new(), settled: Vec::new(), limit: f32::INFINITY }
    }

    fn offer(&mut self, low: f32, high: f32, column: usize, settle: impl Fn(&mut Self)) {
        if low > self.limit {
            return;
        }
        self.open.push((low, column as u32));
        let at = self.bounds.partition_point(|bound| *bound <= high);
        if at < self.k {
            self.bounds.insert(at, high);
            self.bounds.truncate(self.k);
        }
        if self.bounds.len() == self.k {
            self.limit = self.limit.min(self.bounds[self.k - 1]);
        }
        if self.open.len() >= OPEN {
            self.open.retain(|(low, _)| *low <= self.limit);
            if self.open.len() >= OPEN / 2 {
                settle(self);
            }
        }
    }

    /// Replaces bounds by distances. Who is dropped is farther than k others, so the order in which
    /// candidates came does not show.
    fn settle<T: Scalar>(&mut self, filter: &Filter<'_, T>, exact: impl Fn(usize) -> f64) {
        let open = std::mem::take(&mut self.open);
        let near = open.into_iter().filter(|(low, _)| *low <= self.limit);
        self.settled.extend(near.map(|(_, column)| (exact(column as usize), column)));
        self.settled.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        self.settled.truncate(self.k);
        if self.settled.len() == self.k {
            self.limit = self.limit.min(filter.raised(self.settled[self.k - 1].0));
        }
    }
}

/// The `k` nearest rows of `among` for each row of `queries`.
///
/// # Errors
/// `k` is 0 or more than there are rows in `among`.
pub(crate) fn nearest_among<T: Scalar>(
    queries: &Points<'_, T>,
    among: &Points<'_, T>,
    k: usize,
) -> Result<Neighbours> {
    check(k, among.len(), "the set that they are sought in")?;
    Ok(search(&Filter::between(queries, among), k))
}

/// The `k` nearest other rows of each row of `points`: never itself, though a copy of it may be.
///
/// # Errors
/// `k` is 0, or there are fewer than `k + 1` rows.
pub(crate) fn nearest_of_each<T: Scalar>(what: &str, points: &Points<'_, T>, k: usize) -> Result<Neighbours> {
    if points.len() <= k || k == 0 {
        return Err(MetricError::Unfit(format!(
            "k = {k} nearest neighbours need at least {} {what}, got {}: lower k or give more samples",
            k.max(1) + 1,
            points.len()
        )));
    }
    Ok(search(&Filter::within(points), k))
}

/// The distance of each row to its k-th nearest other: the (k + 1)-th smallest of all distances to it.
///
/// # Errors
/// As [`nearest_of_each`].
pub(crate) fn radii<T: Scalar>(what: &str, points: &Points<'_, T>, k: usize) -> Result<Vec<f64>> {
    Ok(nearest_of_each(what, points, k)?.distance.column(k - 1).to_vec())
}

fn check(k: usize, rows: usize, what: &str) -> Result<()> {
    if k == 0 || k > rows {
        return Err(MetricError::Invalid(format!("k = {k} nearest neighbours, but {what} has {rows} rows")));
    }
    Ok(())
}

fn search<T: Scalar>(filter: &Filter<'_, T>, k: usize) -> Neighbours {
    let rows = filter.left().len();
    let groups: Vec<Mutex<Vec<Best>>> = (0..rows.div_ceil(BLOCK))
        .map(|b| Mutex::new((b * BLOCK..((b + 1) * BLOCK).min(rows)).map(|_| Best::new(k)).collect()))
        .collect();
    let group = |start: usize| groups[start / BLOCK].lock().expect("a thread that panicked ends the run");
    for_each_block(filter, |block| {
        by_rows(filter, block, &mut group(block.rows.start));
        if filter.is_within() && block.rows != block.columns {
            by_columns(filter, block, &mut group(block.columns.start));
        }
    });
    let mut best: Vec<Best> = groups.into_iter().flat_map(|g| g.into_inner().expect("as above")).collect();
    best.par_iter_mut().enumerate().for_each(|(i, best)| best.settle(filter, |j| filter.exact(i, j)));
    let index = |(i, n): (usize, usize)| best[i].settled[n].1 as usize;
    let distance = |(i, n): (usize, usize)| T::rounded_root(best[i].settled[n].0);
    Neighbours {
        index: Array2::from_shape_fn((rows, k), index),
        distance: Array2::from_shape_fn((rows, k), distance),
    }
}

/// Offers the columns of a block to its rows.
fn by_rows<T: Scalar>(filter: &Filter<'_, T>, block: &Block<'_>, best: &mut [Best]) {
    let (left, right) = (filter.left(), filter.right());
    let low = &right.low[block.columns.clone()];
    let itself = filter.is_within();
    for (i, best) in block.rows.clone().zip(best) {
        let products = block.row(i);
        let base = left.low[i];
        let limit = std::cell::Cell::new(best.limit);
        scan(
            products.len(),
            |at| base + low[at] - 2.0 * products[at] <= limit.get(),
            |at| {
                let j = block.columns.start + at;
                if itself && i == j {
                    return;
                }
                let lower = base + low[at] - 2.0 * products[at];
                let upper = left.high[i] + right.high[j] - 2.0 * products[at];
                best.offer(lower, upper, j, |best| best.settle(filter, |j| filter.exact(i, j)));
                limit.set(best.limit);
            },
        );
    }
}

/// Offers the rows of a block to its columns, where both are of one set.
fn by_columns<T: Scalar>(filter: &Filter<'_, T>, block: &Block<'_>, best: &mut [Best]) {
    let side = filter.left();
    let low = &side.low[block.columns.clone()];
    let mut limits: Vec<f32> = best.iter().map(|best| best.limit).collect();
    for i in block.rows.clone() {
        let products = block.row(i);
        let base = side.low[i];
        let mut hits = Vec::new();
        scan(products.len(), |at| base + low[at] - 2.0 * products[at] <= limits[at], |at| hits.push(at));
        for at in hits {
            let j = block.columns.start + at;
            let lower = base + low[at] - 2.0 * products[at];
            let upper = side.high[i] + side.high[j] - 2.0 * products[at];
            best[at].offer(lower, upper, i, |best| best.settle(filter, |i| filter.exact(i, j)));
            limits[at] = best[at].limit;
        }
    }
}
