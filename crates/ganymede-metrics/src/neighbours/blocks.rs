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

/// Products of some rows of the left side with some of the right one.
pub(super) struct Block<'a> {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    /// Row-major.
    products: &'a [f32],
}

impl Block<'_> {
    /// The products of row `i`, counted over the whole set.
    pub(super) fn row(&self, i: usize) -> &[f32] {
        let width = self.columns.len();
        &self.products[(i - self.rows.start) * width..][..width]
    }
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
    pairs.into_par_iter().for_each_init(Vec::new, |scratch: &mut Vec<f32>, (rows, columns)| {
        scratch.resize(rows.len() * columns.len(), 0.0);
        row_products(left.rows(&rows, dim), right.rows(&columns, dim), dim, scratch);
        let block = Block { rows, columns, products: scratch };
        tallies.iter().for_each(|tally| tally.see(&block));
    });
}

/// A range in parts of `most`, the last one shorter.
fn parts(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(most).map(move |start| start..(start + most).min(end))
}

/// Calls `hit` for the positions in `0..len` that `test` lets through. `test` is asked for whole chunks
/// first, in a loop that a compiler can turn into vector instructions; few chunks have a hit.
pub(super) fn scan(len: usize, test: impl Fn(usize) -> bool, mut hit: impl FnMut(usize)) {
    const CHUNK: usize = 32;
    let mut start = 0;
    while start < len {
        let end = (start + CHUNK).min(len);
        if (start..end).fold(false, |any, at| any | test(at)) {
            (start..end).filter(|at| test(*at)).for_each(&mut hit);
        }
        start = end;
    }
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
