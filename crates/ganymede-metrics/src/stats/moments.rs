//! Count, mean and scatter, joined block by block.

use ndarray::{Array1, Array2, ArrayViewMut2, Axis, s};

use crate::linalg::add_gram;

/// Rows of a full block: enough for a product of matrices to be efficient, few enough for the cache.
pub(super) const BLOCK: usize = 512;

/// `scatter` is Σ (x − mean)(x − mean)ᵀ; only its lower triangle is kept up to date.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    pub(super) count: u64,
    pub(super) mean: Array1<f64>,
    pub(super) scatter: Array2<f64>,
}

impl Moments {
    pub(super) fn new(dim: usize) -> Self {
        Self { count: 0, mean: Array1::zeros(dim), scatter: Array2::zeros((dim, dim)) }
    }

    /// Adds all rows of `block` but the last, which is scratch. The block is centred in place.
    ///
    /// The scratch row becomes √(n m / (n + m)) · (difference of the means), whose product with itself is the term that
    /// joins two scatters: one product of matrices does all.
    pub(super) fn absorb(&mut self, mut block: ArrayViewMut2<'_, f64>) {
        let added = block.nrows() - 1;
        // Told from the first row: a feature that is constant then has a variance of exactly 0, which a mean that was
        // rounded would not give it.
        let first = block.row(0).to_owned();
        let mut rows = block.slice_mut(s![..added, ..]);
        rows -= &first;
        let above = rows.sum_axis(Axis(0)) / added as f64;
        rows -= &above;
        let mean = first + above;
        let (before, added_f) = (self.count as f64, added as f64);
        let delta = mean - &self.mean;
        block.row_mut(added).assign(&(&delta * (before * added_f / (before + added_f)).sqrt()));
        add_gram(block.view(), &mut self.scatter);
        self.mean.scaled_add(added_f / (before + added_f), &delta);
        self.count += added as u64;
    }

    /// Adds what `other` has seen.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (before, added) = (self.count as f64, other.count as f64);
        let delta = &other.mean - &self.mean;
        let joint = (&delta * (before * added / (before + added)).sqrt()).insert_axis(Axis(0));
        self.scatter += &other.scatter;
        add_gram(joint.view(), &mut self.scatter);
        self.mean.scaled_add(added / (before + added), &delta);
        self.count += other.count;
    }
}
