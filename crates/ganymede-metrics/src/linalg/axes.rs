//! Directions of most variance.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use ndarray_linalg::{Eigh, UPLO};

use super::product::{add_gram, mirror};
use crate::{MetricError, Result};

/// The mean of rows, and the `count` directions in which they vary most, as rows of length 1.
pub(crate) fn principal_axes(rows: ArrayView2<'_, f64>, count: usize) -> Result<(Array1<f64>, Array2<f64>)> {
    let mean = rows.mean_axis(Axis(0)).unwrap_or_else(|| Array1::zeros(rows.ncols()));
    let centred = &rows - &mean;
    let mut scatter = Array2::zeros((rows.ncols(), rows.ncols()));
    add_gram(centred.view(), &mut scatter);
    mirror(&mut scatter);
    // Eigenvalues come in ascending order.
    let (values, vectors) = scatter.eigh(UPLO::Lower).map_err(|error| MetricError::Algebra {
        what: "directions of most variance".into(),
        reason: error.to_string(),
    })?;
    let last: Vec<usize> = (0..values.len()).rev().take(count).collect();
    Ok((mean, vectors.t().select(Axis(0), &last)))
}
