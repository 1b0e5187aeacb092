//! Which modes of a known mixture a generator has found.

/// The components of a mixture of equal isotropic Gaussians in the plane.
#[derive(Clone, Debug, PartialEq)]
pub struct Modes {
    /// The means.
    pub centres: Vec<[f32; 2]>,
    /// The standard deviation along each axis.
    pub sigma: f32,
}

/// How samples spread over [`Modes`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ModeCoverage {
    /// The number of modes with at least [`ModeCoverage::min_count`] high-quality samples.
    pub modes_covered: usize,
    /// The number of modes with at least one high-quality sample: the rule of most papers.
    pub modes_hit: usize,
    /// Σ p̂ ln(p̂ K), the divergence of p̂ from equal shares, where p̂ are the shares of samples whose nearest centre is that
    /// of a mode, however far it is (PacGAN's "reverse KL"); 0 at best, ln K for a single mode, NaN without samples.
    pub reverse_kl: f64,
    /// The fraction of samples that are of high quality, in `[0, 1]`; 0 when there are none.
    pub high_quality_fraction: f64,
    /// High-quality samples of each mode, in the order of [`Modes::centres`].
    pub histogram: Vec<usize>,
    /// The number of high-quality samples from which a mode counts as covered.
    pub min_count: usize,
}

/// Counts modes found and samples of high quality (Srivastava et al., 2017, arXiv:1705.07761).
///
/// A sample is of high quality when it lies within 3σ of the nearest centre; of samples of the true
/// mixture 1 − exp(−4.5) = 98.9 % do. A mode is covered when it has at least a twentieth of its equal
/// share of all samples, `max(1, ceil(N / (20 K)))` for N samples and K modes, so that a stray point
/// on the way between two modes is not a mode found. Papers ask for one sample only, which is
/// [`ModeCoverage::modes_hit`]: with that rule a generator that draws lines between modes covers them all.
///
/// Coordinates that are not finite are of no quality and nearest to no mode, and count in N.
///
/// ```
/// use ganymede_datasets::{mode_coverage, Modes};
/// let modes = Modes { centres: vec![[0.0, 0.0], [2.0, 0.0]], sigma: 0.1 };
/// let found = mode_coverage(&[[0.01, 0.0], [0.0, 0.2], [1.0, 0.0]], &modes);
/// assert_eq!(found.modes_covered, 1);
/// assert_eq!(found.histogram, [2, 0]);
/// ```
pub fn mode_coverage(samples: &[[f32; 2]], modes: &Modes) -> ModeCoverage {
    let radius_sq = (3.0 * f64::from(modes.sigma)).powi(2);
    let mut histogram = vec![0; modes.centres.len()];
    let mut nearest_to = vec![0; modes.centres.len()];
    for sample in samples {
        let nearest = modes
            .centres
            .iter()
            .map(|centre| distance_sq(sample, centre))
            .enumerate()
            .min_by(|(_, a), (_, b)| a.total_cmp(b));
        let Some((mode, distance_sq)) = nearest.filter(|(_, distance_sq)| distance_sq.is_finite()) else {
            continue;
        };
        nearest_to[mode] += 1;
        histogram[mode] += usize::from(distance_sq <= radius_sq);
    }
    let min_count = samples.len().div_ceil(20 * modes.centres.len().max(1)).max(1);
    let good: usize = histogram.iter().sum();
    ModeCoverage {
        modes_covered: histogram.iter().filter(|&&count| count >= min_count).count(),
        modes_hit: histogram.iter().filter(|&&count| count > 0).count(),
        reverse_kl: divergence_from_equal(&nearest_to),
        high_quality_fraction: if samples.is_empty() { 0.0 } else { good as f64 / samples.len() as f64 },
        histogram,
        min_count,
    }
}

/// Σ p̂ ln(p̂ K) of counts.
fn divergence_from_equal(counts: &[usize]) -> f64 {
    let (all, kinds) = (counts.iter().sum::<usize>() as f64, counts.len() as f64);
    if all == 0.0 {
        return f64::NAN;
    }
    let shares = counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / all);
    shares.map(|share| share * (share * kinds).ln()).sum()
}

fn distance_sq(a: &[f32; 2], b: &[f32; 2]) -> f64 {
    (f64::from(a[0]) - f64::from(b[0])).powi(2) + (f64::from(a[1]) - f64::from(b[1])).powi(2)
}

#[cfg(test)]
mod tests;
