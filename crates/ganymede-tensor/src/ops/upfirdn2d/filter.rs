//! The filters of resampling.

use std::sync::Arc;

use candle_core::{Result, bail};
use ganymede_kernels::upfirdn::Taps;

/// Taps an axis, at most: more than any filter in use has, few enough that nothing overflows.
const LONGEST: usize = 1024;

/// A finite impulse response filter for images, a constant: its taps add up to 1. A clone shares them.
///
/// StyleGAN's is `Filter::separable(&[1.0, 3.0, 3.0, 1.0])`. What its code makes by `setup_filter` is the same
/// (there in f32, and an outer product for fewer than eight taps).
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    taps: Arc<Taps>,
}

impl Filter {
    /// The outer product of the taps with themselves: the same filter down and across.
    ///
    /// ```
    /// let filter = ganymede_tensor::Filter::separable(&[1.0, 3.0, 3.0, 1.0])?;
    /// assert_eq!(filter.size(), [4, 4]);
    /// # Ok::<(), ganymede_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// There are no taps or more than 1,024, or their sum is not a finite number other than 0.
    pub fn separable(taps: &[f64]) -> Result<Self> {
        let taps = normalised(taps, [taps.len(), 1])?;
        Ok(Self { taps: Arc::new(Taps::Separable([taps.clone(), taps])) })
    }

    /// Taps row by row; `size` is `[width, height]`.
    ///
    /// # Errors
    /// As [`separable`](Self::separable), on either axis; the number of taps is not the product of the sides.
    pub fn full(taps: &[f64], [width, height]: [usize; 2]) -> Result<Self> {
        Ok(Self { taps: Arc::new(Taps::Full(normalised(taps, [width, height])?, [height, width])) })
    }

    /// The filter that changes nothing.
    pub fn identity() -> Self {
        Self { taps: Arc::new(Taps::Separable([vec![1.0], vec![1.0]])) }
    }

    /// Taps across and down: `[width, height]`, the order of [`UpFirDn`](crate::UpFirDn).
    pub fn size(&self) -> [usize; 2] {
        let [height, width] = self.taps.size();
        [width, height]
    }

    /// The taps as they lie on the pixels, times `gain`: reversed, unless the filter is flipped already.
    pub(super) fn on_pixels(&self, flip: bool, gain: f64) -> Taps {
        let taps = if flip { (*self.taps).clone() } else { self.taps.reversed() };
        let scaled = |taps: Vec<f64>| taps.into_iter().map(|t| t * gain).collect();
        match taps {
            Taps::Separable([down, across]) => Taps::Separable([scaled(down), across]),
            Taps::Full(taps, size) => Taps::Full(scaled(taps), size),
        }
    }
}

fn normalised(taps: &[f64], [width, height]: [usize; 2]) -> Result<Vec<f64>> {
    let sides = 1..=LONGEST;
    if !sides.contains(&width) || !sides.contains(&height) || taps.len() != width * height {
        bail!("filter: {} taps for {width} × {height}; 1 to {LONGEST} an axis are possible", taps.len())
    }
    let sum: f64 = taps.iter().sum();
    if !sum.is_finite() || sum == 0.0 {
        bail!("filter: the taps {taps:?} add up to {sum}, and cannot be scaled to add up to 1")
    }
    Ok(taps.iter().map(|t| t / sum).collect())
}
