//! The Vendi score.

use crate::linalg::{add_gram, eigenvalues, mirror, row_gram};
use crate::{MetricError, Result, Rows};
use ndarray::Array2;

/// exp(−Σ λ log λ) of the eigenvalues of X Xᵀ/N, the rows of X `(N, D)` being features of length 1 (Friedman & Dieng,
/// 2022, arXiv:2210.02410, eq. 2, with the cosine kernel and order 1): the effective number of different samples, from
/// 1 to min(N, D). It looks at one set only, and says nothing of quality.
///
/// Cost: N D min(N, D) operations.
///
/// # Errors
/// No rows or columns, numbers that are not finite, a row of zeros (it has no direction).
pub fn vendi_score<'a>(features: impl Into<Rows<'a>>) -> Result<f64> {
    let features = features.into();
    features.check_finite("features", 0)?;
    let (n, d) = (features.count(), features.dim());
    if n == 0 || d == 0 {
        return Err(MetricError::Invalid(format!("{n} rows of {d} features have no Vendi score")));
    }
    let mut rows = features.to_f64();
    for (number, mut row) in rows.rows_mut().into_iter().enumerate() {
        let length = row.dot(&row).sqrt();
        if length == 0.0 {
            return Err(MetricError::Invalid(format!(
                "row {number} of the features is all zeros and has no direction"
            )));
        }
        row /= length * (n as f64).sqrt();
    }
    let gram = if n <= d { row_gram(rows.view()) } else { column_gram(&rows) };
    let entropy: f64 = eigenvalues(gram)?.iter().filter(|l| **l > 0.0).map(|l| -l * l.ln()).sum();
    Ok(entropy.exp())
}

fn column_gram(rows: &Array2<f64>) -> Array2<f64> {
    let mut gram = Array2::zeros((rows.ncols(), rows.ncols()));
    add_gram(rows.view(), &mut gram);
    mirror(&mut gram);
    gram
}
