//! The matrix of distances, a block at a time.

use std::ops::Range;

use ganymede_tensor::row_products;
use rayon::prelude::*;

use super::filter::Filter;
use super::sets::Scalar;

/// Rows and columns of a block: its products take 1 MB, and its rows of 2,048 features 4 MB.
pub(super) const BLOCK: usize = 512;

/// Rows of a panel, the part of a side that is ready for products at a time: 32 MB of 2,048 features. Making one ready
/// costs a few thousandths of its products.
const PANEL: usize = 8 * BLOCK;

/// Some rows of the left side with some of the right one.
pub(super) struct Block<'a> {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    /// Products, row-major.
    products: &'a [f32],
    /// What squared distances are at least, likewise.
    least: &'a [f32],
}

impl Block<'_> {
    /// The products of row `i`, counted over the whole set.
    pub(super) fn row(&self, i: usize) -> &[f32] {
        let width = self.columns.len();
        &self.products[(i - self.rows.start) * width..][..width]
    }

    /// What the squared distances of row `i` are at least: the lower ones of [`Filter::bounds`].
    pub(super) fn least(&self, i: usize) -> &[f32] {
        let width = self.columns.len();
        &self.least[(i - self.rows.start) * width..][..width]
    }
}

/// Memory of a thread, for one block after the other.
#[derive(Default)]
struct Scratch {
    products: Vec<f32>,
    least: Vec<f32>,
}

/// Something that is counted, or sought, over all pairs.
pub(super) trait Tally: Sync {
    fn see(&self, block: &Block<'_>);
}

/// Shows every block to each of `tallies`, from all threads of the pool, in no particular order: the product is
/// computed once for all of them. Of one set with itself only blocks on and above the diagonal are shown.
pub(super) fn see_all<T: Scalar>(filter: &Filter<'_, T>, tallies: &[&dyn Tally]) {
    let (left, right) = (filter.left(), filter.right());
    for down in parts(0..left.len(), PANEL) {
        let upper = filter.prepared(left, down.clone());
        let from = if filter.is_within() { down.start } else { 0 };
        for across in parts(from..right.len(), PANEL) {
            let other =
                (!filter.is_within() || across != down).then(|| filter.prepared(right, across.clone()));
            let panels = (Panel::new(&down, &upper), Panel::new(&across, other.as_ref().unwrap_or(&upper)));
            see_panels(filter, panels, tallies);
        }
    }
}

/// Rows that are ready for products.
#[derive(Clone, Copy)]
struct Panel<'a> {
    range: &'a Range<usize>,
    prepared: &'a [f32],
}

impl<'a> Panel<'a> {
    fn new(range: &'a Range<usize>, prepared: &'a [f32]) -> Self {
        Self { range, prepared }
    }

    fn rows(&self, rows: &Range<usize>, dim: usize) -> &'a [f32] {
        let first = self.range.start;
        &self.prepared[(rows.start - first) * dim..(rows.end - first) * dim]
    }
}

fn see_panels<T: Scalar>(
    filter: &Filter<'_, T>,
    (left, right): (Panel<'_>, Panel<'_>),
    tallies: &[&dyn Tally],
) {
    let dim = filter.left().dim();
    let pairs: Vec<(Range<usize>, Range<usize>)> = parts(left.range.clone(), BLOCK)
        .flat_map(|rows| parts(right.range.clone(), BLOCK).map(move |columns| (rows.clone(), columns)))
        .filter(|(rows, columns)| !filter.is_within() || rows.start <= columns.start)
        .collect();
    pairs.into_par_iter().for_each_init(Scratch::default, |scratch, (rows, columns)| {
        let Scratch { products, least } = scratch;
        products.resize(rows.len() * columns.len(), 0.0);
        row_products(left.rows(&rows, dim), right.rows(&columns, dim), dim, products);
        least.resize(products.len(), 0.0);
        let width = columns.len();
        let of_rows = least.chunks_exact_mut(width).zip(products.chunks_exact(width));
        for (i, (least, products)) in rows.clone().zip(of_rows) {
            filter.least(i, &columns, products, least);
        }
        let block = Block { rows, columns, products, least };
        tallies.iter().for_each(|tally| tally.see(&block));
    });
}

/// A range in parts of `most`, the last one shorter.
fn parts(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(most).map(move |start| start..(start + most).min(end))
}

/// Numbers of a row that are looked at together.
const CHUNK: usize = 32;

