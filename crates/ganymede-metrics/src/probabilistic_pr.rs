//! Probabilistic precision and recall.

use crate::Result;
use crate::neighbours::{FeatureSets, Look, Scalar, Seen, Side};

/// What [`probabilistic_precision_recall`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct ProbabilisticPr {
    /// Mean chance of generated samples to lie on the real manifold, in `0..=1`.
    pub precision: f64,
    /// Mean chance of real samples to lie on the generated manifold, in `0..=1`.
    pub recall: f64,
    /// Neighbours of the radius.
    pub k: usize,
    /// What their mean distance is multiplied by.
    pub a: f64,
}

/// Probabilistic precision and recall (P-precision, P-recall): a sample lies on the manifold of the other set with a
/// chance that falls with its distance to that set's samples, rather than for sure or not at all.
///
/// With R = a · mean distance of the real samples to their `k`-th nearest other, and d the distances between real
/// samples i (N) and generated ones j (M):
///
/// precision = 1/M Σⱼ (1 − Πᵢ min(1, dᵢⱼ/R)); recall likewise, with the sets exchanged.
///
/// One radius serves all samples, so that an outlier has no large ball. The authors' `k` is 4 and their `a` 1.2.
///
/// Park and Kim, 2023, "Probabilistic precision and recall towards reliable evaluation of generative models",
/// arXiv:2309.01590, equations 6 to 9.
///
/// # Errors
/// A set has fewer than `k + 1` rows, the columns differ in number, or a feature is not finite.
pub fn probabilistic_precision_recall<T: Scalar>(
    rows: FeatureSets<'_, T>,
    k: usize,
    a: f64,
) -> Result<ProbabilisticPr> {
    Ok(ProbabilisticPr::of(&Seen::of(rows, &ProbabilisticPr::looks(k, a))?, k, a))
}

impl ProbabilisticPr {
    pub(crate) fn looks(k: usize, a: f64) -> [Look; 2] {
        [Side::Real, Side::Generated].map(|around| Look::Chances { around, k, a })
    }

    pub(crate) fn of(seen: &Seen, k: usize, a: f64) -> Self {
        let mean = |misses: &[f64]| misses.iter().map(|miss| 1.0 - miss).sum::<f64>() / misses.len() as f64;
        let [precision, recall] = Self::looks(k, a).map(|look| mean(seen.scores(look)));
        Self { precision, recall, k, a }
    }
}
