//! The gradient of a convolution in its weight: a sum over all pixels of all images.
//!
//! `dw[o][tap][c] = Σ_q dy[o][q]·x[pixel(q) + tap][c]`, where the contraction runs over pixels. `dy`
//! is packed with its pixels outermost. A task takes a few channels of the image and lays them out
//! innermost, with a border of zeros; for one tap the channels of a pixel then lie together, one
//! pixel after the other, and the kernel reads them in place.

use std::ops::Range;

use rayon::prelude::*;

use super::conv::Geometry;
use super::elem::{Elem, Scratch};
use super::packed::{Columns, Group, Packed, STEPS, multiply};
use super::transpose::transpose;

/// Tasks to aim at, for any number of threads: the order of the sums must not depend on it.
const TASKS: usize = 8;

/// Channels of a task.
const CHANNELS: usize = 16;

/// `dw` of `x` and `dy`.
pub(crate) fn weight_gradient<T: Elem>(g: &Geometry, x: &[T], dy: &[T]) -> Vec<T> {
    let mut dw = vec![T::default(); g.weight_len()];
    if g.is_empty() {
        return dw;
    }
    for group in 0..g.cfg.groups {
        let len = g.group_out() * g.depth();
        GroupGradient::new(g, x, dy, group).run(&mut dw[group * len..][..len]);
    }
    dw
}

/// Some channels of some images, channels innermost, with a border of zeros.
#[derive(Clone, Copy)]
struct Pixels {
    channels: usize,
    height: usize,
    width: usize,
}

impl Pixels {
    /// As many pixels as the kernel reaches: what it does not reach of the image is left out.
    fn new(g: &Geometry, channels: usize) -> Self {
        let extent = |axis: usize, out: usize, k: usize| {
            (out - 1) * g.cfg.stride[axis] + (k - 1) * g.cfg.dilation[axis] + 1
        };
        Self { channels, height: extent(0, g.oh, g.kh), width: extent(1, g.ow, g.kw) }
    }

    /// Numbers of one image.
    fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Lays out one image from its planes.
    fn fill<T: Elem>(self, g: &Geometry, planes: &[T], out: &mut [T]) {
        let [top, left] = g.cfg.padding;
        let lines = g.h.min(self.height.saturating_sub(top));
        let columns = g.w.min(self.width.saturating_sub(left));
        let line = self.width * self.channels;
        let (above, rest) = out[..self.len()].split_at_mut(top.min(self.height) * line);
        let (inside, below) = rest.split_at_mut(lines * line);
        above.fill(T::default());
        below.fill(T::default());
        for (y, out) in inside.chunks_exact_mut(line).enumerate() {
            let (before, rest) = out.split_at_mut(left.min(self.width) * self.channels);
            let (middle, after) = rest.split_at_mut(columns * self.channels);
            before.fill(T::default());
            after.fill(T::default());
            transpose(&planes[y * g.w..], g.h * g.w, columns, self.channels, middle, self.channels);
        }
    }

    /// Where steps of the contraction (pixels of the output of consecutive images) are found.
    fn offsets(self, g: &Geometry, images: usize) -> Vec<usize> {
        let mut offsets = Vec::with_capacity(images * g.pixels());
        for (image, y) in (0..images).flat_map(|image| (0..g.oh).map(move |y| (image, y))) {
            let line = image * self.len() + y * g.cfg.stride[0] * self.width * self.channels;
            offsets.extend((0..g.ow).map(|x| line + x * g.cfg.stride[1] * self.channels));
        }
        offsets
    }

    /// The columns of the result, tap after tap, channels innermost.
    fn groups(self, g: &Geometry, lanes: usize) -> Vec<Group> {
        // Taps that are neighbours read neighbouring pixels: one long line of channels.
        let joined = g.cfg.dilation[1] == 1;
        let (lines, len) = if joined { (1, g.kw * self.channels) } else { (g.kw, self.channels) };
        let mut groups = Vec::new();
        for (i, j) in (0..g.kh).flat_map(|i| (0..lines).map(move |j| (i, j))) {
            let from = (i * g.cfg.dilation[0] * self.width + j * g.cfg.dilation[1]) * self.channels;
            let to = (i * g.kw + j) * self.channels;
            groups.extend((0..len).step_by(lanes).map(|c| Group {
                from: from + c,
                to: to + c,
                len: lanes.min(len - c),
            }));
        }
        groups
    }
}

