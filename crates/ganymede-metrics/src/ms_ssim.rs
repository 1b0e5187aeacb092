//! Multi-scale structural similarity, and the diversity of generated images by it.

use ganymede_tensor::Rng;
use ndarray::{ArrayView2, ArrayView3, ArrayView4, Axis};
use rayon::prelude::*;

use crate::{MetricError, Result};

/// Weights of the scales, finest first (Wang et al., 2003, section 3.2).
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
const TAPS: usize = 11;
const SIGMA: f64 = 1.5;
/// (0.01 · 255)² and (0.03 · 255)².
const C1: f64 = 6.5025;
const C2: f64 = 58.5225;

/// What [`ms_ssim_diversity`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct MsSsimDiversity {
    /// Mean similarity of the pairs: near 0 for unlike images, 1 where all are the same. Lower is more
    /// diverse.
    pub mean: f64,
    /// Standard deviation over pairs (population).
    pub std: f64,
    /// Number of pairs.
    pub pairs: usize,
}

/// How alike generated images are: the mean [`ms_ssim`] of `pairs` random pairs of different ones.
///
/// `images` are `(N, C, H, W)` grey levels in `0..=255`. The pairs are drawn with replacement from the stream
/// `ms-ssim` of `seed`. Compare with the value of real images: a collapse shows as a much higher one, and
/// less than the real one may be noise rather than diversity.
///
/// Odena, Olah and Shlens, 2017, "Conditional image synthesis with auxiliary classifier GANs",
/// arXiv:1610.09585, section 4.2, within classes; over all images as in Karras et al., 2018,
/// arXiv:1710.10196, with 10,000 pairs. compare_gan takes all pairs of 5 batches of 64.
///
/// # Errors
/// There are fewer than 2 images or no pairs, or as [`ms_ssim`].
pub fn ms_ssim_diversity(images: ArrayView4<'_, f32>, pairs: usize, seed: u64) -> Result<MsSsimDiversity> {
    let n = images.len_of(Axis(0));
    if n < 2 || pairs == 0 {
        return Err(MetricError::Unfit(format!(
            "MS-SSIM diversity needs at least 2 images and 1 pair, got {n} images and {pairs} pairs"
        )));
    }
    let mut rng = Rng::stream(seed, "ms-ssim");
    let drawn: Vec<(usize, usize)> = (0..pairs)
        .map(|_| {
            let first = rng.below(n);
            (first, (first + 1 + rng.below(n - 1)) % n)
        })
        .collect();
    let of_pair =
        |&(a, b): &(usize, usize)| ms_ssim(images.index_axis(Axis(0), a), images.index_axis(Axis(0), b));
    let values = drawn.par_iter().map(of_pair).collect::<Result<Vec<f64>>>()?;
    let mean = values.iter().sum::<f64>() / pairs as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / pairs as f64;
    Ok(MsSsimDiversity { mean, std: variance.sqrt(), pairs })
}

/// Multi-scale structural similarity of two images `(C, H, W)` of grey levels in `0..=255`, in `0..=1`; 1
/// for equal ones.
///
/// Π over scales s = 1…4 of csₛ^wₛ, times ssim₅^w₅, where cs = (2σₓᵧ + C₂)/(σₓ² + σᵧ² + C₂) and
/// ssim = cs·(2μₓμᵧ + C₁)/(μₓ² + μᵧ² + C₁), averaged over pixels and channels, with moments under a Gaussian
/// window of 11 taps, σ = 1.5, inside the image. Scales follow each other by averages of 2×2. Where an image
/// of a scale is smaller than the window, window and σ shrink with it. Negative means count as 0.
///
/// Wang, Simoncelli and Bovik, 2003, "Multiscale structural similarity for image quality assessment",
/// equation 7; window, shrinking, averaging and clipping as in PGGAN's program. Others stop at images smaller
/// than 176 pixels, or have fewer scales: numbers are then others.
///
/// # Errors
/// The images have different shapes, a side of less than 16, or a level that is not finite.
pub fn ms_ssim(a: ArrayView3<'_, f32>, b: ArrayView3<'_, f32>) -> Result<f64> {
    let (channels, height, width) = a.dim();
    if a.dim() != b.dim() {
        return Err(MetricError::Invalid(format!("MS-SSIM of images of {:?} and {:?}", a.dim(), b.dim())));
    }
    if channels == 0 || height.min(width) < 16 {
        let size = format!("{height}×{width} with {channels} channels");
        return Err(MetricError::Unfit(format!("MS-SSIM needs images of at least 16×16, got {size}")));
    }
    if a.iter().chain(b.iter()).any(|level| !level.is_finite()) {
        return Err(MetricError::Invalid("MS-SSIM of an image with a level that is not finite".into()));
    }
    let planes = |image: ArrayView3<'_, f32>| -> Vec<Plane> { image.outer_iter().map(Plane::new).collect() };
    let (mut a, mut b) = (planes(a), planes(b));
    let mut product = 1.0;
    for (scale, weight) in WEIGHTS.iter().enumerate() {
        let (ssim, contrast) = similarity(&a, &b);
        let last = scale + 1 == WEIGHTS.len();
        product *= (if last { ssim } else { contrast }).clamp(0.0, 1.0).powf(*weight);
        if !last {
            a.iter_mut().chain(&mut b).for_each(Plane::halve);
        }
    }
    Ok(product)
}

