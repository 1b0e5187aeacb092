//! The trace of the square root of a product of covariances, without a general square root.
//!
//! With S₁ = R₁ᵀR₁ and S₂ = R₂ᵀR₂, the eigenvalues of S₁S₂ are the squared singular values of R₁R₂ᵀ, so that
//! tr (S₁S₂)^½ = ‖R₁R₂ᵀ‖_* (the nuclear norm). R is a matrix of centred rows where those are few, the Cholesky factor
//! where the covariance has one, and else comes from its positive eigenvalues. Singular values are found to an error
//! of ε·σ_max whatever the rank; a general square root of S₁S₂ loses half of the digits there.

use ndarray::{Array1, Array2, Axis, s};
use ndarray_linalg::{Cholesky, Eigh, Lapack, MatrixLayout, SVDInplace, UPLO};

use super::product::{cross, row_gram};
use crate::{MetricError, Result};

/// Share of the nuclear norm that the fast route may be wrong by, as bounded afterwards.
const FAST_TOLERANCE: f64 = 2e-8;

/// Rows R with S = RᵀR.
pub(crate) struct Root(pub(crate) Array2<f64>);

impl Root {
    /// Of at least two centred rows, which are a root up to their divisor.
    ///
    /// Since they add up to 0, n rows have a rank below n. The reflection that maps (1, …, 1) to the first axis makes
    /// the first row 0; it is left out, so that the Gram matrix of the others is regular as a rule.
    pub(crate) fn of_rows(centred: Array2<f64>, divisor: f64) -> Self {
        let share = 1.0 / ((centred.nrows() as f64).sqrt() - 1.0);
        let first = &centred.row(0) * share;
        Self((&centred.slice(s![1.., ..]) + &first) / divisor.sqrt())
    }

    /// Of a covariance `(d, d)` that has been checked to be finite.
    pub(crate) fn of_covariance(covariance: &Array2<f64>) -> Result<Self> {
        if let Ok(factor) = covariance.cholesky(UPLO::Upper)
            && is_well_conditioned(&factor)
        {
            return Ok(Self(factor));
        }
        Self::of_eigenvalues(covariance)
    }

    /// Drops the directions whose variance is rounding noise.
    fn of_eigenvalues(covariance: &Array2<f64>) -> Result<Self> {
        let (values, vectors) = covariance.eigh(UPLO::Lower).map_err(|error| MetricError::Algebra {
            what: "eigenvalues of a covariance".into(),
            reason: error.to_string(),
        })?;
        let largest = values.iter().fold(0.0_f64, |a, b| a.max(*b));
        let floor = largest * values.len() as f64 * f64::EPSILON;
        let kept: Vec<usize> = (0..values.len()).filter(|&i| values[i] > floor).collect();
        let mut rows = vectors.t().select(Axis(0), &kept);
        for (mut row, i) in rows.axis_iter_mut(Axis(0)).zip(&kept) {
            row *= values[*i].sqrt();
        }
        Ok(Self(rows))
    }

    /// tr (S₁S₂)^½.
    pub(crate) fn trace_with(&self, other: &Self) -> Result<f64> {
        nuclear_norm(cross(self.0.view(), other.0.view()))
    }
}

/// A pivot that is no more than rounding noise makes a factor that is nothing else.
fn is_well_conditioned(factor: &Array2<f64>) -> bool {
    let squares = factor.diag().mapv(|x| x * x);
    let largest = squares.iter().fold(0.0_f64, |a, b| a.max(*b));
    let floor = 16.0 * factor.nrows() as f64 * f64::EPSILON * largest;
    squares.iter().all(|x| *x > floor)
}

/// The sum of the singular values.
///
/// The eigenvalues of the Gram matrix are found three times as fast, and the sum of their roots is as good unless many
/// of them are tiny: that is looked at afterwards.
fn nuclear_norm(mut m: Array2<f64>) -> Result<f64> {
    if m.is_empty() {
        return Ok(0.0);
    }
    let gram = if m.nrows() <= m.ncols() { row_gram(m.view()) } else { row_gram(m.t()) };
    let values = eigenvalues(gram)?;
    let sum: f64 = values.iter().map(|x| x.max(0.0).sqrt()).sum();
    if error_bound(&values) <= FAST_TOLERANCE * sum {
        return Ok(sum);
    }
    let (_, values, _) = m.svd_inplace(false, false).map_err(|error| MetricError::Algebra {
        what: "singular values".into(),
        reason: error.to_string(),
    })?;
    Ok(values.sum())
}

/// What the roots of eigenvalues may be wrong by in sum, each eigenvalue being wrong by ε·λ_max: the errors are of
/// either sign, and are added as such.
fn error_bound(values: &Array1<f64>) -> f64 {
    let error = values.iter().fold(0.0_f64, |a, b| a.max(b.abs())) * f64::EPSILON;
    let of_root = |x: &f64| error / x.max(error).sqrt();
    4.0 * values.iter().map(of_root).map(|e| e * e).sum::<f64>().sqrt()
}

/// Eigenvalues of a symmetric matrix in ascending order.
///
/// `ndarray-linalg`'s own `eigvalsh` computes the vectors, too, at ten times the cost.
pub(crate) fn eigenvalues(mut a: Array2<f64>) -> Result<Array1<f64>> {
    let n = a.nrows();
    if n == 0 {
        return Ok(Array1::zeros(0));
    }
    let size =
        i32::try_from(n).map_err(|_| MetricError::Invalid(format!("a matrix of {n} rows is too large")))?;
    let numbers = a.as_slice_mut().expect("results are made row-major");
    let layout = MatrixLayout::C { row: size, lda: size };
    let values = <f64 as Lapack>::eigh(false, layout, UPLO::Lower, numbers).map_err(|error| {
        MetricError::Algebra { what: "eigenvalues of a Gram matrix".into(), reason: error.to_string() }
    })?;
    Ok(Array1::from_vec(values))
}