struct GroupGradient<'a, T: Elem> {
    g: &'a Geometry,
    x: &'a [T],
    group: usize,
    /// `dy` of the group: rows are output channels, steps are pixels of all images.
    dy: Packed<T>,
}

impl<'a, T: Elem> GroupGradient<'a, T> {
    fn new(g: &'a Geometry, x: &'a [T], dy: &[T], group: usize) -> Self {
        let pixels = g.pixels();
        let dy = Packed::by_panel(T::microkernel(), g.group_out(), g.n * pixels, |rows, panel| {
            for (image, panel) in
                dy.chunks_exact(g.output_len()).zip(panel.chunks_exact_mut(rows.len() * pixels))
            {
                let from = &image[(group * g.group_out() + rows.start) * pixels..];
                transpose(from, pixels, pixels, rows.len(), panel, rows.len());
            }
        });
        Self { g, x, group, dy }
    }

    fn run(&self, dw: &mut [T]) {
        let g = self.g;
        let blocks = g.group_in().div_ceil(CHANNELS);
        let parts = TASKS.div_ceil(blocks).min(g.n);
        let images = g.n.div_ceil(parts);
        let parts = g.n.div_ceil(images);
        let sums: Vec<Scratch<T>> = (0..blocks * parts)
            .into_par_iter()
            .map(|task| {
                let (block, part) = (task / parts, task % parts);
                let first = block * CHANNELS;
                let channels = first..(first + CHANNELS).min(g.group_in());
                self.part(channels, part * images..((part + 1) * images).min(g.n))
            })
            .collect();
        let taps = g.kh * g.kw;
        dw.par_chunks_mut(g.depth()).enumerate().for_each(|(o, dw)| {
            for (dw, sums) in dw.chunks_mut(CHANNELS * taps).zip(sums.chunks(parts)) {
                let (len, channels) = (dw.len(), dw.len() / taps);
                let mut total = Scratch::new(len);
                total.copy_from_slice(&sums[0][o * len..][..len]);
                for sum in &sums[1..] {
                    total.iter_mut().zip(&sum[o * len..][..len]).for_each(|(t, s)| *t += *s);
                }
                transpose(&total, channels, channels, taps, dw, taps);
            }
        });
    }

    /// The sum over some images, for some channels: `(O, taps, channels)`.
    fn part(&self, channels: Range<usize>, images: Range<usize>) -> Scratch<T> {
        let (g, kernel) = (self.g, T::microkernel());
        let pixels = Pixels::new(g, channels.len());
        let (rows, columns) = (g.group_out(), g.kh * g.kw * channels.len());
        let groups = pixels.groups(g, kernel.lanes);
        let width = kernel.groups(kernel.rows.min(rows));
        // Images small enough that one is not worth a product come several at a time.
        let at_once = STEPS.div_ceil(g.pixels()).min(images.len());
        let offsets = pixels.offsets(g, at_once);
        let mut sum = Scratch::new(rows * columns);
        // The kernel reads whole registers: some numbers more than there are channels.
        let mut room = Scratch::new(at_once * pixels.len() + kernel.lanes);
        for first in images.clone().step_by(at_once) {
            let count = at_once.min(images.end - first);
            for (n, room) in (first..first + count).zip(room.chunks_exact_mut(pixels.len())) {
                let from = (self.group * g.group_in() + channels.start) * g.h * g.w;
                pixels.fill(g, &self.x[n * g.image_len() + from..], room);
            }
            for start in (0..count * g.pixels()).step_by(STEPS) {
                let own = start..(start + STEPS).min(count * g.pixels());
                let steps = first * g.pixels() + own.start..first * g.pixels() + own.end;
                let accumulate = steps.start > images.start * g.pixels();
                // A tile of columns at a time: it stays in the first-level cache for all rows.
                for groups in groups.chunks(width) {
                    let b = Columns { source: &room, offsets: &offsets[own.clone()], groups };
                    let a = (&self.dy, 0..rows, steps.clone());
                    multiply(kernel, a, &b, (&mut sum, columns), accumulate);
                }
            }
        }
        sum
    }
}
