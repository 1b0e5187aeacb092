//! The gradient in the weight through tiles.
//!
//! `dw = Gᵀ (Σ (A dy Aᵀ) ⊙ (Bᵀ x B)) G`: at each position of a transformed tile it is a product of matrices whose
//! contraction runs over the tiles of all images, with as few multiplications as the forward product. Channels lie
//! innermost on both sides, so that transforms fill registers whatever the size of the images, and products read
//! what they wrote. Images are taken a few at a time, in the order of the batch: the order of the sums depends on
//! sizes alone.

use std::ops::Range;

use rayon::prelude::*;

use super::shape::Tile;
use super::transforms::{load, source, spread, store, taps};
use crate::elem::{Elem, Scratch};
use crate::geometry::Geometry;
use crate::innermost::Innermost;
use crate::lanes::LANES;
use crate::microkernel::Microkernel;
use crate::packed::{Columns, Group, Packed, STEPS, multiply};
use crate::simd::vectorised;

/// Tiles of the images that are taken at a time, about: fewer make the sums be read too often, more leave the cache.
const TILES: usize = 128;

/// Lanes that rows of a panel are transformed in: none has more.
const ROWS: usize = 8;

/// Tiles of a position that are left empty: the last register of a panel reaches into them, and positions a power of
/// two apart would share cache lines.
const GAP: usize = ROWS;

/// Numbers of the sums that a task computes at all positions of a phase, about: they are to stay in a second-level
/// cache.
const SUMS: usize = 128 << 10;

/// Tasks to aim at, for any number of threads, where rows suffice.
const TASKS: usize = 8;

/// The gradient of one group.
pub(crate) struct TiledGradient<'a, T: Elem> {
    kernel: &'a Microkernel<T>,
    g: &'a Geometry,
    tile: Tile,
    group: usize,
    /// Tiles of an image on each axis.
    tiles: [usize; 2],
    /// Images that are taken at a time.
    images: usize,
    /// Output channels of a task.
    outputs: usize,
    /// Blocks of [`LANES`] channels of a task.
    blocks: usize,
    /// Where the tiles of a position lie.
    offsets: Vec<usize>,
}

/// What a task computes: some rows and columns of the gradient.
struct Part<'a, T> {
    outputs: Range<usize>,
    /// Blocks of channels.
    blocks: Range<usize>,
    /// For each of the outputs, its numbers of these channels.
    dw: Vec<&'a mut [T]>,
    /// The sums so far, for each phase; nothing where all images are taken at once.
    sums: &'a mut [T],
}

impl<'a, T: Elem> TiledGradient<'a, T> {
    pub(crate) fn new(g: &'a Geometry, tile: Tile, group: usize) -> Self {
        let kernel = T::microkernel();
        let tiles = [g.oh, g.ow].map(|n| n.div_ceil(tile.results()));
        let images = TILES.div_ceil(tiles[0] * tiles[1]).min(g.n);
        let all = g.group_in().div_ceil(LANES);
        let columns = all.div_ceil((kernel.cols() / LANES).max(1));
        let blocks = all.div_ceil(columns);
        let outputs = SUMS / (tile.positions() * blocks * LANES);
        let outputs = outputs.min((g.group_out() * columns).div_ceil(TASKS)).next_multiple_of(kernel.rows);
        Self {
            kernel,
            g,
            tile,
            group,
            tiles,
            images,
            outputs,
            blocks,
            offsets: (0..STEPS).map(|k| k * LANES).collect(),
        }
    }

    /// Writes the gradient of the group to `dw`.
    pub(crate) fn run(&self, x: &[T], dy: &[T], dw: &mut [T]) {
        let g = self.g;
        let tasks = g.group_out().div_ceil(self.outputs) * g.group_in().div_ceil(self.width());
        let of_part = self.phases() * self.tile.positions() * self.of_position();
        let mut sums = Scratch::new(if self.images < g.n { tasks * of_part } else { 0 });
        let mut parts = self.parts(dw, sums.chunks_exact_mut(of_part));
        for first in (0..g.n).step_by(self.images) {
            let images = first..(first + self.images).min(g.n);
            let (x, dy) = rayon::join(|| self.columns(x, images.clone()), || self.rows(dy, images.clone()));
            parts.par_iter_mut().for_each(|part| self.part(part, &x, &dy, images.clone()));
        }
    }

