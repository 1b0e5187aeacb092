//! The Fréchet distance of two sets of features, each described by a Gaussian.

mod class_conditional;
mod infinity;

use ndarray::{Array2, Axis};

pub use class_conditional::{ClassFrechet, class_frechet_distance};
pub(crate) use infinity::LEAST_TO_EXTRAPOLATE;
pub use infinity::{FidInfinity, fid_infinity};

use crate::linalg::Root;
use crate::rows::check_pair;
use crate::{Ddof, FeatureStats, MeanCov, MetricError, Result, Rows};

/// A Fréchet distance and its two terms.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Frechet {
    /// `mean_term + cov_term`: FID, where the features are those of the Inception network of 2015-12-05.
    pub distance: f64,
    /// ‖μ_r − μ_g‖².
    pub mean_term: f64,
    /// tr Σ_r + tr Σ_g − 2 tr (Σ_r Σ_g)^½, and 0 where rounding makes it negative.
    pub cov_term: f64,
}

/// d² = ‖μ_r − μ_g‖² + tr Σ_r + tr Σ_g − 2 tr (Σ_r Σ_g)^½ of two Gaussians (Heusel et al., 2017, arXiv:1706.08500,
/// eq. 6; Dowson & Landau, 1982), in f64.
///
/// The trace of the root is the nuclear norm of a product of Cholesky factors, or of roots from eigenvalues where a
/// covariance has no full rank: exact to rounding for any rank. Other programs take a general square root (pytorch-fid,
/// clean-fid, StyleGAN; half of the digits for deficient ranks, and pytorch-fid then adds 1e-6 to the diagonals),
/// eigenvalues of the product (torch-fidelity) or 50 Newton–Schulz steps in f32 (BigGAN). Where the covariances are of
/// full rank, all but the last agree to six digits.
///
/// Cost: about d³ · 10 floating point operations.
///
/// # Errors
/// Shapes that do not fit each other, numbers that are not finite, a covariance that is not symmetric or has a negative
/// variance, a decomposition that does not converge.
pub fn frechet_distance(real: &MeanCov, fake: &MeanCov) -> Result<Frechet> {
    check("real statistics", real)?;
    check("generated statistics", fake)?;
    if real.mean.len() != fake.mean.len() {
        return Err(MetricError::Invalid(format!(
            "real statistics are of {} features and generated ones of {}; both must come from the same extractor",
            real.mean.len(),
            fake.mean.len()
        )));
    }
    let trace =
        if real.cov == fake.cov { real.cov.diag().sum() } else { trace_of_root(&real.cov, &fake.cov)? };
    Ok(combine(real, fake, trace))
}

/// [`frechet_distance`] of what two [`FeatureStats`] have seen. Where both kept their rows, and have fewer than
/// features, this is [`frechet_distance_rows`], which is faster then.
///
/// # Errors
/// As [`frechet_distance`]; fewer than 2 rows.
pub fn frechet_distance_stats(real: &FeatureStats, fake: &FeatureStats, ddof: Ddof) -> Result<Frechet> {
    let (real_cov, fake_cov) = (real.mean_cov(ddof)?, fake.mean_cov(ddof)?);
    if let (Some(real), Some(fake)) = (real.rows(), fake.rows())
        && real.ncols() == fake.ncols()
        && real.nrows().min(fake.nrows()) <= real.ncols()
    {
        return frechet_distance_rows(real, fake, ddof);
    }
    frechet_distance(&real_cov, &fake_cov)
}

/// [`frechet_distance`] of rows of features `(N, D)` and `(M, D)`.
///
/// A set with N ≤ D has a covariance of rank below N; its centred rows themselves are the root then, and the trace is
/// the nuclear norm of (X − μ)(Y − ν)ᵀ/√((N−1)(M−1)).
///
/// The distance of finite samples is too large by an amount of order 1/N, and much too large for N < D: see
/// [`fid_infinity`].
///
/// # Errors
/// As [`frechet_distance`]; fewer than 2 rows; features that are not finite, by row and column.
pub fn frechet_distance_rows<'a, 'b>(
    real: impl Into<Rows<'a>>,
    fake: impl Into<Rows<'b>>,
    ddof: Ddof,
) -> Result<Frechet> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 2)?;
    let (real_stats, fake_stats) = (stats_of(real, ddof)?, stats_of(fake, ddof)?);
    if real.count().min(fake.count()) > real.dim() {
        return frechet_distance(&real_stats, &fake_stats);
    }
    let trace = root(real, &real_stats, ddof)?.trace_with(&root(fake, &fake_stats, ddof)?)?;
    Ok(combine(&real_stats, &fake_stats, trace))
}

