//! The Vendi scores.

use crate::directions::unit_rows;
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
    Ok(vendi_scores(features, &[1.0])?[0])
}

/// [`vendi_score`] of several orders q above 0, infinite ones among them, by one decomposition:
///
/// (Σ λ^q)^(1/(1 − q)), its limits exp(−Σ λ log λ) for q = 1 and 1/max λ for q = ∞.
///
/// Low orders count rare samples as well as common ones; high orders see little but the commonest, and so are the more
/// sensitive ones to a collapse (Pasarkar & Dieng, 2024, "Cousins of the Vendi score", arXiv:2310.12952, eq. 3).
///
/// # Errors
/// As [`vendi_score`]; an order that is not above 0.
pub fn vendi_scores<'a>(features: impl Into<Rows<'a>>, orders: &[f64]) -> Result<Vec<f64>> {
    let features = features.into();
    if let Some(order) = orders.iter().find(|order| order.is_nan() || **order <= 0.0) {
        return Err(MetricError::Invalid(format!("a Vendi score of order {order}: orders are above 0")));
    }
    features.check_finite("features", 0)?;
    let (n, d) = (features.count(), features.dim());
    if n == 0 || d == 0 {
        return Err(MetricError::Invalid(format!("{n} rows of {d} features have no Vendi score")));
    }
    let rows = unit_rows(features)? / (n as f64).sqrt();
    let gram = if n <= d { row_gram(rows.view()) } else { column_gram(&rows) };
    let shares: Vec<f64> = eigenvalues(gram)?.iter().copied().filter(|share| *share > 0.0).collect();
    Ok(orders.iter().map(|order| effective_number(&shares, *order)).collect())
}

fn effective_number(shares: &[f64], order: f64) -> f64 {
    if order == 1.0 {
        return shares.iter().map(|share| -share * share.ln()).sum::<f64>().exp();
    }
    if order == f64::INFINITY {
        return 1.0 / shares.iter().copied().fold(0.0, f64::max);
    }
    shares.iter().map(|share| share.powf(order)).sum::<f64>().powf(1.0 / (1.0 - order))
}

fn column_gram(rows: &Array2<f64>) -> Array2<f64> {
    let mut gram = Array2::zeros((rows.ncols(), rows.ncols()));
    add_gram(rows.view(), &mut gram);
    mirror(&mut gram);
    gram
}
