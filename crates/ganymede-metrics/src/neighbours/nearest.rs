//! The k nearest rows of each row.

use std::cell::Cell;
use std::sync::Mutex;

use ndarray::Array2;
use rayon::prelude::*;

use super::blocks::{BLOCK, Block, Tally, scan, scan_each};
use super::filter::Filter;
use super::sets::Scalar;

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

/// Looks for the nearest ones.
pub(super) struct NearestTally<'a, T: Scalar> {
    filter: &'a Filter<'a, T>,
    /// Of the filter's left side among its right one.
    rows: Groups,
    /// Of its right side among its left one: the same, where it is one set with itself.
    columns: Groups,
}

/// [`BLOCK`] samples each.
type Groups = Vec<Mutex<Vec<Best>>>;

impl<'a, T: Scalar> NearestTally<'a, T> {
    /// The nearest `k` of each row of one set among the others.
    pub(super) fn within(filter: &'a Filter<'a, T>, k: usize) -> Self {
        Self { filter, rows: groups(filter.left().len(), k), columns: Vec::new() }
    }

    /// The nearest `rows_k` of each row, and `columns_k` of each column, among those of the other set. For 0 nothing is
    /// sought.
    pub(super) fn between(filter: &'a Filter<'a, T>, rows_k: usize, columns_k: usize) -> Self {
        let of = |len: usize, k: usize| if k == 0 { Vec::new() } else { groups(len, k) };
        Self { filter, rows: of(filter.left().len(), rows_k), columns: of(filter.right().len(), columns_k) }
    }

    /// Those of rows and those of columns.
    pub(super) fn finish(self) -> (Neighbours, Neighbours) {
        let filter = self.filter;
        let rows = settled::<T>(self.rows, |i, best| best.settle(filter, |j| filter.exact(i, j)));
        let columns = settled::<T>(self.columns, |j, best| best.settle(filter, |i| filter.exact(i, j)));
        (rows, columns)
    }

    /// Offers the columns of a block to its rows.
    fn by_rows(&self, block: &Block<'_>, best: &mut [Best]) {
        let filter = self.filter;
        for (i, best) in block.rows.clone().zip(best) {
            let products = block.row(i);
            let limit = Cell::new(best.limit);
            let hit = |at: usize| {
                let j = block.columns.start + at;
                if filter.is_within() && i == j {
                    return;
                }
                let (lower, upper) = filter.bounds(i, j, products[at]);
                best.offer(lower, upper, j, |best| best.settle(filter, |j| filter.exact(i, j)));
                limit.set(best.limit);
            };
            scan(block.least(i), || limit.get(), hit);
        }
    }

    /// Offers the rows of a block to its columns.
    fn by_columns(&self, block: &Block<'_>, best: &mut [Best]) {
        let filter = self.filter;
        let mut limits: Vec<f32> = best.iter().map(|best| best.limit).collect();
        let mut hits = Vec::new();
        for i in block.rows.clone() {
            let products = block.row(i);
            scan_each(block.least(i), &limits, |least, limit| least <= limit, |at| hits.push(at));
            for at in hits.drain(..) {
                let j = block.columns.start + at;
                let (lower, upper) = filter.bounds(i, j, products[at]);
                best[at].offer(lower, upper, i, |best| best.settle(filter, |i| filter.exact(i, j)));
                limits[at] = best[at].limit;
            }
        }
    }
}

impl<T: Scalar> Tally for NearestTally<'_, T> {
    fn see(&self, block: &Block<'_>) {
        let of = |groups: &Groups, start: usize, offer: &dyn Fn(&mut [Best])| {
            if let Some(group) = groups.get(start / BLOCK) {
                offer(&mut group.lock().expect("a thread that panicked ends the run"));
            }
        };
        of(&self.rows, block.rows.start, &|best| self.by_rows(block, best));
        if !self.filter.is_within() {
            of(&self.columns, block.columns.start, &|best| self.by_columns(block, best));
        } else if block.rows != block.columns {
            of(&self.rows, block.columns.start, &|best| self.by_columns(block, best));
        }
    }
}

fn groups(rows: usize, k: usize) -> Groups {
    let group =
        |b: usize| Mutex::new((b * BLOCK..((b + 1) * BLOCK).min(rows)).map(|_| Best::new(k)).collect());
    (0..rows.div_ceil(BLOCK)).map(group).collect()
}

fn settled<T: Scalar>(groups: Groups, settle: impl Fn(usize, &mut Best) + Sync) -> Neighbours {
    let plain = |group: Mutex<Vec<Best>>| group.into_inner().expect("a thread that panicked ends the run");
    let mut best: Vec<Best> = groups.into_iter().flat_map(plain).collect();
    best.par_iter_mut().enumerate().for_each(|(at, best)| settle(at, best));
    let shape = (best.len(), best.first().map_or(0, |best| best.settled.len()));
    Neighbours {
        index: Array2::from_shape_fn(shape, |(i, n)| best[i].settled[n].1 as usize),
        distance: Array2::from_shape_fn(shape, |(i, n)| T::rounded_root(best[i].settled[n].0)),
    }
}
