//! Improved precision and recall.

use crate::Result;
use crate::neighbours::{Ball, Balls, FeatureSets, Look, Scalar, Seen, Side};

/// What [`improved_precision_recall`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct PrecisionRecall {
    /// Share of generated samples on the real manifold, in `0..=1`.
    pub precision: f64,
    /// Share of real samples on the generated manifold, in `0..=1`.
    pub recall: f64,
    /// Which neighbour sets the radius of a ball.
    pub k: usize,
}

impl PrecisionRecall {
    /// The harmonic mean 2PR / (P + R), 0 where both are 0. torch-fidelity divides by at least 1e-5.
    pub fn f_score(&self) -> f64 {
        let sum = self.precision + self.recall;
        if sum == 0.0 { 0.0 } else { 2.0 * self.precision * self.recall / sum }
    }

    /// Closed balls around real and around generated samples.
    fn balls(k: usize) -> [Balls; 2] {
        [Side::Real, Side::Generated].map(|around| Balls::new(around, k, Ball::Closed))
    }

    pub(crate) fn looks(k: usize) -> [Look; 2] {
        Self::balls(k).map(Look::Balls)
    }

    pub(crate) fn of(seen: &Seen, k: usize) -> Self {
        let [real, generated] = Self::balls(k).map(|balls| seen.balls(balls));
        Self { precision: real.share_held(), recall: generated.share_held(), k }
    }
}

/// Improved precision and recall: which share of each set lies on the manifold of the other.
///
/// The manifold of a set is the union of closed balls around its samples, each reaching to the sample's
/// `k`-th nearest other: f(x) = 1 where ‖x − φ‖ ≤ ‖φ − NNₖ(φ)‖ for a φ of the set. `k` is 3 in the paper,
/// and the features are those of VGG-16's second fully connected layer after its ReLU; with others the
/// numbers are others.
///
/// Kynkäänniemi, Karras, Laine, Lehtinen and Aila, 2019, "Improved precision and recall metric for
/// assessing generative models", arXiv:1904.06991, equations 1 and 2. torch-fidelity computes the same in
/// f32, StyleGAN2 and 3 in f16. [`prdc`](crate::prdc) tests `<` instead of `≤`, with k = 5.
///
/// # Errors
/// A set has fewer than `k + 1` rows, the columns differ in number, or a feature is not finite.
pub fn improved_precision_recall<T: Scalar>(rows: FeatureSets<'_, T>, k: usize) -> Result<PrecisionRecall> {
    Ok(PrecisionRecall::of(&Seen::of(rows, &PrecisionRecall::looks(k))?, k))
}
