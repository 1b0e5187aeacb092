//! FID extrapolated to infinitely many samples.

use ganymede_tensor::Rng;

use super::{frechet_distance, frechet_distance_rows, stats_of};
use crate::rows::check_pair;
use crate::{Ddof, MetricError, Result, Rows};

/// Sample counts at which the distance is taken.
const POINTS: usize = 15;
/// Generated rows that there have to be.
pub(crate) const LEAST_TO_EXTRAPOLATE: usize = 2 * POINTS;

/// A distance at infinitely many generated samples, and what it was extrapolated from.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct FidInfinity {
    /// The intercept of the line through (1/N, FID_N).
    pub distance: f64,
    /// Its slope: FID_N ≈ distance + slope/N.
    pub slope: f64,
    /// The share of the variance of FID_N that the line explains; below about 0.9 the intercept means little.
    pub r_squared: f64,
    /// The points (N, FID_N).
    pub points: Vec<(usize, f64)>,
}

/// FID∞ (Chong & Forsyth, 2020, arXiv:1911.07023, section 3): FID_N is linear in 1/N to first order, so that a
/// straight line through distances at several N gives the one at infinity.
///
/// The recipe is dgm-eval's: 15 counts, evenly spaced from min(5000, max(M/10, 2)) to M generated rows; for each, that
/// many rows drawn without replacement, against all real ones; least squares. The draws are those of `rng`, so that
/// single digits differ from NumPy's. The authors draw quasi-random latents as well, which is a matter of the generator.
/// Only the generated set is extrapolated: the bias of the real one stays.
///
/// Cost: 15 Fréchet distances.
///
/// # Errors
/// As [`frechet_distance`]; fewer than 30 generated rows.
pub fn fid_infinity<'a, 'b>(
    real: impl Into<Rows<'a>>,
    fake: impl Into<Rows<'b>>,
    ddof: Ddof,
    rng: &mut Rng,
) -> Result<FidInfinity> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 2)?;
    if fake.count() < LEAST_TO_EXTRAPOLATE {
        return Err(MetricError::Unfit(format!(
            "{} generated rows are too few to extrapolate from; at least {} are needed",
            fake.count(),
            LEAST_TO_EXTRAPOLATE
        )));
    }
    let real_stats = stats_of(real, ddof)?;
    let mut points = Vec::with_capacity(POINTS);
    for n in counts(fake.count()) {
        let some = fake.select(&rng.permutation(fake.count())[..n]);
        let distance = if real.count().min(n) > real.dim() {
            frechet_distance(&real_stats, &stats_of(Rows::from(&some), ddof)?)?
        } else {
            frechet_distance_rows(real, &some, ddof)?
        };
        points.push((n, distance.distance));
    }
    Ok(extrapolate(points))
}

fn counts(total: usize) -> impl Iterator<Item = usize> {
    let first = (total / 10).clamp(2, 5000);
    let step = (total - first) as f64 / (POINTS - 1) as f64;
    (0..POINTS).map(move |i| if i + 1 == POINTS { total } else { first + (step * i as f64) as usize })
}

fn extrapolate(points: Vec<(usize, f64)>) -> FidInfinity {
    let n = points.len() as f64;
    let xy: Vec<(f64, f64)> = points.iter().map(|&(n, d)| (1.0 / n as f64, d)).collect();
    let (mean_x, mean_y) = (xy.iter().map(|p| p.0).sum::<f64>() / n, xy.iter().map(|p| p.1).sum::<f64>() / n);
    let sum = |f: &dyn Fn(f64, f64) -> f64| xy.iter().map(|p| f(p.0 - mean_x, p.1 - mean_y)).sum::<f64>();
    let (xx, x_y, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
    let slope = x_y / xx;
    let r_squared = if yy > 0.0 { x_y * x_y / (xx * yy) } else { 1.0 };
    FidInfinity { distance: mean_y - slope * mean_x, slope, r_squared, points }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_numpy() {
        // np.linspace(min(5000, max(N // 10, 2)), N, 15).astype('int32')
        let wanted = [5000, 8214, 11428, 14642, 17857, 21071, 24285, 27500];
        assert_eq!(counts(50_000).take(8).collect::<Vec<_>>(), wanted);
        assert_eq!(counts(50_000).last(), Some(50_000));
        assert_eq!(counts(30).collect::<Vec<_>>()[..4], [3, 4, 6, 8]);
    }

    #[test]
    fn a_line_is_found() {
        let line = |n: usize| (n, 3.0 + 50.0 / n as f64);
        let found = extrapolate([10, 20, 50, 100].map(line).to_vec());
        assert!((found.distance - 3.0).abs() < 1e-12 && (found.slope - 50.0).abs() < 1e-10);
        assert!((found.r_squared - 1.0).abs() < 1e-12);
    }
}
