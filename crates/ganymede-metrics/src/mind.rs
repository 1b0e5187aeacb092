//! The Monge Inception distance: a sliced Wasserstein distance of features.

use ganymede_tensor::{Rng, row_products};
use rayon::prelude::*;

use crate::neighbours::{FeatureSets, Points};
use crate::{MetricError, Result};

/// Directions that are worked on together: of 50,000 samples their projections take 13 MB a set.
const TOGETHER: usize = 64;

/// The Monge Inception distance of two sets of features, at least 0 and in squared units of a feature.
///
/// MIND = 3 D · mean over directions θ of W₂²(θᵀreal, θᵀgenerated), with `directions` θ uniform on the unit
/// sphere of ℝᴰ (1,000 in the paper), drawn from the stream `mind` of `seed`. W₂² of numbers on a line is the
/// mean squared difference of their order statistics; where the sets have different sizes, of their quantile
/// functions. Moving all samples by m costs 3 |m|² in expectation.
///
/// Berthet et al., 2026, "MIND: Monge Inception distance for generative models evaluation",
/// arXiv:2605.06797; their features are the 2,048 of Inception, and their code and torch-fidelity's need
/// sets of one size. The number depends on the number of samples, less than FID does.
///
/// # Errors
/// `directions` is 0, a set is empty, the columns differ in number, or a feature is not finite.
///
/// ```
/// use ganymede_metrics::{FeatureSets, mind};
/// use ndarray::{Array2, arr1};
/// let real = Array2::from_shape_fn((50, 2), |(i, j)| (i * (j + 3) % 17) as f32);
/// let moved = &real + &arr1(&[3.0, 4.0]);
/// let distance = mind(FeatureSets { real: real.view(), generated: moved.view() }, 2000, 0)?;
/// assert!((distance / 75.0 - 1.0).abs() < 0.1);
/// # Ok::<(), ganymede_metrics::MetricError>(())
/// ```
pub fn mind(rows: FeatureSets<'_>, directions: usize, seed: u64) -> Result<f64> {
    if directions == 0 {
        return Err(MetricError::Invalid("MIND needs at least 1 direction; 1,000 are usual".into()));
    }
    let both = rows.checked()?;
    let dim = both.real.dim();
    let theta = unit_directions(directions, dim, &mut Rng::stream(seed, "mind"));
    let distances = theta.chunks(TOGETHER * dim).flat_map(|theta| {
        let real = sorted_projections(&both.real, theta);
        let generated = sorted_projections(&both.generated, theta);
        real.par_iter().zip(&generated).map(|(a, b)| squared_wasserstein(a, b)).collect::<Vec<_>>()
    });
    Ok(3.0 * dim as f64 * distances.sum::<f64>() / directions as f64)
}

/// `count` directions uniform on the unit sphere, one after the other.
pub(crate) fn unit_directions(count: usize, dim: usize, rng: &mut Rng) -> Vec<f32> {
    let mut all = Vec::with_capacity(count * dim);
    for _ in 0..count {
        let direction: Vec<f64> = (0..dim).map(|_| rng.standard_normal()).collect();
        let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        all.extend(direction.iter().map(|x| (x / length) as f32));
    }
    all
}

fn sorted_projections(points: &Points<'_, f32>, directions: &[f32]) -> Vec<Vec<f32>> {
    sorted_lines(points.flat(), directions, points.dim())
}

/// For each direction the projections of all rows, ascending.
pub(crate) fn sorted_lines(rows: &[f32], directions: &[f32], dim: usize) -> Vec<Vec<f32>> {
    let (n, count) = (rows.len() / dim, directions.len() / dim);
    const ROWS: usize = 512;
    let mut projected = vec![0f32; n * count];
    projected
        .par_chunks_mut(ROWS * count)
        .zip(rows.par_chunks(ROWS * dim))
        .for_each(|(out, rows)| row_products(rows, directions, dim, out));
    (0..count)
        .into_par_iter()
        .map(|k| {
            let mut line: Vec<f32> = projected[k..].iter().step_by(count).copied().collect();
            line.sort_unstable_by(f32::total_cmp);
            line
        })
        .collect()
}

/// The integral over p in `0..1` of the squared difference of two quantile functions.
fn squared_wasserstein(a: &[f32], b: &[f32]) -> f64 {
    let (n, m) = (a.len(), b.len());
    let (mut i, mut j, mut sum) = (0, 0, 0.0);
    // Positions are counted in units of 1/(n·m), where both functions' steps are whole numbers.
    let mut at = 0;
    while i < n && j < m {
        let (next_a, next_b) = ((i + 1) * m, (j + 1) * n);
        let next = next_a.min(next_b);
        let difference = f64::from(a[i]) - f64::from(b[j]);
        sum += (next - at) as f64 * difference * difference;
        at = next;
        i += usize::from(next == next_a);
        j += usize::from(next == next_b);
    }
    sum / (n as f64 * m as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_sets_of_different_sizes_are_compared_exactly() {
        // (0 0 0 3 3 3) against (1 1 2 2 2 2) after repeating each to six.
        assert_eq!(squared_wasserstein(&[0.0, 3.0], &[1.0, 2.0, 2.0]), (1.0 + 1.0 + 4.0 + 3.0) / 6.0);
        assert_eq!(squared_wasserstein(&[0.0, 3.0], &[0.0, 0.0, 3.0, 3.0]), 0.0);
    }
}
