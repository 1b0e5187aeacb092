//! Rows of numbers, in either precision.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, Axis, s};

use crate::{MetricError, Result};

/// Rows of features `(N, D)` that a measure looks at: f32 as networks give them, or f64.
///
/// Measures take `impl Into<Rows>`: a reference to an `Array2`, or a view. They compute in f64 whatever comes in.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Rows<'a> {
    /// Single precision.
    F32(ArrayView2<'a, f32>),
    /// Double precision.
    F64(ArrayView2<'a, f64>),
}

impl<'a> From<ArrayView2<'a, f32>> for Rows<'a> {
    fn from(rows: ArrayView2<'a, f32>) -> Self {
        Self::F32(rows)
    }
}

impl<'a> From<ArrayView2<'a, f64>> for Rows<'a> {
    fn from(rows: ArrayView2<'a, f64>) -> Self {
        Self::F64(rows)
    }
}

impl<'a> From<&'a Array2<f32>> for Rows<'a> {
    fn from(rows: &'a Array2<f32>) -> Self {
        Self::F32(rows.view())
    }
}

impl<'a> From<&'a Array2<f64>> for Rows<'a> {
    fn from(rows: &'a Array2<f64>) -> Self {
        Self::F64(rows.view())
    }
}

impl Rows<'_> {
    /// How many rows.
    pub fn count(&self) -> usize {
        match self {
            Self::F32(rows) => rows.nrows(),
            Self::F64(rows) => rows.nrows(),
        }
    }

    /// Numbers in a row.
    pub fn dim(&self) -> usize {
        match self {
            Self::F32(rows) => rows.ncols(),
            Self::F64(rows) => rows.ncols(),
        }
    }

    /// The same for a shorter while.
    pub(crate) fn reborrow(&self) -> Rows<'_> {
        match self {
            Self::F32(rows) => Rows::F32(rows.reborrow()),
            Self::F64(rows) => Rows::F64(rows.reborrow()),
        }
    }

    /// All rows in f64.
    pub(crate) fn to_f64(self) -> Array2<f64> {
        self.range(0..self.count())
    }

    /// Some rows in f64.
    pub(crate) fn range(self, range: Range<usize>) -> Array2<f64> {
        match self {
            Self::F32(rows) => rows.slice(s![range, ..]).mapv(f64::from),
            Self::F64(rows) => rows.slice(s![range, ..]).to_owned(),
        }
    }

    /// The rows of these numbers, in that order, in f64. The numbers are below [`Rows::count`].
    pub(crate) fn select(self, rows: &[usize]) -> Array2<f64> {
        match self {
            Self::F32(all) => all.select(Axis(0), rows).mapv(f64::from),
            Self::F64(all) => all.select(Axis(0), rows),
        }
    }

    /// Refuses numbers that are not finite; `first_row` is what the first of these rows is called.
    pub(crate) fn check_finite(&self, what: &str, first_row: usize) -> Result<()> {
        let found = match self {
            Self::F32(rows) => first_wrong(rows, |x| x.is_finite()),
            Self::F64(rows) => first_wrong(rows, |x| x.is_finite()).map(|(at, x)| (at, x as f32)),
        };
        match found {
            None => Ok(()),
            Some(((row, column), value)) => {
                Err(MetricError::NotFinite { what: what.into(), row: row + first_row, column, value })
            }
        }
    }
}

fn first_wrong<T: Copy>(
    rows: &ArrayView2<'_, T>,
    is_right: impl Fn(T) -> bool,
) -> Option<((usize, usize), T)> {
    rows.indexed_iter().find(|(_, x)| !is_right(**x)).map(|(at, x)| (at, *x))
}

/// Two sets of one kind of features: finite, of one dimension, with at least `least` rows each.
pub(crate) fn check_pair(real: Rows<'_>, fake: Rows<'_>, least: usize) -> Result<()> {
    if real.dim() != fake.dim() || real.dim() == 0 {
        return Err(MetricError::Invalid(format!(
            "real features have {} columns and generated ones {}; both must come from the same extractor",
            real.dim(),
            fake.dim()
        )));
    }
    check_one("real features", real, least)?;
    check_one("generated features", fake, least)
}

fn check_one(what: &str, rows: Rows<'_>, least: usize) -> Result<()> {
    if rows.count() < least {
        return Err(MetricError::Unfit(format!(
            "{what}: {} rows, and this measure needs at least {least}",
            rows.count()
        )));
    }
    rows.check_finite(what, 0)
}