    /// Splits the gradient into tasks.
    fn parts<'b>(&self, dw: &'b mut [T], mut sums: impl Iterator<Item = &'b mut [T]>) -> Vec<Part<'b, T>> {
        let g = self.g;
        let of_columns = self.width() * g.kh * g.kw;
        let mut parts = Vec::new();
        for (first, dw) in (0..).step_by(self.outputs).zip(dw.chunks_mut(self.outputs * g.depth())) {
            let outputs = first..first + dw.len() / g.depth();
            let mut columns: Vec<Vec<&mut [T]>> = Vec::new();
            columns.resize_with(g.depth().div_ceil(of_columns), Vec::new);
            for row in dw.chunks_exact_mut(g.depth()) {
                columns.iter_mut().zip(row.chunks_mut(of_columns)).for_each(|(all, part)| all.push(part));
            }
            parts.extend(columns.into_iter().enumerate().map(|(i, dw)| Part {
                outputs: outputs.clone(),
                blocks: i * self.blocks..((i + 1) * self.blocks).min(g.group_in().div_ceil(LANES)),
                dw,
                sums: sums.next().unwrap_or_default(),
            }));
        }
        parts
    }

    /// Adds what some images give to a part, and writes it after the last of them.
    fn part(&self, part: &mut Part<T>, columns: &[T], rows: &Packed<T>, images: Range<usize>) {
        let (positions, lanes) = (self.tile.positions(), self.kernel.lanes);
        let of_phase = positions * self.of_position();
        let mut own = Scratch::new(if part.sums.is_empty() { of_phase } else { 0 });
        for phase in 0..self.phases() {
            let sums = match &mut part.sums {
                [] => &mut own[..],
                kept => &mut kept[phase * of_phase..][..of_phase],
            };
            let first = part.blocks.start;
            let group = |block: usize, lane: usize| Group {
                from: (block * self.phases() + phase) * positions * self.pitch() * LANES + lane,
                to: (block - first) * LANES + lane,
                len: lanes,
            };
            let groups: Vec<Group> = (part.blocks.clone())
                .flat_map(|block| (0..LANES).step_by(lanes).map(move |lane| group(block, lane)))
                .collect();
            for (position, sum) in sums.chunks_exact_mut(self.of_position()).enumerate() {
                let (rows, columns) = ((rows, part.outputs.clone()), (columns, &groups[..]));
                self.multiply(position, rows, columns, images.clone(), sum);
            }
            if images.end == self.g.n {
                self.write(sums, phase, &mut part.dw);
            }
        }
    }

    /// Sums of a task at a position, and a gap for the same reason.
    fn of_position(&self) -> usize {
        self.outputs * self.width() + LANES
    }

    /// Columns of a task's products.
    fn width(&self) -> usize {
        self.blocks * LANES
    }

    /// Phases of the stride.
    fn phases(&self) -> usize {
        self.g.cfg.stride[0] * self.g.cfg.stride[1]
    }

    /// Steps of the contraction from one position to the next.
    fn pitch(&self) -> usize {
        self.images * self.tiles[0] * self.tiles[1] + GAP
    }

    /// Where the tiles of an image begin in a layout, pixels of neighbouring tiles being `apart`.
    fn origins(&self, layout: &Innermost, apart: usize) -> Vec<usize> {
        let [high, wide] = self.tiles;
        let at = |y: usize, x: usize| y * apart * layout.line() + x * apart * layout.channels;
        (0..high).flat_map(|y| (0..wide).map(move |x| at(y, x))).collect()
    }

    /// `A dy Aᵀ` of some images: rows are output channels; for each position, steps are tiles.
    fn rows(&self, dy: &[T], images: Range<usize>) -> Packed<T> {
        let (g, tile, pitch) = (self.g, self.tile, self.pitch());
        let size = tile.results();
        Packed::by_panel(self.kernel, g.group_out(), tile.positions() * pitch, |rows, panel| {
            let height = rows.len();
            let layout = Innermost {
                channels: height,
                size: [g.oh, g.ow],
                before: [0, 0],
                whole: self.tiles.map(|n| n * size),
            };
            let places: Vec<usize> =
                (0..size * size).map(|k| k / size * layout.line() + k % size * height).collect();
            let origins = self.origins(&layout, size);
            let mut room = Scratch::new(layout.len() + ROWS);
            for (i, n) in images.clone().enumerate() {
                let from = n * g.output_len() + (self.group * g.group_out() + rows.start) * g.pixels();
                vectorised(
                    #[inline(always)]
                    || {
                        layout.fill(&dy[from..], &mut room);
                        // Registers reach into the next tile's place, which is written later, or into the gap.
                        for (t, origin) in (i * origins.len()..).zip(&origins) {
                            let room = &room[*origin..];
                            spread(
                                tile,
                                #[inline(always)]
                                |k| load::<T, ROWS>(&room[places[k]..]),
                                #[inline(always)]
                                |p, v| store(&mut panel[(p * pitch + t) * height..], v),
                            );
                        }
                    },
                );
            }
        })
    }