/// Mean ssim and mean cs over pixels and channels.
fn similarity(a: &[Plane], b: &[Plane]) -> (f64, f64) {
    let size = TAPS.min(a[0].height).min(a[0].width);
    let window = gaussian(size, SIGMA * size as f64 / TAPS as f64);
    let (mut ssim, mut contrast, mut count) = (0.0, 0.0, 0);
    for (x, y) in a.iter().zip(b) {
        let moment = |of: fn(f64, f64) -> f64| x.with(y, of).filtered(&window).data;
        let (mx, my) = (moment(|x, _| x), moment(|_, y| y));
        let (xx, yy, xy) = (moment(|x, _| x * x), moment(|_, y| y * y), moment(|x, y| x * y));
        for i in 0..mx.len() {
            let (mean_xy, squares) = (mx[i] * my[i], mx[i] * mx[i] + my[i] * my[i]);
            let cs = (2.0 * (xy[i] - mean_xy) + C2) / (xx[i] + yy[i] - squares + C2);
            contrast += cs;
            ssim += cs * (2.0 * mean_xy + C1) / (squares + C1);
        }
        count += mx.len();
    }
    (ssim / count as f64, contrast / count as f64)
}

fn gaussian(size: usize, sigma: f64) -> Vec<f64> {
    let middle = (size as f64 - 1.0) / 2.0;
    let raw: Vec<f64> =
        (0..size).map(|i| (-(i as f64 - middle).powi(2) / (2.0 * sigma * sigma)).exp()).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|w| w / sum).collect()
}

/// One channel.
struct Plane {
    height: usize,
    width: usize,
    data: Vec<f64>,
}

impl Plane {
    fn new(levels: ArrayView2<'_, f32>) -> Self {
        let (height, width) = levels.dim();
        Self { height, width, data: levels.iter().map(|level| f64::from(*level)).collect() }
    }

    fn with(&self, other: &Self, of: fn(f64, f64) -> f64) -> Self {
        let data = self.data.iter().zip(&other.data).map(|(x, y)| of(*x, *y)).collect();
        Self { data, ..*self }
    }

    /// Filtered along both axes, where the window lies inside.
    fn filtered(&self, window: &[f64]) -> Self {
        let (height, width) = (self.height + 1 - window.len(), self.width + 1 - window.len());
        let tap = |at: usize, step: usize, from: &[f64]| -> f64 {
            window.iter().enumerate().map(|(t, w)| w * from[at + t * step]).sum()
        };
        let mut rows = Vec::with_capacity(self.height * width);
        for y in 0..self.height {
            rows.extend((0..width).map(|x| tap(y * self.width + x, 1, &self.data)));
        }
        let data = (0..height * width).map(|at| tap(at, width, &rows)).collect();
        Self { height, width, data }
    }

    /// Averages of 2×2 pixels; an odd last row or column is dropped.
    fn halve(&mut self) {
        let (height, width) = (self.height / 2, self.width / 2);
        let at = |y: usize, x: usize| self.data[y * self.width + x];
        let mean = |(y, x): (usize, usize)| {
            (at(2 * y, 2 * x) + at(2 * y, 2 * x + 1) + at(2 * y + 1, 2 * x) + at(2 * y + 1, 2 * x + 1)) / 4.0
        };
        let data = (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).map(mean).collect();
        *self = Self { height, width, data };
    }
}
