//! How many different images there are, by looking for twins.

use crate::neighbours::{FeatureSets, Look, Scalar, Seen, Side};
use crate::quantile::quantile;
use crate::{MetricError, Result};

/// What [`birthday_support`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct BirthdaySupport {
    /// Generated samples that have a twin among the other ones.
    pub twins: usize,
    /// Generated samples.
    pub samples: usize,
    /// How many different samples there seem to be; infinite where there are no more twins than among real samples.
    pub support: f64,
    /// The distance up to which two samples are twins.
    pub threshold: f64,
}

/// The support of a generator by the birthday paradox: of M samples that are drawn evenly from S different ones, a share
/// t = 1 − (1 − 1/S)^(M − 1) has a twin among the others, so that S = −(M − 1)/ln(1 − t) about.
///
/// A sample has a twin where its nearest other generated sample is no farther than the `level`-quantile of the real
/// samples' distances to their nearest other. Among real samples that is a share of `level`, so that t is the share
/// of twins beyond it, (t₀ − level)/(1 − level). Where every sample has a twin, S is what t = 1 − 1/(2M) would give: an
/// upper bound. Sets of equal size are compared most fairly, as nearest distances fall with the number of samples.
///
/// Arora, Risteski and Zhang, 2018, "Do GANs learn the distribution? Some theory and empirics", arXiv:1706.08224, section 3;
/// the authors look at the nearest pairs with their own eyes.
///
/// # Errors
/// A set has fewer than 2 rows, the columns differ in number, a feature is not finite, or `level` is not in `0..1`.
pub fn birthday_support<T: Scalar>(rows: FeatureSets<'_, T>, level: f64) -> Result<BirthdaySupport> {
    BirthdaySupport::of(&Seen::of(rows, &BirthdaySupport::LOOKS)?, level)
}

impl BirthdaySupport {
    pub(crate) const LOOKS: [Look; 2] = [Look::Within(Side::Real, 1), Look::Within(Side::Generated, 1)];

    pub(crate) fn of(seen: &Seen, level: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&level) {
            let reason = format!("a level of {level} for twins: it is at least 0 and below 1");
            return Err(MetricError::Invalid(reason));
        }
        let mut real = seen.radii(Side::Real, 1);
        real.sort_by(f64::total_cmp);
        let threshold = quantile(&real, level);
        let nearest = seen.radii(Side::Generated, 1);
        let samples = nearest.len();
        let twins = nearest.iter().filter(|distance| **distance <= threshold).count();
        let share = (twins as f64 / samples as f64).min(1.0 - 0.5 / samples as f64);
        let beyond = (share - level) / (1.0 - level);
        let support =
            if beyond > 0.0 { -(samples as f64 - 1.0) / (1.0 - beyond).ln() } else { f64::INFINITY };
        Ok(Self { twins, samples, support, threshold })
    }
}
