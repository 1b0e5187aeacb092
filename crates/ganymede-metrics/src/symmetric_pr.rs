//! Symmetric precision and recall.

use crate::neighbours::{FeatureSets, Look, Scalar, Seen};
use crate::{Prdc, Result};

/// What [`symmetric_precision_recall`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct SymmetricPr {
    /// The smaller of precision and its complement, in `0..=1`.
    pub precision: f64,
    /// The smaller of recall and its complement, which is coverage, in `0..=1`.
    pub recall: f64,
    /// Share of generated samples in whose ball a real one lies.
    pub complement_precision: f64,
    /// Neighbours.
    pub k: usize,
}

/// Symmetric precision and recall: in spaces of many dimensions the balls of one set alone say that samples inside the
/// real set are worse than samples outside, or the other way round; the balls of the other set say the opposite, and
/// the smaller of both is right on either side.
///
/// With the balls of [`prdc`](crate::prdc) and its precision, recall and coverage:
/// min(precision, 1/M Σⱼ \[minᵢ dᵢⱼ < rⱼ]) and min(recall, coverage).
///
/// Khayatkhoei and AbdAlmageed, 2023, "Emergent asymmetry of precision and recall for measuring fidelity and diversity of
/// generative models in high dimensions", arXiv:2306.09618, section 5. The authors' `k` is 5.
///
/// # Errors
/// As [`prdc`](crate::prdc).
pub fn symmetric_precision_recall<T: Scalar>(rows: FeatureSets<'_, T>, k: usize) -> Result<SymmetricPr> {
    Ok(SymmetricPr::of(&Seen::of(rows, &SymmetricPr::looks(k))?, k))
}

impl SymmetricPr {
    pub(crate) fn looks(k: usize) -> [Look; 2] {
        Prdc::looks(k)
    }

    pub(crate) fn of(seen: &Seen, k: usize) -> Self {
        let four = Prdc::of(seen, k);
        let complement_precision = seen.balls(Prdc::balls(k)[1]).share_of_balls(1);
        Self {
            precision: four.precision.min(complement_precision),
            recall: four.recall.min(four.coverage),
            complement_precision,
            k,
        }
    }
}
