//! The matrix of distances, a block at a time.

use std::ops::Range;

use ganymede_tensor::row_products;
use rayon::prelude::*;

use super::filter::Filter;
use super::sets::Scalar;

/// Rows and columns of a block: its products take 1 MB, and its rows of 2,048 features 4 MB.
pub(super) const BLOCK: usize = 512;

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
    let of = |len: usize, b: usize| b * BLOCK..((b + 1) * BLOCK).min(len);
    let (down, across) = (left.len().div_ceil(BLOCK), right.len().div_ceil(BLOCK));
    let pairs: Vec<(usize, usize)> = (0..down)
        .flat_map(|i| (0..across).map(move |j| (i, j)))
        .filter(|(i, j)| !filter.is_within() || i <= j)
        .collect();
    pairs.into_par_iter().for_each_init(Vec::new, |scratch: &mut Vec<f32>, (i, j)| {
        let (rows, columns) = (of(left.len(), i), of(right.len(), j));
        scratch.resize(rows.len() * columns.len(), 0.0);
        row_products(left.rows(rows.clone()), right.rows(columns.clone()), left.dim(), scratch);
        let block = Block { rows, columns, products: scratch };
        tallies.iter().for_each(|tally| tally.see(&block));
    });
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