    /// `Bᵀ x B` of some images: for each block of columns, for each position, the tiles.
    fn columns(&self, x: &[T], images: Range<usize>) -> Scratch<T> {
        let (g, tile, pitch, phases) = (self.g, self.tile, self.pitch(), self.phases());
        let (side, stride) = (tile.side(), g.cfg.stride[0]);
        let of_block = tile.positions() * pitch * LANES;
        let mut out = Scratch::new(g.group_in().div_ceil(LANES) * phases * of_block);
        out.par_chunks_mut(phases * of_block).enumerate().for_each(|(block, out)| {
            let first = block * LANES;
            let layout = Innermost {
                channels: LANES.min(g.group_in() - first),
                size: [g.h, g.w],
                before: g.cfg.padding,
                whole: self.tiles.map(|n| (n * tile.results() + tile.taps() - 1) * stride),
            };
            let place = |y: usize, x: usize| y * layout.line() + x * layout.channels;
            let places: Vec<usize> = (0..phases)
                .flat_map(|phase| (0..side * side).map(move |k| (phase, k)))
                .map(|(phase, k)| {
                    place(k / side * stride + phase / stride, k % side * stride + phase % stride)
                })
                .collect();
            let origins = self.origins(&layout, tile.results() * stride);
            let mut room = Scratch::new(layout.len() + LANES);
            for (i, n) in images.clone().enumerate() {
                let from = n * g.image_len() + (self.group * g.group_in() + first) * g.h * g.w;
                vectorised(
                    #[inline(always)]
                    || {
                        layout.fill(&x[from..], &mut room);
                        let parts = out.chunks_exact_mut(of_block).zip(places.chunks_exact(side * side));
                        for (out, places) in parts {
                            for (t, origin) in (i * origins.len()..).zip(&origins) {
                                let room = &room[*origin..];
                                source(
                                    tile,
                                    #[inline(always)]
                                    |k| load::<T, LANES>(&room[places[k]..]),
                                    #[inline(always)]
                                    |p, v| store(&mut out[(p * pitch + t) * LANES..], v),
                                );
                            }
                        }
                    },
                );
            }
        });
        out
    }

    /// Adds what some images give to the sums of a position, or begins them.
    fn multiply(
        &self,
        position: usize,
        (rows, outputs): (&Packed<T>, Range<usize>),
        (columns, groups): (&[T], &[Group]),
        images: Range<usize>,
        sum: &mut [T],
    ) {
        let first = position * self.pitch();
        let end = first + images.len() * self.tiles[0] * self.tiles[1];
        for start in (first..end).step_by(STEPS) {
            let steps = start..(start + STEPS).min(end);
            let b =
                Columns { source: &columns[start * LANES..], offsets: &self.offsets[..steps.len()], groups };
            let accumulate = images.start > 0 || start > first;
            multiply(self.kernel, (rows, outputs.clone(), steps), &b, (sum, self.width()), accumulate);
        }
    }

    /// Writes `Gᵀ u G` of the sums of a phase: taps of all rows of `dw`.
    fn write(&self, sums: &[T], phase: usize, dw: &mut [&mut [T]]) {
        let (g, tile, width) = (self.g, self.tile, self.width());
        let (stride, size) = (g.cfg.stride[0], tile.taps());
        let of_position = self.of_position();
        // Where the taps lie in a kernel.
        let tap = |t: usize| (t / size * stride + phase / stride) * g.kw + t % size * stride + phase % stride;
        let places: Vec<usize> = (0..size * size).map(tap).collect();
        let mut room = [[T::default(); LANES]; 9];
        for (o, dw) in dw.iter_mut().enumerate() {
            for (block, dw) in dw.chunks_mut(LANES * g.kh * g.kw).enumerate() {
                let sums = &sums[o * width + block * LANES..];
                vectorised(
                    #[inline(always)]
                    || {
                        taps(
                            tile,
                            #[inline(always)]
                            |p| load(&sums[p * of_position..]),
                            #[inline(always)]
                            |t, v| room[t] = v,
                        )
                    },
                );
                for (channel, kernel) in dw.chunks_exact_mut(g.kh * g.kw).enumerate() {
                    places.iter().zip(&room).for_each(|(place, numbers)| kernel[*place] = numbers[channel]);
                }
            }
        }
    }
}
