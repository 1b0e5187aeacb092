//! Alpha-precision and beta-recall.

use crate::Result;
use crate::neighbours::{FeatureSets, Look, Points, Scalar, Seen, Side};
use crate::quantile::quantile;

/// Levels α from 0 to 1.
const LEVELS: usize = 30;

/// What [`alpha_precision_beta_recall`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct AlphaBeta {
    /// Integrated α-precision: 1 where the generated samples lie around the real centre as the real ones do. It falls
    /// below 0 where they lie altogether elsewhere.
    pub alpha_precision: f64,
    /// Integrated β-recall, likewise of real samples around the generated centre.
    pub beta_recall: f64,
    /// Share of real samples whose nearest generated sample is farther away than the *n*-th real sample is from its nearest
    /// other, n being the number of that generated sample: the authors' program compares these two, which have nothing
    /// to do with each other. `None` where there are more generated than real samples and it reads beyond the end.
    pub authenticity_as_published: Option<f64>,
}

/// Integrated α-precision and β-recall of features as they are, around the mean of the real ones.
///
/// With P_α the share of generated samples that lie within the α-quantile of the real samples' distances to their mean,
/// the former is 1 − 2 Σ |α − P_α| Δα over 30 levels α from 0 to 1. With B_β the share of real samples that are no farther
/// from their nearest generated sample than from their nearest other real one, while that generated sample lies
/// within the β-quantile of all such samples' distances to the generated mean, the latter is 1 − 2 Σ |β − B_β| Δβ.
/// Quantiles are NumPy's (linear).
///
/// Alaa, van Breugel, Saveliev and van der Schaar, 2022, "How faithful is your synthetic data?", arXiv:2102.08921,
/// equations 6 to 10. The authors train an embedding into a sphere first; it overfits, and makes the numbers depend on a
/// training. Here it is the identity.
///
/// # Errors
/// There are fewer than 2 real rows or no generated ones, the columns differ in number, or a feature is not finite.
pub fn alpha_precision_beta_recall<T: Scalar>(rows: FeatureSets<'_, T>) -> Result<AlphaBeta> {
    AlphaBeta::of(rows, &Seen::of(rows, &AlphaBeta::LOOKS)?)
}

impl AlphaBeta {
    pub(crate) const LOOKS: [Look; 2] = [Look::Within(Side::Real, 1), Look::Across(Side::Real, 1)];

    pub(crate) fn of<T: Scalar>(rows: FeatureSets<'_, T>, seen: &Seen) -> Result<Self> {
        let both = rows.checked()?;
        let (real_mean, generated_mean) = (mean(&both.real), mean(&both.generated));
        let real = sorted(distances(&both.real, &real_mean));
        let generated = sorted(distances(&both.generated, &real_mean));
        let precision = |level: f64| {
            let radius = quantile(&real, level);
            generated.partition_point(|d| *d <= radius) as f64 / generated.len() as f64
        };
        let (own, across) = (seen.within(Side::Real), seen.across(Side::Real));
        let nearest = across.index.column(0).to_vec();
        let of_centre = distances(&both.generated, &generated_mean);
        let of_centre: Vec<f64> = nearest.iter().map(|j| of_centre[*j]).collect();
        let levels_of_centre = sorted(of_centre.clone());
        let is_near: Vec<bool> =
            (0..nearest.len()).map(|i| across.distance[(i, 0)] <= own.distance[(i, 0)]).collect();
        let recall = |level: f64| {
            let radius = quantile(&levels_of_centre, level);
            let covered = is_near.iter().zip(&of_centre).filter(|(near, d)| **near && **d <= radius);
            covered.count() as f64 / nearest.len() as f64
        };
        let authentic = |(i, j): (usize, &usize)| own.distance[(*j, 0)] < across.distance[(i, 0)];
        let authentic = || nearest.iter().enumerate().filter(|pair| authentic(*pair)).count();
        let is_within = both.generated.len() <= both.real.len();
        Ok(Self {
            alpha_precision: integrated(precision),
            beta_recall: integrated(recall),
            authenticity_as_published: is_within.then(|| authentic() as f64 / nearest.len() as f64),
        })
    }
}

fn integrated(share: impl Fn(f64) -> f64) -> f64 {
    let step = 1.0 / (LEVELS - 1) as f64;
    let off = (0..LEVELS).map(|i| i as f64 * step).map(|level| (level - share(level.min(1.0))).abs());
    1.0 - 2.0 * off.sum::<f64>() * step
}

fn mean<T: Scalar>(points: &Points<'_, T>) -> Vec<f64> {
    let mut mean = vec![0.0; points.dim()];
    for row in points.flat().chunks(points.dim()) {
        mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += x.wide());
    }
    mean.iter_mut().for_each(|mean| *mean /= points.len() as f64);
    mean
}

fn distances<T: Scalar>(points: &Points<'_, T>, centre: &[f64]) -> Vec<f64> {
    let of = |row: &[T]| row.iter().zip(centre).map(|(x, c)| (x.wide() - c).powi(2)).sum::<f64>().sqrt();
    points.flat().chunks(points.dim()).map(of).collect()
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}
