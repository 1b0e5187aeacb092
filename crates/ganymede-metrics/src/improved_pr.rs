//! Improved precision and recall, and the realism of single samples.

use crate::neighbours::{Ball, FeatureSets, Radii, Scalar, ball_counts, radii, realism_scores};
use crate::{MetricError, Result};

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
    let both = rows.checked()?;
    let radii = Radii {
        real: radii("real samples", &both.real, k)?,
        generated: radii("generated samples", &both.generated, k)?,
    };
    let counts = ball_counts(&both, &radii, Ball::Closed);
    let (n, m) = (both.real.len() as f64, both.generated.len() as f64);
    Ok(PrecisionRecall {
        precision: counts.real_balls.iter().filter(|count| **count > 0).count() as f64 / m,
        recall: counts.recalled.iter().filter(|is| **is).count() as f64 / n,
        k,
    })
}

/// How realistic each generated sample is: the largest rᵢ / ‖φᵢ − x‖ over real samples φᵢ, `(M,)`.
///
/// rᵢ is the distance of φᵢ to its `k`-th nearest other real sample. Real samples whose radius is not
/// below the median are left out, as outliers' balls are too large to mean anything. At least 1 is on the
/// manifold (so restricted); the lowest scores are the samples to look at first. An exact copy of a real
/// sample has infinite realism.
///
/// Kynkäänniemi et al., 2019, arXiv:1904.06991, equation 3; `<` of the median as in dgm-eval.
///
/// # Errors
/// There are fewer than `k + 1` real rows, all radii are equal, the columns differ in number, or a feature
/// is not finite.
pub fn realism<T: Scalar>(rows: FeatureSets<'_, T>, k: usize) -> Result<Vec<f64>> {
    let both = rows.checked()?;
    let radii = radii("real samples", &both.real, k)?;
    let median = median(&radii);
    if !radii.iter().any(|radius| *radius < median) {
        return Err(MetricError::Unfit(format!(
            "realism needs real samples closer together than others; all {} are {median} from their neighbour {k}",
            radii.len()
        )));
    }
    Ok(realism_scores(&both, &radii, |radius| radius < median))
}

/// The mean of the two middle ones where there are evenly many.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[half - 1] + sorted[half]) / 2.0 } else { sorted[half] }
}
