//! The Fréchet wavelet distance.

use ndarray::{Array2, ArrayView4, s};
use rayon::prelude::*;

use crate::fid::frechet_distance_rows;
use crate::{Ddof, Images, MetricError, Result};

/// Bands are about as large, in pixels.
const BAND: usize = 16;
/// Grey levels become numbers from 0 to 1.
const WHITE: f64 = 255.0;

/// What [`frechet_wavelet_distance`] gives.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct WaveletDistance {
    /// The mean over bands.
    pub distance: f64,
    /// How many times the image was split into four bands.
    pub level: usize,
    /// The distance of each of the 4^level bands, in the transform's natural order: first the coarsest one.
    pub bands: Vec<f64>,
}

/// The level of images whose smaller side has so many pixels: that at which bands are nearest to 16 px, at least 1 and at
/// most 6. It is 1 at 32 px, 2 at 64, 4 at 256.
pub fn wavelet_level(side: usize) -> usize {
    let level = (side as f64 / BAND as f64).log2().round();
    (level.max(1.0) as usize).min(6)
}

/// The Fréchet wavelet distance (FWD): the mean over all bands of a Haar wavelet packet of the Fréchet distance of that
/// band's coefficients. It needs no network, so that it has no opinion of what images are about, and fits any resolution
/// and any kind of image.
///
/// A packet of level L splits an image L times into four bands of half the size, each of them again: with the pixels
/// a b / c d of a square, (a + b + c + d)/2, (a + b − c − d)/2, (a − b + c − d)/2 and (a − b − c + d)/2. Images
/// `(N, C, H, W)` of grey levels in `0..=255` are brought to `0..=1`; rows and columns that do not fill a square of 2^L
/// pixels are left out. Covariances are over n − 1.
///
/// Veeramacheneni, Wolter, Kuehne and Gall, 2025, "Fréchet wavelet distance: a domain-agnostic metric for image
/// generation", arXiv:2312.15289, equation 8; their images have 256 px and level 4. Levels make different numbers.
///
/// Cost: 4^L distances of C·(H/2^L)·(W/2^L) numbers, each cubic in the smaller of that and the number of images.
///
/// # Errors
/// Fewer than 2 images in a set, shapes that differ, images smaller than 2^L, a level of 0.
pub fn frechet_wavelet_distance(images: Images<'_>, level: usize) -> Result<WaveletDistance> {
    let (real, generated) = (images.real, images.generated);
    let (n, c, h, w) = real.dim();
    if generated.dim().1 != c || generated.dim().2 != h || generated.dim().3 != w {
        return Err(MetricError::Invalid(format!(
            "real images of {c} × {h} × {w} and generated ones of {:?} cannot be compared",
            &generated.shape()[1..]
        )));
    }
    if n.min(generated.dim().0) < 2 {
        return Err(MetricError::Unfit("a covariance needs at least 2 images in each set".into()));
    }
    let squares = 1_usize.checked_shl(level as u32).filter(|side| level > 0 && h.min(w) >= *side);
    let Some(side) = squares else {
        return Err(MetricError::Unfit(format!(
            "images of {h} × {w} px have no wavelet packet of level {level}"
        )));
    };
    let fitting = s![.., .., ..h / side * side, ..w / side * side];
    let (real, generated) = (real.slice(fitting), generated.slice(fitting));
    let bands: Vec<f64> = (0..1_usize << (2 * level))
        .into_par_iter()
        .map(|band| {
            let (real, generated) = (coefficients(real, level, band), coefficients(generated, level, band));
            Ok(frechet_distance_rows(&real, &generated, Ddof::Sample)?.distance)
        })
        .collect::<Result<_>>()?;
    Ok(WaveletDistance { distance: bands.iter().sum::<f64>() / bands.len() as f64, level, bands })
}

/// The coefficients of one band, `(N, C·H·W/4^level)`. Its number in the system with base 4 says which band was taken at
/// each split, the first split first.
fn coefficients(images: ArrayView4<'_, f32>, level: usize, band: usize) -> Array2<f64> {
    let (n, c, h, w) = images.dim();
    let (side, area) = (1 << level, (h >> level) * (w >> level));
    let signs = signs(level, band);
    // Each split halves the sum of four numbers.
    let scale = 0.5_f64.powi(level as i32) / WHITE;
    let mut rows = Array2::zeros((n, c * area));
    let pairs: Vec<_> = rows.outer_iter_mut().zip(images.outer_iter()).collect();
    pairs.into_par_iter().for_each(|(mut row, image)| {
        for (at, value) in row.iter_mut().enumerate() {
            let (channel, at) = (at / area, at % area);
            let (y, x) = (at / (w >> level) * side, at % (w >> level) * side);
            let mut sum = 0.0;
            for (i, sign) in signs.iter().enumerate() {
                sum += sign * f64::from(image[(channel, y + i / side, x + i % side)]);
            }
            *value = scale * sum;
        }
    });
    rows
}

/// The sign of each pixel of a square of 2^level pixels in a band's coefficient.
fn signs(level: usize, band: usize) -> Vec<f64> {
    let side = 1_usize << level;
    let sign = |at: usize| {
        let (y, x) = (at / side, at % side);
        // The first split looks at neighbouring pixels, the last one at halves of the square.
        let flips = (0..level).map(|split| {
            let digit = band >> (2 * (level - 1 - split)) & 3;
            let (down, across) = (y >> split & 1, x >> split & 1);
            (digit & 1) * down + (digit >> 1) * across
        });
        if flips.sum::<usize>() % 2 == 0 { 1.0 } else { -1.0 }
    };
    (0..side * side).map(sign).collect()
}
