//! The gradient of a convolution in its weight: a sum over all pixels of all images.
//!
//! `dw[o][tap][c] = Σ_q dy[o][q]·x[pixel(q) + tap][c]`, where the contraction runs over pixels. `dy`
//! is packed with its pixels outermost. A task takes a few channels of the image and lays them out
//! innermost, with a border of zeros; for one tap the channels of a pixel then lie together, one
//! pixel after the other, and the kernel reads them in place.

use std::ops::Range;

use rayon::prelude::*;

use super::elem::{Elem, Scratch};
use super::few_channels;
use super::geometry::Geometry;
use super::innermost::Innermost;
use super::matrix::Form;
use super::packed::{Columns, Group, Packed, STEPS, multiply};
use super::transpose::transpose;
use super::winograd::{Tile, TiledGradient};

/// Tasks to aim at, for any number of threads: the order of the sums must not depend on it.
const TASKS: usize = 8;

/// Channels of a task.
const CHANNELS: usize = 16;

/// `dw` of `x` and `dy`.
pub(crate) fn weight_gradient<T: Elem>(g: &Geometry, x: &[T], dy: &[T]) -> Vec<T> {
    if g.is_empty() {
        return vec![T::default(); g.weight_len()];
    }
    if let Some(form) = Form::of(g) {
        return form.weight_gradient(g, x, dy);
    }
    let tile = Tile::of_weight_gradient(g);
    let mut dw = vec![T::default(); g.weight_len()];
    for group in 0..g.cfg.groups {
        let len = g.group_out() * g.depth();
        let dw = &mut dw[group * len..][..len];
        if let Some(tile) = tile {
            TiledGradient::new(g, tile, group).run(x, dy, dw);
            continue;
        }
        match few_channels::dots(g) {
            Some(dots) => few_channels::weight_gradient(dots, g, (x, dy), group, dw),
            None => GroupGradient::new(g, x, dy, group).run(dw),
        }
    }
    dw
}

/// Some channels of some images, channels innermost, with a border of zeros.
///
/// Where channels are few, the lines that one output reads are laid into its pixels as channels of
/// their own (`c·kh + i`): what registers read is then one long line instead of `kh` short ones.
#[derive(Clone, Copy)]
struct Pixels {
    channels: usize,
    height: usize,
    width: usize,
    /// Whether a pixel holds all lines of the kernel.
    stacked: bool,
}

impl Pixels {
    /// As many pixels as the kernel reaches: what it does not reach of the image is left out.
    fn new(g: &Geometry, channels: usize, lanes: usize) -> Self {
        let extent = |axis: usize, out: usize, k: usize| {
            (out - 1) * g.cfg.stride[axis] + (k - 1) * g.cfg.dilation[axis] + 1
        };
        let width = extent(1, g.ow, g.kw);
        let line = g.kw * channels;
        let fewer = (g.kh * line).div_ceil(lanes) < g.kh * line.div_ceil(lanes);
        if fewer && channels == g.group_in() && g.cfg.dilation[1] == 1 {
            Self { channels: channels * g.kh, height: g.oh, width, stacked: true }
        } else {
            Self { channels, height: extent(0, g.oh, g.kh), width, stacked: false }
        }
    }

    /// Numbers of one image.
    fn len(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Taps of the kernel that are pixels of their own.
    fn taps(self, g: &Geometry) -> usize {
        if self.stacked { g.kw } else { g.kh * g.kw }
    }

    /// Lays out one image from its planes.
    fn fill<T: Elem>(self, g: &Geometry, planes: &[T], out: &mut [T]) {
        let (size, before) = ([g.h, g.w], g.cfg.padding);
        if !self.stacked {
            let whole = [self.height, self.width];
            return Innermost { channels: self.channels, size, before, whole }.fill(planes, out);
        }
        let left = before[1].min(self.width);
        let columns = g.w.min(self.width - left);
        let line = self.width * self.channels;
        // A line of all channels, which is 0 outside the image.
        let mut flat = Scratch::new(line);
        for (y, out) in out[..self.len()].chunks_exact_mut(line).enumerate() {
            for (row, flat) in flat.chunks_exact_mut(self.width).enumerate() {
                let (channel, below) = (row / g.kh, y * g.cfg.stride[0] + row % g.kh * g.cfg.dilation[0]);
                match below.checked_sub(before[0]).filter(|y| *y < g.h) {
                    Some(y) => {
                        flat[..left].fill(T::default());
                        flat[left..left + columns]
                            .copy_from_slice(&planes[(channel * g.h + y) * g.w..][..columns]);
                        flat[left + columns..].fill(T::default());
                    }
                    None => flat.fill(T::default()),
                }
            }
            transpose(&flat, self.width, self.width, self.channels, out, self.channels);
        }
    }

    /// Where steps of the contraction (pixels of the output of consecutive images) are found.
    fn offsets(self, g: &Geometry, images: usize) -> Vec<usize> {
        let below = if self.stacked { 1 } else { g.cfg.stride[0] };
        let mut offsets = Vec::with_capacity(images * g.pixels());
        for (image, y) in (0..images).flat_map(|image| (0..g.oh).map(move |y| (image, y))) {
            let line = image * self.len() + y * below * self.width * self.channels;
            offsets.extend((0..g.ow).map(|x| line + x * g.cfg.stride[1] * self.channels));
        }
        offsets
    }

    /// The columns of the result, tap after tap, channels innermost.
    fn groups(self, g: &Geometry, lanes: usize) -> Vec<Group> {
        // Taps that are neighbours read neighbouring pixels: one long line of channels.
        let joined = g.cfg.dilation[1] == 1;
        let (lines, len) = if joined { (1, g.kw * self.channels) } else { (g.kw, self.channels) };
        let rows = if self.stacked { 1 } else { g.kh };
        let mut groups = Vec::new();
        for (i, j) in (0..rows).flat_map(|i| (0..lines).map(move |j| (i, j))) {
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
        dw.par_chunks_mut(g.depth()).enumerate().for_each(|(o, dw)| {
            for (dw, sums) in dw.chunks_mut(CHANNELS * g.kh * g.kw).zip(sums.chunks(parts)) {
                let len = dw.len();
                let pixels = Pixels::new(g, len / (g.kh * g.kw), T::microkernel().lanes);
                let (channels, taps) = (pixels.channels, pixels.taps(g));
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
        let pixels = Pixels::new(g, channels.len(), kernel.lanes);
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
