//! Squared distances by a product in f32, each with the bound of its error.

use std::ops::Range;

use rayon::prelude::*;

use super::copies::first_equal;
use super::sets::{Points, Scalar, squared_distance};

/// Two sets of rows, or one with itself, of which any part can be made ready for products.
///
/// Rows are moved by a common mean, which changes no distance and makes norms small, and scaled by a power
/// of two, so that no norm overflows. With c the prepared rows and u = 2⁻²⁴,
///
/// d² = |cᵢ|² + |cⱼ|² − 2 cᵢ·cⱼ, off by at most (D + 24)·u·(|cᵢ|² + |cⱼ|²):
///
/// D·u·|cᵢ||cⱼ| twice for the product (Higham, 2002, "Accuracy and stability of numerical algorithms",
/// equation 3.5, for any order of summation), the rest for the rounding of c and of the sum itself.
///
/// Of the prepared rows only the norms are kept: the rows themselves would take as much memory again as the sets.
pub(crate) struct Filter<'p, T: Scalar> {
    left: Side<'p, T>,
    /// `None`: the left one with itself.
    right: Option<Side<'p, T>>,
    frame: Frame,
}

/// How rows are moved and scaled.
struct Frame {
    mean: Vec<f64>,
    scale: f64,
}

impl Frame {
    fn prepare<T: Scalar>(&self, row: &[T], out: &mut [f32]) {
        for ((out, x), mean) in out.iter_mut().zip(row).zip(&self.mean) {
            *out = ((x.wide() - mean) * self.scale) as f32;
        }
    }
}

/// One of the sets.
pub(crate) struct Side<'p, T: Scalar> {
    points: &'p Points<'p, T>,
    /// |c|² less its share of the error, and the other way round.
    pub(crate) low: Vec<f32>,
    pub(crate) high: Vec<f32>,
    label: Vec<u32>,
}

impl<'p, T: Scalar> Filter<'p, T> {
    /// Distances within one set.
    pub(crate) fn within(points: &'p Points<'p, T>) -> Self {
        let frame = frame(&[points]);
        let mut labels = first_equal(&[points]);
        let left = Side::new(points, &frame, labels.remove(0));
        Self { left, right: None, frame }
    }

    /// Distances from each row of `left` to each of `right`.
    pub(crate) fn between(left: &'p Points<'p, T>, right: &'p Points<'p, T>) -> Self {
        let frame = frame(&[left, right]);
        let mut labels = first_equal(&[left, right]);
        let right = Side::new(right, &frame, labels.remove(1));
        let left = Side::new(left, &frame, labels.remove(0));
        Self { left, right: Some(right), frame }
    }

    pub(crate) fn left(&self) -> &Side<'p, T> {
        &self.left
    }

    pub(crate) fn right(&self) -> &Side<'p, T> {
        self.right.as_ref().unwrap_or(&self.left)
    }

    pub(crate) fn is_within(&self) -> bool {
        self.right.is_none()
    }

    /// Rows of a side of this filter, made ready, one after the other.
    pub(crate) fn prepared(&self, side: &Side<'p, T>, range: Range<usize>) -> Vec<f32> {
        let dim = side.dim();
        let rows = &side.points.flat()[range.start * dim..range.end * dim];
        let mut prepared = vec![0f32; rows.len()];
        let pairs = prepared.par_chunks_mut(dim).zip(rows.par_chunks(dim));
        pairs.for_each(|(out, row)| self.frame.prepare(row, out));
        prepared
    }

    /// Bounds of the squared distance of row `i` and column `j`, of this product, in the units of the filter.
    pub(crate) fn bounds(&self, i: usize, j: usize, product: f32) -> (f32, f32) {
        let (left, right) = (&self.left, self.right());
        (left.low[i] + right.low[j] - 2.0 * product, left.high[i] + right.high[j] - 2.0 * product)
    }

    /// The lower bounds of row `i` and some columns, of these products.
    pub(crate) fn least(&self, i: usize, columns: &Range<usize>, products: &[f32], least: &mut [f32]) {
        let (base, low) = (self.left.low[i], &self.right().low[columns.clone()]);
        for ((least, product), low) in least.iter_mut().zip(products).zip(low) {
            *least = base + low - 2.0 * product;
        }
    }

    /// The exact squared distance of two rows.
    pub(crate) fn exact(&self, i: usize, j: usize) -> f64 {
        let (left, right) = (&self.left, self.right());
        if left.label[i] == right.label[j] {
            return 0.0;
        }
        squared_distance(left.points.row(i), right.points.row(j))
    }

    /// A squared distance in the units of the filter, not below the true value in them.
    pub(crate) fn raised(&self, squared: f64) -> f32 {
        self.in_units(squared).next_up()
    }

    /// The same, not above.
    pub(crate) fn lowered(&self, squared: f64) -> f32 {
        self.in_units(squared).next_down()
    }

    fn in_units(&self, squared: f64) -> f32 {
        (squared * self.frame.scale * self.frame.scale) as f32
    }
}

impl<'p, T: Scalar> Side<'p, T> {
    fn new(points: &'p Points<'p, T>, frame: &Frame, label: Vec<u32>) -> Self {
        let dim = points.dim();
        let share = (dim as f64 + 24.0) * f64::from(f32::EPSILON) / 2.0;
        let norm = |out: &mut Vec<f32>, row: &[T]| {
            frame.prepare(row, out);
            out.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>()
        };
        let rows = points.flat().par_chunks(dim);
        let norms: Vec<f64> = rows.map_init(|| vec![0f32; dim], norm).collect();
        // What is below the smallest normal number may be lost: the last term is for that.
        let tiny = dim as f64 * f64::from(f32::MIN_POSITIVE);
        let low = norms.iter().map(|n| (n * (1.0 - share) - tiny) as f32).collect();
        let high = norms.iter().map(|n| (n * (1.0 + share) + tiny) as f32).collect();
        Self { points, low, high, label }
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    pub(crate) fn dim(&self) -> usize {
        self.points.dim()
    }
}

/// The mean of all rows of `sets`, and the power of two that brings the largest deviation from it near 1.
fn frame<T: Scalar>(sets: &[&Points<'_, T>]) -> Frame {
    let dim = sets[0].dim();
    let total: usize = sets.iter().map(|set| set.len()).sum();
    let mut mean = vec![0.0; dim];
    for row in sets.iter().flat_map(|set| set.flat().chunks_exact(dim)) {
        // Divided first: f64 features near the largest number would overflow otherwise.
        mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += x.wide() / total as f64);
    }
    let rows = sets.iter().flat_map(|set| set.flat().chunks_exact(dim));
    let deviation =
        |row: &[T]| row.iter().zip(&mean).map(|(x, mean)| (x.wide() - mean).abs()).fold(0.0, f64::max);
    let largest = rows.map(deviation).fold(0.0, f64::max);
    let scale = if largest > 0.0 { (-largest.log2().ceil()).exp2() } else { 1.0 };
    Frame { mean, scale }
}
