//! The sliced Wasserstein distance of image patches at several scales.

use ganymede_tensor::Rng;
use ndarray::{ArrayView4, Axis};
use rayon::prelude::*;

use crate::mind::{sorted_lines, unit_directions};
use crate::{MetricError, Result};

mod pyramid;

use pyramid::{Image, laplacian_pyramid};

/// Side of a patch.
const PATCH: usize = 7;
/// The coarsest level has images of at least this side.
const COARSEST: usize = 16;
const DIRECTIONS_AT_ONCE: usize = 128;

/// Real and generated images, `(N, C, H, W)` each, of one shape.
#[derive(Clone, Copy, Debug)]
pub struct Images<'a> {
    /// Real images.
    pub real: ArrayView4<'a, f32>,
    /// As many generated ones.
    pub generated: ArrayView4<'a, f32>,
}

/// Settings of [`sliced_wasserstein`]; the default is the paper's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlicedWassersteinConfig {
    /// Patches from each image and level. The paper's is 128.
    pub patches: usize,
    /// Random directions. The paper's is 512 (four times 128).
    pub directions: usize,
    /// Seed of patches and directions.
    pub seed: u64,
}

impl Default for SlicedWassersteinConfig {
    fn default() -> Self {
        Self { patches: 128, directions: 512, seed: 0 }
    }
}

/// The distance at one level of the pyramid.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct SwdLevel {
    /// Height of the images of this level.
    pub resolution: usize,
    /// The distance, at least 0. Papers print it times 1,000.
    pub distance: f64,
}

/// What [`sliced_wasserstein`] gives.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct SlicedWasserstein {
    /// Finest level first: fine ones show noise and blur, coarse ones shapes.
    pub levels: Vec<SwdLevel>,
    /// The mean over levels.
    pub mean: f64,
}

/// The sliced Wasserstein distance between patches of real and generated images, level by level of their
/// Laplacian pyramids.
///
/// From each image of each level `patches` windows of 7×7 pixels are taken at random. Each set of patches is
/// brought to mean 0 and deviation 1 in each channel, then SW₁ is the mean over random directions θ of the
/// mean distance between the order statistics of both sets' projections. Levels halve in size (5 binomial
/// taps); the coarsest has a side of 16 to 31. The scale of grey levels does not matter.
///
/// Karras, Aila, Laine and Lehtinen, 2018, "Progressive growing of GANs", arXiv:1710.10196, section 5, who
/// use 16,384 images. The memory is 1.2 kB times images, channels and `patches` for each set, level by level.
///
/// # Errors
/// The shapes differ, there is no image, a side is below 16, a count is 0, a level is not finite, or a set has
/// no variation in a channel at some level.
pub fn sliced_wasserstein(images: Images<'_>, config: &SlicedWassersteinConfig) -> Result<SlicedWasserstein> {
    check(&images, config)?;
    let (_, channels, height, width) = images.real.dim();
    let count = (height.min(width) / COARSEST).ilog2() as usize + 1;
    let pyramids = |set: ArrayView4<'_, f32>| -> Vec<Vec<Image>> {
        let images: Vec<_> = set.axis_iter(Axis(0)).collect();
        images.into_par_iter().map(|image| laplacian_pyramid(image, count)).collect()
    };
    let (real, generated) = (pyramids(images.real), pyramids(images.generated));
    let mut rng = Rng::stream(config.seed, "sliced-wasserstein");
    let mut levels = Vec::with_capacity(count);
    for level in 0..count {
        let real_patches = patches(&real, level, config.patches, &mut rng, "real")?;
        let fake_patches = patches(&generated, level, config.patches, &mut rng, "generated")?;
        let dim = channels * PATCH * PATCH;
        let distance = sliced(&real_patches, &fake_patches, dim, config.directions, &mut rng);
        levels.push(SwdLevel { resolution: real[0][level].height, distance });
    }
    let mean = levels.iter().map(|level| level.distance).sum::<f64>() / count as f64;
    Ok(SlicedWasserstein { levels, mean })
}

