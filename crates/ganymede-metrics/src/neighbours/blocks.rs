//! The matrix of distances, a block at a time.

use std::ops::Range;

use ganymede_tensor::row_products;
use rayon::prelude::*;

use super::filter::Filter;
use super::sets::Scalar;

/// Rows and columns of a block: its products take 1 MB, and its rows of 2,048 features 4 MB.
pub(crate) const BLOCK: usize = 512;

/// Products of some rows of the left side with some of the right one.
pub(crate) struct Block<'a> {
    pub(crate) rows: Range<usize>,
    pub(crate) columns: Range<usize>,
    /// Row-major.
    products: &'a [f32],
}

impl Block<'_> {
    /// The products of row `i`, counted over the whole set.
    pub(crate) fn row(&self, i: usize) -> &[f32] {
        let width = self.columns.len();
        &self.products[(i - self.rows.start) * width..][..width]
    }
}

/// Calls `visit` for every block, from all threads of the pool, in no particular order. Of one set with
/// itself only blocks on and above the diagonal are visited.
pub(crate) fn for_each_block<T: Scalar>(filter: &Filter<'_, T>, visit: impl Fn(&Block<'_>) + Sync) {
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
        visit(&Block { rows, columns, products: scratch });
    });
}

/// Calls `hit` for the positions in `0..len` that `test` lets through. `test` is asked for whole chunks
/// first, in a loop that a compiler can turn into vector instructions; few chunks have a hit.
pub(crate) fn scan(len: usize, test: impl Fn(usize) -> bool, mut hit: impl FnMut(usize)) {
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
