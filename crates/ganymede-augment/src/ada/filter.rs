//! Bands of frequencies, louder or softer.

use ganymede_tensor::{ConvConfig, Tensor, conv2d, pad2d_reflect};

use super::wavelets::SYM2;
use crate::{AugmentError, host};

const BANDS: usize = 4;
const TAPS: usize = 2 * MARGIN + 1;

/// Pixels by which an image is mirrored at each edge for the filter of the bands; it has to be larger.
pub const MARGIN: usize = 21;

/// The power of the bands in natural images, whose spectrum falls as 1/f (section B of the paper's appendix).
const EXPECTED_POWER: [f64; BANDS] = [10.0 / 13.0, 1.0 / 13.0, 1.0 / 13.0, 1.0 / 13.0];

/// Each image through the filter of its gains, along rows and along columns.
///
/// The filter of an image is a sum over the bands of a gain times the filter of the band, and so is what comes out of it:
/// the four filters are the same for all images.
pub(super) fn filter(images: &Tensor, bands: &[[f64; BANDS]]) -> Result<Tensor, AugmentError> {
    let (n, c, h, w) = images.dims4()?;
    if h.min(w) <= MARGIN {
        let reason = format!(
            "the filter of ADA needs more than {MARGIN} pixels a side; use a pipe without `filter`, such as bgc"
        );
        return Err(AugmentError::Images { got: vec![n, c, h, w], reason });
    }
    let gains: Vec<f64> =
        bands.iter().flat_map(|bands| std::iter::repeat_n(gain(bands), c).flatten()).collect();
    let gains = host::tensor(gains, (n * c, BANDS, 1, 1), images)?;
    let taps: Vec<f64> = bank().concat();
    let pass = |x: &Tensor, sides: [usize; 4], kernel: [usize; 2]| -> ganymede_tensor::Result<Tensor> {
        let weight = host::tensor(taps.clone(), (BANDS, 1, kernel[0], kernel[1]), images)?;
        let parts = conv2d(&pad2d_reflect(x, sides)?, &weight, ConvConfig::default())?;
        parts.broadcast_mul(&gains)?.sum_keepdim(1)
    };
    let x = images.contiguous()?.reshape((n * c, 1, h, w))?;
    let x = pass(&x, [0, 0, MARGIN, MARGIN], [1, TAPS])?;
    let x = pass(&x, [MARGIN, MARGIN, 0, 0], [TAPS, 1])?;
    Ok(x.reshape((n, c, h, w))?)
}

/// The gain of each band when each has been made louder or softer, and the expected power restored after each.
fn gain(bands: &[f64; BANDS]) -> [f64; BANDS] {
    let mut gain = [1.0; BANDS];
    for (band, factor) in bands.iter().enumerate() {
        let mut one = [1.0; BANDS];
        one[band] = *factor;
        let power: f64 = one.iter().zip(EXPECTED_POWER).map(|(x, power)| power * x * x).sum();
        gain.iter_mut().zip(one).for_each(|(gain, x)| *gain *= x / power.sqrt());
    }
    gain
}

/// The filter of each band, the lowest first; their sum is 1 in the middle and 0 elsewhere.
///
/// Band i is what the low-pass filter H(z) lets through i times less often than the band below: beginning with an impulse,
/// every filter is stretched to every second tap and convolved with H(z)H(z⁻¹)/2, and the new band takes what that leaves,
/// H(−z)H(−z⁻¹)/2.
pub(super) fn bank() -> [[f64; TAPS]; BANDS] {
    let low = autocorrelation(&SYM2);
    let mirrored: Vec<f64> = SYM2.iter().zip([1.0, -1.0].iter().cycle()).map(|(x, sign)| x * sign).collect();
    let high = autocorrelation(&mirrored);
    let mut bank = vec![vec![1.0]];
    for _ in 1..BANDS {
        bank = bank.iter().map(|filter| convolved(&stretched(filter), &low)).collect();
        let mut new = vec![0.0; bank[0].len()];
        let from = (new.len() - high.len()) / 2;
        new[from..from + high.len()].copy_from_slice(&high);
        bank.push(new);
    }
    std::array::from_fn(|band| std::array::from_fn(|tap| bank[band][tap]))
}

/// `h(z) h(z⁻¹) / 2`
fn autocorrelation(h: &[f64]) -> Vec<f64> {
    let reversed: Vec<f64> = h.iter().rev().copied().collect();
    convolved(h, &reversed).into_iter().map(|x| x / 2.0).collect()
}

/// A 0 between each tap and the next.
fn stretched(h: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; 2 * h.len() - 1];
    h.iter().enumerate().for_each(|(i, x)| out[2 * i] = *x);
    out
}

fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        b.iter().enumerate().for_each(|(j, y)| out[i + j] += x * y);
    }
    out
}
