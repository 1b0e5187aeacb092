//! How images are resampled.

use candle_core::{Result, Tensor, bail};
use ganymede_kernels::Axis;
use ganymede_kernels::upfirdn::Taps;

use super::filter::Filter;

/// Factors and paddings, at most: no size that a machine could hold is kept out, and nothing overflows.
const LARGEST_FACTOR: usize = 1 << 10;
const LARGEST_PADDING: isize = 1 << 20;

/// The steps of [`upfirdn2d`](crate::upfirdn2d). As in StyleGAN's code x (columns) comes before y (rows).
#[derive(Clone, Debug, PartialEq)]
pub struct UpFirDn {
    /// The filter.
    pub filter: Filter,
    /// Every pixel is followed by `up − 1` zeros, `[x, y]`; 1 to 1,024.
    pub up: [usize; 2],
    /// Every `down`-th pixel is kept, from the first on, `[x, y]`; 1 to 1,024.
    pub down: [usize; 2],
    /// Zeros around the image with its inserted zeros: before and after on x, before and after on y. Where one is
    /// negative, so many pixels are taken off. At most 2²⁰ either way.
    pub padding: [isize; 4],
    /// Correlation in place of convolution: the filter is not turned by 180°.
    pub flip: bool,
    /// Factor of the result.
    pub gain: f64,
}

impl UpFirDn {
    fn with_padding(filter: &Filter, pads: impl Fn(isize) -> [isize; 2]) -> Self {
        let [[x0, x1], [y0, y1]] = filter.size().map(|taps| pads(taps as isize));
        let padding = [x0, x1, y0, y1];
        Self { filter: filter.clone(), up: [1; 2], down: [1; 2], padding, flip: false, gain: 1.0 }
    }

    /// The filter alone, with a result of the size of the image: `filter2d` in StyleGAN's code.
    pub fn filtering(filter: &Filter) -> Self {
        Self::with_padding(filter, |taps| [taps / 2, (taps - 1) / 2])
    }

    /// To `factor` times the size, with the gain that keeps a constant image what it is: `upsample2d` there.
    pub fn upsampling(filter: &Filter, factor: usize) -> Self {
        let by = signed(factor);
        let padded = Self::with_padding(filter, |taps| [(taps + by - 1) / 2, (taps - by).div_euclid(2)]);
        Self { up: [factor; 2], gain: factor as f64 * factor as f64, ..padded }
    }

    /// To the size divided by `factor`: `downsample2d` there.
    pub fn downsampling(filter: &Filter, factor: usize) -> Self {
        let by = signed(factor);
        let pads = |taps: isize| [(taps - by + 1).div_euclid(2), (taps - by).div_euclid(2)];
        Self { down: [factor; 2], ..Self::with_padding(filter, pads) }
    }

    /// With so much more padding, which may be negative: what the functions there take as `padding`.
    #[must_use]
    pub fn padded(mut self, by: [isize; 4]) -> Self {
        self.padding.iter_mut().zip(by).for_each(|(padding, by)| *padding = padding.saturating_add(by));
        self
    }

    /// The axes of rows and columns, and the taps as they lie on the pixels.
    pub(in crate::ops) fn plan(&self, x: &Tensor) -> Result<([Axis; 2], Taps)> {
        let (_, _, height, width) = x.dims4()?;
        if !self.gain.is_finite() {
            bail!("upfirdn2d: the gain {} is not finite", self.gain)
        }
        let [taps_x, taps_y] = self.filter.size();
        let [x0, x1, y0, y1] = self.padding;
        let columns = self.axis(0, width, taps_x, [x0, x1])?;
        let rows = self.axis(1, height, taps_y, [y0, y1])?;
        Ok(([rows, columns], self.filter.on_pixels(self.flip, self.gain)))
    }

    fn axis(&self, axis: usize, len: usize, taps: usize, [before, after]: [isize; 2]) -> Result<Axis> {
        let (up, down) = (self.up[axis], self.down[axis]);
        let factors = 1..=LARGEST_FACTOR;
        let paddings = -LARGEST_PADDING..=LARGEST_PADDING;
        if !factors.contains(&up) || !factors.contains(&down) {
            bail!("upfirdn2d: factors up {up} and down {down}; 1 to {LARGEST_FACTOR} are possible")
        }
        if !paddings.contains(&before) || !paddings.contains(&after) {
            bail!("upfirdn2d: padding {before} and {after}; at most {LARGEST_PADDING} is possible")
        }
        let padded = (len * up) as isize + before + after;
        if len == 0 || padded < taps as isize {
            bail!(
                "upfirdn2d: {len} pixels, {up} times as many with padding {before} and {after}, are fewer than the \
                 {taps} taps of the filter"
            )
        }
        Ok(Axis { len, out: (padded as usize - taps) / down + 1, up, down, before })
    }
}

/// A factor to compute with; beyond the largest one it does not matter, for it is refused.
fn signed(factor: usize) -> isize {
    factor.min(LARGEST_FACTOR + 1) as isize
}
