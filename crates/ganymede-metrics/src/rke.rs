//! Rényi kernel entropy.

use crate::kernel::Kernel;
use crate::{MetricError, Result, Rows};

/// The number of modes of a set by the Rényi kernel entropy of order 2: 1/‖K/N‖²_F = N²/Σᵢⱼ k(xᵢ, xⱼ)² with the kernel
/// k = exp(−‖x − y‖²/(2σ²)).
///
/// Samples much nearer to each other than σ are one mode, those much farther apart are different ones; it is between 1
/// and N. It looks at one set only.
///
/// Jalali, Li and Farnia, 2023, "An information-theoretic evaluation of generative models in learning multi-modal
/// distributions", equation 5 (RKE-MC). σ goes with the features: authors take 20 for DINOv2's.
///
/// Cost: N² d operations.
///
/// # Errors
/// No rows or columns, numbers that are not finite, a σ that is not above 0.
pub fn rke<'a>(features: impl Into<Rows<'a>>, sigma: f64) -> Result<f64> {
    let features = features.into();
    features.check_finite("features", 0)?;
    let n = features.count() as f64;
    if n == 0.0 || features.dim() == 0 {
        let reason = format!("{n} rows of {} features have no Rényi entropy", features.dim());
        return Err(MetricError::Invalid(reason));
    }
    // The square of a Gaussian is a Gaussian whose width is less by √2. On the diagonal it is 1.
    let squared = Kernel::gaussian(sigma / std::f64::consts::SQRT_2)?;
    Ok(n * n / (squared.within(features) + n))
}
