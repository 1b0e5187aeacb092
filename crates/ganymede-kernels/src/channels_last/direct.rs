//! Convolution by its definition, the taps found by pointers.

use super::panels::{Finish, Panels, Rows};
use super::pixels::Pixels;

/// Numbers that the taps of a block of pixels span: a part of the second-level cache, which also holds a panel of weights.
const SPANNED: usize = 64 << 10;

/// A convolution of `kernel` taps.
pub(super) struct Direct {
    weights: Panels,
    kernel: [usize; 2],
    stride: usize,
    padding: [usize; 2],
    /// Whether the taps of a line lie together in every line: nothing is read beyond the left and right edge.
    joined: bool,
}

impl Direct {
    pub(super) fn new(
        [outputs, inputs, high, wide]: [usize; 4],
        stride: usize,
        padding: [usize; 2],
        weight: impl Fn(usize, usize, usize, usize) -> f32,
    ) -> Self {
        // Step after step: line, column, channel.
        let number = |k: usize, o: usize| weight(o, k % inputs, k / inputs / wide, k / inputs % wide);
        let weights = Panels::new(inputs * high * wide, outputs, number);
        Self { weights, kernel: [high, wide], stride, padding, joined: padding[1] == 0 }
    }

    pub(super) fn padded(&self) -> usize {
        self.weights.padded()
    }

    pub(super) fn run(&self, x: &Pixels, out: &mut Pixels, first: usize, finish: Finish) {
        let [n, h, w, c] = x.shape();
        let [_, oh, ow, row_stride] = out.shape();
        let [high, wide] = self.kernel;
        let (across, len) = if self.joined { (1, wide * c) } else { (wide, c) };
        let zeros = vec![0.0f32; len];
        let [down, right] = x.strides();
        let taps: Vec<[usize; 2]> = (0..high).flat_map(|i| (0..across).map(move |j| [i, j])).collect();
        let total = n * oh * ow;
        let step = (SPANNED / c.max(1)).clamp(48, 384) / 48 * 48;
        let mut places = places(n, [oh, ow]);
        let mut block = Vec::with_capacity(step);
        for start in (0..total).step_by(step) {
            let count = step.min(total - start);
            block.clear();
            block.extend(places.by_ref().take(count).map(|[image, y, column]| {
                let image = &x.data()[image * h * down..][..h * down];
                (image, [y, column].map(|at| at * self.stride))
            }));
            let segment = |row: usize, s: usize| {
                let (image, [y, column]) = block[row];
                let inside = |at: usize, axis: usize, size: usize| {
                    (at + taps[s][axis]).checked_sub(self.padding[axis]).filter(|at| *at < size)
                };
                match (inside(y, 0, h), inside(column, 1, w)) {
                    (Some(y), Some(column)) => &image[y * down + column * right..],
                    _ => &zeros[..],
                }
            };
            let rows = Rows::new(count, high * across, len, segment);
            let out = &mut out.data_mut()[start * row_stride + first..];
            self.weights.multiply(&rows, out, row_stride, finish);
        }
    }
}

/// Image, line and column of all pixels in their order; no division a pixel, which would take as long as a short sum.
fn places(images: usize, [high, wide]: [usize; 2]) -> impl Iterator<Item = [usize; 3]> {
    (0..images)
        .flat_map(move |image| (0..high).flat_map(move |y| (0..wide).map(move |column| [image, y, column])))
}
