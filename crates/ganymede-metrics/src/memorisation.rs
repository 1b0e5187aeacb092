//! Whether a generator repeats its training set.

use crate::Result;
use crate::neighbours::{FeatureSets, Look, Scalar, Seen, Side};

/// The training sample nearest to a generated one.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct NearestReal {
    /// Which row of the real features.
    pub index: usize,
    /// Its distance.
    pub distance: f64,
    /// The distance of the real sample that comes next.
    pub next_distance: f64,
}

/// What [`memorisation`] gives.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Memorisation {
    /// AuthPct: percentage, in `0..=100`, of generated samples that are farther from their nearest real
    /// sample than that one is from its own nearest other. About 50 where generated samples are like
    /// unseen real ones; near 0 where they are copies.
    pub authentic_percent: f64,
    /// Share, in `0..=1`, of generated samples at least three times nearer to one real sample than to any
    /// other.
    pub memorised: f64,
    /// For each generated sample, its nearest real one.
    pub nearest: Vec<NearestReal>,
}

/// A sample counts as memorised below this ratio of the distances to the two nearest real samples.
const MEMORISED: f64 = 1.0 / 3.0;

/// The nearest training sample of each generated one, and what that says about memorisation. The real
/// rows must be those that the generator was trained on: against unseen ones nothing can be memorised.
///
/// * AuthPct = 100/M Σⱼ \[d(xⱼ, φ) > min over other real φ′ of d(φ, φ′)], φ the real sample nearest to xⱼ.
///   Alaa, van Breugel, Saveliev and van der Schaar, 2022, "How faithful is your synthetic data?",
///   arXiv:2102.08921, section 3.3, in the form of dgm-eval (Stein et al., 2023, arXiv:2306.04675).
/// * memorised = 1/M Σⱼ \[d₁ < d₂/3], d₁ and d₂ the distances to the two nearest real samples. Yoon, Choi,
///   Kwon and Ryu, 2023, "Diffusion probabilistic models generalize when they fail to memorize", section 3.
///
/// A training set with near-duplicates has low AuthPct for reasons of its own.
///
/// # Errors
/// There are fewer than 2 real rows or no generated ones, the columns differ in number, or a feature is
/// not finite.
pub fn memorisation<T: Scalar>(rows: FeatureSets<'_, T>) -> Result<Memorisation> {
    Ok(Memorisation::of(&Seen::of(rows, &Memorisation::LOOKS)?))
}

impl Memorisation {
    pub(crate) const LOOKS: [Look; 2] = [Look::Within(Side::Real, 1), Look::Across(Side::Generated, 2)];

    pub(crate) fn of(seen: &Seen) -> Self {
        let (among_real, found) = (seen.within(Side::Real), seen.across(Side::Generated));
        let nearest: Vec<NearestReal> = found
            .index
            .outer_iter()
            .zip(found.distance.outer_iter())
            .map(|(i, d)| NearestReal { index: i[0], distance: d[0], next_distance: d[1] })
            .collect();
        let m = nearest.len() as f64;
        let authentic = nearest.iter().filter(|n| n.distance > among_real.distance[(n.index, 0)]).count();
        let memorised = nearest.iter().filter(|n| n.distance < MEMORISED * n.next_distance).count();
        Self { authentic_percent: 100.0 * authentic as f64 / m, memorised: memorised as f64 / m, nearest }
    }
}