fn check(images: &Images<'_>, config: &SlicedWassersteinConfig) -> Result<()> {
    let (n, channels, height, width) = images.real.dim();
    let problem = if images.real.dim() != images.generated.dim() {
        format!("real images are {:?}, generated ones {:?}", images.real.dim(), images.generated.dim())
    } else if n == 0 || channels == 0 || height.min(width) < COARSEST {
        let message = "sliced Wasserstein distance: it needs images of at least 16×16 pixels, got";
        return Err(MetricError::Unfit(format!("{message} {:?}", images.real.dim())));
    } else if config.patches == 0 || config.directions == 0 {
        "the numbers of patches and of directions must be at least 1".to_string()
    } else if images.real.iter().chain(images.generated.iter()).any(|level| !level.is_finite()) {
        "an image has a level that is not finite".to_string()
    } else {
        return Ok(());
    };
    Err(MetricError::Invalid(format!("sliced Wasserstein distance: {problem}")))
}

/// Normalised patches of all images at one level, one after the other.
fn patches(set: &[Vec<Image>], level: usize, count: usize, rng: &mut Rng, what: &str) -> Result<Vec<f32>> {
    let mut all = Vec::new();
    for image in set.iter().map(|pyramid| &pyramid[level]) {
        for _ in 0..count {
            let y = rng.below(image.height - PATCH + 1);
            let x = rng.below(image.width - PATCH + 1);
            image.copy_patch(y, x, PATCH, &mut all);
        }
    }
    normalise(&mut all, set[0][level].channels, what)?;
    Ok(all)
}

/// Brings each channel over all patches to mean 0 and deviation 1.
fn normalise(patches: &mut [f32], channels: usize, what: &str) -> Result<()> {
    let area = PATCH * PATCH;
    let n = (patches.len() / channels) as f64;
    for channel in 0..channels {
        let range = channel * area..(channel + 1) * area;
        let total = |patch: &[f32]| -> f64 { patch[range.clone()].iter().map(|v| f64::from(*v)).sum() };
        let mean = patches.chunks_exact(channels * area).map(total).sum::<f64>() / n;
        let squares = |patch: &[f32]| -> f64 {
            patch[range.clone()].iter().map(|v| (f64::from(*v) - mean).powi(2)).sum()
        };
        let deviation = (patches.chunks_exact(channels * area).map(squares).sum::<f64>() / n).sqrt();
        if deviation == 0.0 {
            return Err(MetricError::Unfit(format!(
                "sliced Wasserstein distance: channel {channel} of the {what} images is constant at some level"
            )));
        }
        for patch in patches.chunks_exact_mut(channels * area) {
            patch[range.clone()].iter_mut().for_each(|v| *v = ((f64::from(*v) - mean) / deviation) as f32);
        }
    }
    Ok(())
}

/// The mean over directions of W₁ between as many points.
fn sliced(a: &[f32], b: &[f32], dim: usize, directions: usize, rng: &mut Rng) -> f64 {
    let theta = unit_directions(directions, dim, rng);
    theta.chunks(DIRECTIONS_AT_ONCE * dim).map(|theta| distances(a, b, dim, theta)).sum::<f64>()
        / directions as f64
}

/// The sum over `directions` of the mean distance between order statistics.
fn distances(a: &[f32], b: &[f32], dim: usize, directions: &[f32]) -> f64 {
    let (a, b) = (sorted_lines(a, directions, dim), sorted_lines(b, directions, dim));
    let line = |(a, b): (&Vec<f32>, &Vec<f32>)| {
        let apart = a.iter().zip(b).map(|(x, y)| (f64::from(*x) - f64::from(*y)).abs());
        apart.sum::<f64>() / a.len() as f64
    };
    a.iter().zip(&b).map(line).sum()
}

#[cfg(test)]
mod tests;
