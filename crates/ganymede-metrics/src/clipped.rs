//! Clipped density and clipped coverage.

use crate::Result;
use crate::neighbours::{Ball, Balls, FeatureSets, Look, Scalar, Seen, Side};

/// What [`clipped_density_coverage`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Clipped {
    /// Fidelity, in `0..=1`: the share of generated samples that are as good as real ones.
    pub density: f64,
    /// Diversity, in `0..=1`: the share of good samples, among bad ones, that would cover the real set as well.
    pub coverage: f64,
    /// [`Clipped::density`] before it is cut off at 1.
    pub density_uncapped: f64,
    /// Mean over generated samples of min(c/k, 1), and the same of the real ones, by which it is divided.
    pub density_raw: [f64; 2],
    /// The coverage before its calibration.
    pub coverage_raw: f64,
    /// Neighbours.
    pub k: usize,
}

/// Clipped density and clipped coverage: fidelity and diversity that outliers cannot spoil, and that fall in proportion
/// as good samples are replaced by bad ones.
///
/// With rᵢ the distance of the real sample i (of N) to its `k`-th nearest other, ρᵢ = min(rᵢ, median of all r), and d the
/// distances to the generated samples j (of M):
///
/// * raw density = 1/M Σⱼ min(#{i: dᵢⱼ ≤ ρᵢ}/k, 1). It is divided by the same of the real samples, of which each counts
///   in the balls of those whose `k` nearest it is among, and cut off at 1.
/// * raw coverage u = 1/N Σᵢ min(#{j: dᵢⱼ < rᵢ}, k)/k. It is calibrated by f(m), what is to be expected of m samples of the
///   real distribution, whose number in a ball is beta-binomial: the coverage is the number of m in `0..=M` with
///   f(m) < u, over M + 1. As f grows with m, it is found by bisection; the authors compute the whole table.
///
/// `k` is 5 in the paper.
///
/// Salvy, Talbot and Thirion, 2025, "Enhanced generative model evaluation with clipped density and coverage",
/// arXiv:2507.01761.
///
/// # Errors
/// There are fewer than `k + 1` real samples or no generated ones, the columns differ in number, or a feature is not
/// finite.
pub fn clipped_density_coverage<T: Scalar>(rows: FeatureSets<'_, T>, k: usize) -> Result<Clipped> {
    Ok(Clipped::of(&Seen::of(rows, &Clipped::looks(k))?, k))
}

impl Clipped {
    /// Balls of fidelity, and those of diversity.
    fn balls(k: usize) -> [Balls; 2] {
        let capped = Balls { capped: true, ..Balls::new(Side::Real, k, Ball::Closed) };
        [capped, Balls::new(Side::Real, k, Ball::Open)]
    }

    pub(crate) fn looks(k: usize) -> [Look; 2] {
        Self::balls(k).map(Look::Balls)
    }

    pub(crate) fn of(seen: &Seen, k: usize) -> Self {
        let [fidelity, diversity] = Self::balls(k).map(|balls| seen.balls(balls));
        let most = seen.ball_radii(Self::balls(k)[0]);
        let nearest = seen.within(Side::Real);
        let mut among_real = vec![0; most.len()];
        for (i, radius) in most.iter().enumerate() {
            let near = (0..k).filter(|n| nearest.distance[(i, *n)] <= *radius);
            near.for_each(|n| among_real[nearest.index[(i, n)]] += 1);
        }
        let density_raw = [share_of(&fidelity.held, k), share_of(&among_real, k)];
        let coverage_raw = share_of(&diversity.holds, k);
        let density_uncapped = density_raw[0] / density_raw[1];
        Self {
            density: density_uncapped.min(1.0),
            coverage: calibrated(coverage_raw, k, most.len(), fidelity.held.len()),
            density_uncapped,
            density_raw,
            coverage_raw,
            k,
        }
    }
}

/// The mean of min(c/k, 1).
fn share_of(counts: &[u32], k: usize) -> f64 {
    let clipped = counts.iter().map(|count| (f64::from(*count) / k as f64).min(1.0));
    clipped.sum::<f64>() / counts.len() as f64
}

/// The number of m in `0..=generated` of which less than `raw` is to be expected, over `generated + 1`.
fn calibrated(raw: f64, k: usize, real: usize, generated: usize) -> f64 {
    let (mut below, mut end) = (0, generated + 1);
    while below < end {
        let middle = (below + end) / 2;
        if expected_coverage(middle, k, real) < raw { below = middle + 1 } else { end = middle }
    }
    below as f64 / (generated + 1) as f64
}

/// The raw clipped coverage that `good` generated samples of the real distribution are expected to have beside
/// `real` real ones:
///
/// f(m) = 1/k Σⱼ min(j, k) C(m, j) B(k + j, N + m − k − j)/B(k, N − k), and 0 for m < k,
///
/// the number of generated samples in a ball being beta-binomial (Salvy et al., 2025, arXiv:2507.01761). Computed as
/// 1 − 1/k Σ_{j<k} (k − j) P(j), which has k terms.
fn expected_coverage(good: usize, k: usize, real: usize) -> f64 {
    if good < k {
        return 0.0;
    }
    let (k, n, m) = (k as f64, real as f64, good as f64);
    // P(0) = Π_{i<m} (N − k + i)/(N + i) = Π_{i<k} (N − k + i)/(N + m − k + i).
    let mut chance: f64 = (0..k as usize).map(|i| (n - k + i as f64) / (n + m - k + i as f64)).product();
    let mut missing = 0.0;
    for j in 0..k as usize {
        let j = j as f64;
        missing += (k - j) * chance;
        // P(j + 1)/P(j).
        chance *= (m - j) / (j + 1.0) * (k + j) / (n + m - k - j - 1.0);
    }
    1.0 - missing / k
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_expected_grows_with_the_number_of_good_samples() {
        for (k, real) in [(1, 2), (5, 6), (5, 200), (9, 50_000)] {
            let table: Vec<f64> = (0..300).map(|m| expected_coverage(m, k, real)).collect();
            assert!(table[..k].iter().all(|f| *f == 0.0));
            assert!(table[k - 1..].windows(2).all(|pair| pair[0] < pair[1]), "k {k}, {real} real samples");
            assert!(table.iter().all(|f| (0.0..1.0).contains(f)));
            // Each place of the table is found again.
            for (m, f) in table.iter().enumerate().skip(k) {
                assert_eq!(calibrated(*f, k, real, 299), m as f64 / 300.0);
            }
        }
    }

    #[test]
    fn the_expectation_is_that_of_the_paper() {
        // By the formula as printed, with logarithms of gamma functions.
        for (m, wanted) in [(160, 0.6678684501647076), (80, 0.3880106347218304)] {
            let found = expected_coverage(m, 5, 200);
            assert!((found / wanted - 1.0).abs() < 1e-12, "{found}");
        }
    }
}
