//! Two sets of features, and the numbers that they may consist of.

use std::borrow::Cow;

use ndarray::ArrayView2;

use crate::{MetricError, Result};

/// Real and generated features, `(N, D)` and `(M, D)`, one row a sample. They are named, never positional:
/// exchanging them exchanges precision and recall.
///
/// The rows are those of any extractor, in f32 as networks give them, or in f64.
#[derive(Clone, Copy, Debug)]
pub struct FeatureSets<'a, T = f32> {
    /// Features of real samples.
    pub real: ArrayView2<'a, T>,
    /// Features of generated samples.
    pub generated: ArrayView2<'a, T>,
}

/// f32 or f64: what features may be made of.
///
/// Distances are computed without error worth mentioning and then rounded as the established programs
/// round theirs: scikit-learn, which `prdc` calls, returns distances of f32 features in f32.
pub trait Scalar: private::Sealed + Copy + Send + Sync + 'static {
    #[doc(hidden)]
    fn wide(self) -> f64;
    #[doc(hidden)]
    fn rounded_root(squared: f64) -> f64;
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Scalar for f32 {
    fn wide(self) -> f64 {
        f64::from(self)
    }
    fn rounded_root(squared: f64) -> f64 {
        f64::from((squared as f32).sqrt())
    }
}

impl Scalar for f64 {
    fn wide(self) -> f64 {
        self
    }
    fn rounded_root(squared: f64) -> f64 {
        squared.sqrt()
    }
}

/// Rows that were checked, one after the other in memory.
pub(crate) struct Points<'a, T: Scalar> {
    flat: Cow<'a, [T]>,
    dim: usize,
}

impl<'a, T: Scalar> Points<'a, T> {
    /// # Errors
    /// There is no column, or a number is not finite.
    pub(crate) fn new(what: &str, rows: ArrayView2<'a, T>) -> Result<Self> {
        if rows.ncols() == 0 {
            return Err(MetricError::Invalid(format!("{what}: rows of features need at least 1 column")));
        }
        if rows.nrows() > u32::MAX as usize {
            return Err(MetricError::Invalid(format!("{what}: {} rows are too many", rows.nrows())));
        }
        let flat = match rows.to_slice() {
            Some(flat) => Cow::Borrowed(flat),
            None => Cow::Owned(rows.iter().copied().collect()),
        };
        let points = Self { flat, dim: rows.ncols() };
        let dim = points.dim();
        if let Some(at) = points.flat().iter().position(|value| !value.wide().is_finite()) {
            return Err(MetricError::NotFinite {
                what: what.to_string(),
                row: at / dim,
                column: at % dim,
                value: points.flat()[at].wide() as f32,
            });
        }
        Ok(points)
    }

    pub(crate) fn len(&self) -> usize {
        self.flat.len() / self.dim
    }

    pub(crate) fn dim(&self) -> usize {
        self.dim
    }

    /// All numbers, row after row.
    pub(crate) fn flat(&self) -> &[T] {
        &self.flat
    }

    pub(crate) fn row(&self, i: usize) -> &[T] {
        &self.flat()[i * self.dim()..(i + 1) * self.dim()]
    }
}

/// One of the two sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Real,
    Generated,
}

/// Real and generated rows that fit each other.
pub(crate) struct Both<'a, T: Scalar> {
    pub(crate) real: Points<'a, T>,
    pub(crate) generated: Points<'a, T>,
}

impl<'a, T: Scalar> FeatureSets<'a, T> {
    /// # Errors
    /// A set is empty, the numbers of columns differ, or a number is not finite.
    pub(crate) fn checked(self) -> Result<Both<'a, T>> {
        let (real, generated) = (self.real.dim(), self.generated.dim());
        if real.0 == 0 || generated.0 == 0 {
            let which = if real.0 == 0 { "real" } else { "generated" };
            return Err(MetricError::Invalid(format!("there are no {which} features: 0 rows")));
        }
        if real.1 != generated.1 {
            return Err(MetricError::Invalid(format!(
                "real features have {} columns and generated ones {}: they come from different extractors",
                real.1, generated.1
            )));
        }
        Ok(Both {
            real: Points::new("real features", self.real)?,
            generated: Points::new("generated features", self.generated)?,
        })
    }
}

/// The sum of squared differences of two rows, in f64.
pub(crate) fn squared_distance<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    // Eight sums side by side: as many as two vector registers hold.
    let mut sums = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_chunks
        .remainder()
        .iter()
        .zip(b_chunks.remainder())
        .map(|(x, y)| (x.wide() - y.wide()).powi(2))
        .sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((sum, x), y) in sums.iter_mut().zip(a).zip(b) {
            let difference = x.wide() - y.wide();
            *sum += difference * difference;
        }
    }
    sums.iter().sum::<f64>() + rest
}