/// Calls `hit` for the positions of a row where a distance may be within `limit`, which is asked for anew for each chunk.
/// A chunk is first looked at as a whole, in a loop of vector instructions; few chunks have a hit.
pub(super) fn scan(least: &[f32], limit: impl Fn() -> f32, mut hit: impl FnMut(usize)) {
    let (chunks, rest) = least.as_chunks::<CHUNK>();
    let mut look = |first: usize, part: &[f32], limit: f32| {
        let near = part.iter().enumerate().filter(|(_, least)| **least <= limit);
        near.for_each(|(at, _)| hit(first + at));
    };
    for (number, chunk) in chunks.iter().enumerate() {
        let limit = limit();
        if chunk.iter().fold(false, |any, least| any | (*least <= limit)) {
            look(number * CHUNK, chunk, limit);
        }
    }
    look(chunks.len() * CHUNK, rest, limit());
}

/// The same where each position has a number of its own beside it, and `test` knows whether to call.
pub(super) fn scan_each(
    least: &[f32],
    beside: &[f32],
    test: impl Fn(f32, f32) -> bool,
    mut hit: impl FnMut(usize),
) {
    let (chunks, rest) = least.as_chunks::<CHUNK>();
    let (others, rest_beside) = beside.as_chunks::<CHUNK>();
    let mut look = |first: usize, part: &[f32], beside: &[f32]| {
        let near = part.iter().zip(beside).enumerate().filter(|(_, (least, beside))| test(**least, **beside));
        near.for_each(|(at, _)| hit(first + at));
    };
    for (number, (chunk, beside)) in chunks.iter().zip(others).enumerate() {
        if chunk.iter().zip(beside).fold(false, |any, (least, beside)| any | test(*least, *beside)) {
            look(number * CHUNK, chunk, beside);
        }
    }
    look(chunks.len() * CHUNK, rest, rest_beside);
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ndarray::Array2;

    use super::*;
    use crate::neighbours::Points;

    /// How often each pair of blocks was shown, and the largest error of a product.
    struct Shown(Mutex<(Vec<(usize, usize)>, f32)>);

    impl Tally for Shown {
        fn see(&self, block: &Block<'_>) {
            let at = (block.rows.start / BLOCK, block.columns.start / BLOCK);
            // Rows are 0, 1, 2, … : products of centred and scaled ones say which rows they are of.
            let (i, j) = (block.rows.end - 1, block.columns.end - 1);
            let product = block.row(i)[j - block.columns.start];
            let least = block.least(i)[j - block.columns.start];
            assert!(least <= (expected(i) - expected(j)).powi(2) + 1e-6, "{least} of rows {i} and {j}");
            let mut shown = self.0.lock().unwrap();
            shown.0.push(at);
            shown.1 = shown.1.max((product - expected(i) * expected(j)).abs());
        }
    }

    /// Rows 0 to 8,198 have the mean 4,099, and are scaled by 2⁻¹³.
    fn expected(i: usize) -> f32 {
        (i as f32 - 4099.0) / 8192.0
    }

    #[test]
    fn scans_find_all_that_may_be_near_and_nothing_else() {
        for len in [0, 1, 31, 32, 33, 100] {
            let least: Vec<f32> = (0..len).map(|i| ((i * 37) % 50) as f32).collect();
            let beside: Vec<f32> = (0..len).map(|i| ((i * 11) % 50) as f32).collect();
            let (mut of_one, mut of_each) = (Vec::new(), Vec::new());
            scan(&least, || 7.0, |at| of_one.push(at));
            scan_each(&least, &beside, |least, beside| least <= beside, |at| of_each.push(at));
            assert_eq!(of_one, (0..len).filter(|at| least[*at] <= 7.0).collect::<Vec<_>>());
            assert_eq!(of_each, (0..len).filter(|at| least[*at] <= beside[*at]).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_pair_of_blocks_is_shown_once_over_the_seams_of_panels() {
        let count = 2 * PANEL + 7;
        let rows = Array2::from_shape_fn((count, 1), |(i, _)| i as f32);
        let points = Points::new("rows", rows.view()).unwrap();
        let blocks = count.div_ceil(BLOCK);
        for (filter, within) in [(Filter::within(&points), true), (Filter::between(&points, &points), false)]
        {
            let shown = Shown(Mutex::default());
            see_all(&filter, &[&shown]);
            let (mut seen, error) = shown.0.into_inner().unwrap();
            seen.sort_unstable();
            let all = (0..blocks).flat_map(|i| (0..blocks).map(move |j| (i, j)));
            assert_eq!(seen, all.filter(|(i, j)| !within || i <= j).collect::<Vec<_>>());
            assert!(error < 1e-6, "off by {error}");
        }
    }
}
