//! Precision, recall, density and coverage.

use crate::Result;
use crate::neighbours::{Ball, Balls, FeatureSets, Look, Scalar, Seen, Side};

/// The neighbours that the authors of density and coverage take.
pub const PRDC_NEIGHBOURS: usize = 5;

/// What [`prdc`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Prdc {
    /// Share of generated samples that lie in the ball of a real one, in `0..=1`: are they believable?
    pub precision: f64,
    /// Share of real samples that lie in the ball of a generated one, in `0..=1`: is all of it generated?
    pub recall: f64,
    /// How many real balls a generated sample lies in, over k: about 1 for a perfect generator, more for
    /// one that keeps to the crowded regions. Unlike precision it is not fooled by a lone outlier's
    /// large ball.
    pub density: f64,
    /// Share of real samples whose ball holds a generated one, in `0..=1`. Unlike recall it is not fooled
    /// by the large balls of scattered generated samples.
    pub coverage: f64,
    /// Which neighbour sets the radius of a ball.
    pub k: usize,
}

/// Precision, recall, density and coverage of generated features.
///
/// The ball of a sample reaches to its `k`-th nearest other sample of its own set: rᵢ is the (k + 1)-th
/// smallest distance in row i, that of i to itself included. With d the distances between real samples i
/// (N) and generated samples j (M):
///
/// * precision = 1/M Σⱼ \[∃i: dᵢⱼ < rᵢ], recall = 1/N Σᵢ \[∃j: dᵢⱼ < rⱼ],
/// * density = 1/(kM) Σⱼ Σᵢ \[dᵢⱼ < rᵢ], coverage = 1/N Σᵢ \[minⱼ dᵢⱼ < rᵢ].
///
/// `k` is 5 in the paper and nearly everywhere. The four depend on the number of samples: compare only
/// what was measured with as many.
///
/// Naeem, Oh, Uh, Choi and Yoo, 2020, "Reliable fidelity and diversity metrics for generative models",
/// arXiv:2002.09797, equations 1, 3 and 4. The numbers are those of the authors' package `prdc`, which
/// StudioGAN and dgm-eval follow, to the last digit, but for its rounding errors between samples that are
/// copies of each other: distances of copies are 0 here. Its precision and recall are not those of
/// [`improved_precision_recall`](crate::improved_precision_recall), which has another test and another k.
///
/// Time is that of two products N·N·D (the package needs three, in f64) and memory O((N + M)(D + k)):
/// the matrix of distances is never held.
///
/// # Errors
/// A set has fewer than `k + 1` rows, the columns differ in number, or a feature is not finite.
///
/// ```
/// use ganymede_metrics::{FeatureSets, prdc};
/// use ndarray::Array2;
/// let real = Array2::from_shape_fn((20, 1), |(i, _)| i as f32);
/// let generated = Array2::from_shape_fn((20, 1), |(i, _)| 0.5 + i as f32 / 2.0);
/// let four = prdc(FeatureSets { real: real.view(), generated: generated.view() }, 2)?;
/// assert_eq!((four.precision, four.recall), (1.0, 0.55));
/// # Ok::<(), ganymede_metrics::MetricError>(())
/// ```
pub fn prdc<T: Scalar>(rows: FeatureSets<'_, T>, k: usize) -> Result<Prdc> {
    Ok(Prdc::of(&Seen::of(rows, &Prdc::looks(k))?, k))
}

impl Prdc {
    /// Open balls around real and around generated samples.
    pub(crate) fn balls(k: usize) -> [Balls; 2] {
        [Side::Real, Side::Generated].map(|around| Balls::new(around, k, Ball::Open))
    }

    pub(crate) fn looks(k: usize) -> [Look; 2] {
        Self::balls(k).map(Look::Balls)
    }

    pub(crate) fn of(seen: &Seen, k: usize) -> Self {
        let [real, generated] = Self::balls(k).map(|balls| seen.balls(balls));
        let inside: u64 = real.held.iter().map(|count| u64::from(*count)).sum();
        Self {
            precision: real.share_held(),
            recall: generated.share_held(),
            density: inside as f64 / (k as f64 * real.held.len() as f64),
            coverage: real.share_of_balls(1),
            k,
        }
    }
}
