//! The sliced distance in closed form.

use crate::{MeanCov, MetricError, Result};

/// The sliced 2-Wasserstein distance of high-dimensional sets, without drawing directions: nearly all projections of a set
/// of many weakly dependent features are Gaussian, with variance the mean of the features', so that
///
/// ASW = √(‖mean x − mean y‖²/d + (√(tr Σx/d) − √(tr Σy/d))²).
///
/// The covariances are over n (not n − 1) in dgm-eval's `sw_approx`. It sees means and traces only.
///
/// Nadjahi, Durmus, Jacob, Badeau and Şimşekli, 2021, "Fast approximation of the sliced-Wasserstein distance using
/// concentration of random projections", arXiv:2106.15427, equation 10.
///
/// # Errors
/// Different dimensions, none at all, or numbers that are not finite.
pub fn approximate_sliced_wasserstein(real: &MeanCov, fake: &MeanCov) -> Result<f64> {
    let d = real.mean.len();
    if d == 0 || d != fake.mean.len() {
        let reason = format!("statistics of {d} and of {} features cannot be compared", fake.mean.len());
        return Err(MetricError::Invalid(reason));
    }
    let spread = |set: &MeanCov| (set.cov.diag().sum() / d as f64).max(0.0).sqrt();
    let shift: f64 = real.mean.iter().zip(&fake.mean).map(|(a, b)| (a - b) * (a - b)).sum();
    let found = (shift / d as f64 + (spread(real) - spread(fake)).powi(2)).sqrt();
    if found.is_finite() {
        return Ok(found);
    }
    Err(MetricError::Invalid("the means or variances hold numbers that are not finite".into()))
}
