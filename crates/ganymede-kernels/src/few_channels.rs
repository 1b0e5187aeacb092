//! The gradient of a convolution in its weight where the image has few channels: dot products of lines.
//!
//! `dw[o][c, i, j] = Σ dy[o][y, x]·image[c][y·s + i·d, x·s + j·d]` over all images and pixels. In the
//! bordered copy of the image that is sorted by phase both factors are contiguous along `x`: nothing
//! has to be transposed, which costs more than the product where each number is used this seldom.

use std::ops::Range;

use rayon::prelude::*;

use super::dots::{Dots, LEFT, Lines, RIGHT};
use super::elem::{Elem, Scratch};
use super::gather::Border;
use super::geometry::Geometry;

/// Parts that the images are split into, for any number of threads: the order of the sums must not
/// depend on it.
const PARTS: usize = 8;

/// Numbers of `dy` that are gone through at a time: a part of a second-level cache.
const BLOCK: usize = 1 << 15;

/// Length of a line below which this does not pay.
/// See "Constants of kernels" in `docs/performance.md`.
const LONG: usize = 16;

/// What computes the sums, where there are few numbers of the weight for each output, and lines are long.
pub(super) fn dots<T: Elem>(g: &Geometry) -> Option<Dots<T>> {
    T::dots().filter(|_| g.depth() <= 64 && g.ow >= LONG)
}

/// Adds `dw` of one group to `dw`.
pub(super) fn weight_gradient<T: Elem>(
    dots: Dots<T>,
    g: &Geometry,
    (x, dy): (&[T], &[T]),
    group: usize,
    dw: &mut [T],
) {
    let images = g.n.div_ceil(PARTS);
    let plan = Plan::new(g, group);
    let parts: Vec<Scratch<T>> = (0..g.n.div_ceil(images))
        .into_par_iter()
        .map(|part| plan.sum(dots, (x, dy), part * images..((part + 1) * images).min(g.n)))
        .collect();
    for part in &parts {
        dw.iter_mut().zip(part.iter()).for_each(|(dw, sum)| *dw += *sum);
    }
}

struct Plan<'a> {
    g: &'a Geometry,
    group: usize,
    border: Border,
    /// Where each number of the weight begins to read.
    offsets: Vec<usize>,
}

impl<'a> Plan<'a> {
    fn new(g: &'a Geometry, group: usize) -> Self {
        let gather = g.gather();
        let border = Border::around(gather.size, std::slice::from_ref(&gather), gather.stride);
        let offsets = gather.row_offsets(&border);
        Self { g, group, border, offsets }
    }

    /// The sum over some images.
    fn sum<T: Elem>(&self, dots: Dots<T>, (x, dy): (&[T], &[T]), images: Range<usize>) -> Scratch<T> {
        let g = self.g;
        let (channels, outputs) = (g.group_in(), g.group_out());
        let mut room = Scratch::new(channels * self.border.plane());
        let mut sums = Scratch::new(outputs * g.depth());
        sums.fill(T::default());
        let lines = (BLOCK / (outputs * g.ow)).max(1);
        for n in images {
            let image = &x[n * g.image_len() + self.group * channels * g.h * g.w..][..channels * g.h * g.w];
            self.border.pad([g.h, g.w], std::iter::once(image), channels, &mut room);
            let dy = &dy[n * g.output_len() + self.group * outputs * g.pixels()..];
            for first in (0..g.oh).step_by(lines) {
                let lines = first..(first + lines).min(g.oh);
                for o in (0..outputs).step_by(LEFT) {
                    for k in (0..g.depth()).step_by(RIGHT) {
                        self.tile(dots, (&room, dy), lines.clone(), (o, k), &mut sums);
                    }
                }
            }
        }
        sums
    }

    /// Adds what some lines give to a tile of the sums. A tile that reaches beyond them computes its
    /// last output or number more than once.
    #[allow(unsafe_code)]
    fn tile<T: Elem>(
        &self,
        dots: Dots<T>,
        (room, dy): (&[T], &[T]),
        lines: Range<usize>,
        (o, k): (usize, usize),
        sums: &mut [T],
    ) {
        let g = self.g;
        let (outputs, depth, pitch) = (g.group_out(), g.depth(), self.border.pitch());
        let (first, last) = (lines.start, lines.end - 1);
        let left = |r: usize| {
            let plane = &dy[(o + r).min(outputs - 1) * g.pixels()..];
            plane[first * g.ow..(last + 1) * g.ow].as_ptr()
        };
        let right = |c: usize| {
            let from = self.offsets[(k + c).min(depth - 1)];
            room[from + first * pitch..from + last * pitch + g.ow].as_ptr()
        };
        let tile = Lines {
            left: std::array::from_fn(left),
            right: std::array::from_fn(right),
            left_pitch: g.ow,
            right_pitch: pitch,
            lines: lines.len(),
            len: g.ow,
        };
        // SAFETY: the slices above end where the last line does; the function came from the processor's
        // own list.
        let tile = unsafe { dots(&tile) };
        for (r, row) in tile.iter().enumerate().take(outputs - o) {
            let to = &mut sums[(o + r) * depth + k..(o + r + 1) * depth];
            to.iter_mut().zip(row).for_each(|(to, sum)| *to += *sum);
        }
    }
}
