//! Precision and recall cover.

use crate::Result;
use crate::neighbours::{Ball, Balls, FeatureSets, Look, Scalar, Seen, Side};

/// What [`precision_recall_cover`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct CoverPr {
    /// Share of generated samples around which there are enough real ones, in `0..=1`.
    pub precision: f64,
    /// Share of real samples around which there are enough generated ones, in `0..=1`.
    pub recall: f64,
    /// How many are enough.
    pub k: usize,
    /// How many times as many of its own set lie in a sample's ball.
    pub c: usize,
}

/// Precision cover and recall cover: the share of a set's samples whose ball, which reaches to the (c·k)-th nearest other
/// of the own set, holds at least k of the other set:
///
/// recall = 1/N Σᵢ \[#{j: dᵢⱼ ≤ r₍ck₎(i)} ≥ k], precision likewise with the sets exchanged.
///
/// Where both densities are alike the ball holds about c·k of either, so that a region is left out only where the other
/// set has c times fewer samples. Authors take k = 3 and c = 3.
///
/// Cheema and Urner, 2023, "Precision recall cover: a method for assessing generative models", AISTATS. A sample is not
/// counted among its own neighbours here; some programs count it.
///
/// # Errors
/// A set has fewer than c·k + 1 rows, the columns differ in number, or a feature is not finite.
pub fn precision_recall_cover<T: Scalar>(rows: FeatureSets<'_, T>, k: usize, c: usize) -> Result<CoverPr> {
    Ok(CoverPr::of(&Seen::of(rows, &CoverPr::looks(k, c))?, k, c))
}

impl CoverPr {
    fn balls(k: usize, c: usize) -> [Balls; 2] {
        [Side::Generated, Side::Real].map(|around| Balls::new(around, c * k, Ball::Closed))
    }

    pub(crate) fn looks(k: usize, c: usize) -> [Look; 2] {
        Self::balls(k, c).map(Look::Balls)
    }

    pub(crate) fn of(seen: &Seen, k: usize, c: usize) -> Self {
        let share = |balls| seen.balls(balls).share_of_balls(k as u32);
        let [precision, recall] = Self::balls(k, c).map(share);
        Self { precision, recall, k, c }
    }
}