/// sFID: the Fréchet distance of spatial features (Nash et al., 2021, arXiv:2103.03841, section 4.2), the rows being
/// [`Features::spatial`](crate::Features::spatial): the first 7 channels of the last `mixed_6` layer of Inception,
/// flattened, in the paper and in dgm-eval.
///
/// # Errors
/// As [`frechet_distance_rows`].
pub fn sfid<'a, 'b>(real: impl Into<Rows<'a>>, fake: impl Into<Rows<'b>>, ddof: Ddof) -> Result<Frechet> {
    frechet_distance_rows(real, fake, ddof)
}

pub(crate) fn stats_of(rows: Rows<'_>, ddof: Ddof) -> Result<MeanCov> {
    let mut stats = FeatureStats::new(rows.dim())?;
    stats.push(rows)?;
    stats.mean_cov(ddof)
}

/// Centred rows where they are few; their covariance's root otherwise.
fn root(rows: Rows<'_>, stats: &MeanCov, ddof: Ddof) -> Result<Root> {
    if rows.count() > rows.dim() {
        return Root::of_covariance(&stats.cov);
    }
    let mut centred = rows.to_f64();
    centred.axis_iter_mut(Axis(0)).for_each(|mut row| row -= &stats.mean);
    Ok(Root::of_rows(centred, ddof.divisor(rows.count() as u64)))
}

fn trace_of_root(real: &Array2<f64>, fake: &Array2<f64>) -> Result<f64> {
    // A feature that is constant in either set adds nothing to the trace, and would spoil the fast decomposition.
    let varies: Vec<usize> =
        (0..real.nrows()).filter(|&i| real[(i, i)] > 0.0 && fake[(i, i)] > 0.0).collect();
    if varies.is_empty() {
        return Ok(0.0);
    }
    if varies.len() == real.nrows() {
        return Root::of_covariance(real)?.trace_with(&Root::of_covariance(fake)?);
    }
    let part = |cov: &Array2<f64>| cov.select(Axis(0), &varies).select(Axis(1), &varies);
    Root::of_covariance(&part(real))?.trace_with(&Root::of_covariance(&part(fake))?)
}

fn combine(real: &MeanCov, fake: &MeanCov, trace: f64) -> Frechet {
    let mean_term: f64 = real.mean.iter().zip(&fake.mean).map(|(r, f)| (r - f) * (r - f)).sum();
    let cov_term = (real.cov.diag().sum() + fake.cov.diag().sum() - 2.0 * trace).max(0.0);
    Frechet { distance: mean_term + cov_term, mean_term, cov_term }
}

/// What no covariance can be.
fn check(what: &str, stats: &MeanCov) -> Result<()> {
    let d = stats.mean.len();
    let refuse = |reason: String| Err(MetricError::Invalid(format!("{what}: {reason}")));
    if d == 0 || stats.cov.dim() != (d, d) {
        return refuse(format!(
            "a mean of {d} numbers and a covariance of {:?} do not belong together",
            stats.cov.dim()
        ));
    }
    if !stats.mean.iter().chain(&stats.cov).all(|x| x.is_finite()) {
        return refuse("mean or covariance hold numbers that are not finite".into());
    }
    if let Some(i) = (0..d).find(|&i| stats.cov[(i, i)] < 0.0) {
        return refuse(format!("feature {i} has the negative variance {}", stats.cov[(i, i)]));
    }
    let largest = stats.cov.diag().iter().fold(0.0_f64, |a, b| a.max(*b));
    for i in 0..d {
        for j in 0..i {
            let (lower, upper) = (stats.cov[(i, j)], stats.cov[(j, i)]);
            if (lower - upper).abs() > 1e-6 * largest || lower.abs() > 1.001 * largest {
                return refuse(format!("no covariance has {lower} and {upper} at ({i}, {j}) and ({j}, {i})"));
            }
        }
    }
    Ok(())
}
