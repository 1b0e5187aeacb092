//! Convolution with fewer multiplications (Winograd's minimal filtering; Lavin and Gray, 2016,
//! arXiv:1509.09308, sections 4.1 and 4.2).
//!
//! M by M results of a kernel of R by R taps need (M + R − 1)² multiplications instead of M²·R²: 2 by 2 results of 3 taps
//! 2.25 times fewer, of 2 taps 1.78 times; 4 by 4 results 4 and 2.56 times. Each is a product of matrices over channels,
//! for one of the (M + R − 1)² positions of a transformed tile. A convolution with stride 2 and 4 taps is the sum of four
//! with 2 taps, one for each phase of the image, and counts as four times the channels. With 2 by 2 results the transforms
//! have coefficients 0, ±1 and ½ only, so little accuracy is lost; with 4 by 4 errors are some four times as large.

pub(crate) mod lines;
mod shape;
#[cfg(test)]
mod tests;
pub(crate) mod transforms;
mod weight_gradient;

use std::ops::Range;

use super::batched_lanes;
use super::elem::{Elem, Scratch};
use super::gather::{Border, Gather};
use super::implicit::WeightView;
use super::lanes::LANES;
use super::microkernel::Microkernel;
use super::packed::{Columns, Group, Packed, STEPS, multiply};
use super::target::Target;
use crate::simd::vectorised;
pub(crate) use shape::{Shape, Tile};
use transforms::{load, results, source, store, weight};
pub(crate) use weight_gradient::TiledGradient;

/// Numbers of products that a task holds between the multiplication and the output transform, about.
const PRODUCTS: usize = 128 << 10;

/// Rows of the products that a task holds, at least.
const ROWS: usize = 48;

/// The most rows of a panel.
const ROWS_OF_PANEL: usize = 8;

/// Steps of a position that are left empty: the last register of a panel reaches into them, and positions a power of two
/// apart would share cache lines.
const GAP: usize = ROWS_OF_PANEL;

/// One product by tiles.
pub(crate) struct Winograd<'a, T: Elem> {
    kernel: &'a Microkernel<T>,
    shape: Shape,
    grid: [usize; 2],
    target: Target,
    /// For each position, for each channel and phase: `(rows, positions · channels)`.
    weight: Packed<T>,
    channels: usize,
    /// Where a tile's numbers lie, for each phase, line by line.
    places: Vec<usize>,
    plane: usize,
    source_channels: usize,
    /// Tiles between two lines of tiles, the border's included.
    pitch: usize,
    /// Images that lie side by side, so that each number above counts for as many.
    batched: usize,
}

/// Columns of consecutive tiles, read and written in one go.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The image, or the first of those side by side.
    image: usize,
    /// The line of tiles that it begins on, and the columns before it there.
    line: usize,
    at: usize,
    len: usize,
}

impl<'a, T: Elem> Winograd<'a, T> {
    pub(crate) fn new(
        kernel: &'a Microkernel<T>,
        shape: Shape,
        (gather, border): (&Gather, &Border),
        view: &WeightView<T>,
        target: Target,
        batched: usize,
    ) -> Self {
        let Shape { tile, stride, first, .. } = shape;
        let at = |axis: usize, phase: usize, i: usize| {
            (border.before(axis) as isize + first[axis]) as usize + phase + i * stride
        };
        let phases = || (0..stride).flat_map(move |a| (0..stride).map(move |b| [a, b]));
        let side = tile.side();
        let places: Vec<usize> = phases()
            .flat_map(|[a, b]| (0..side * side).map(move |p| [at(0, a, p / side), at(1, b, p % side)]))
            .map(|[y, x]| border.place(y, x) * batched)
            .collect();
        let channels = gather.channels * stride * stride;
        let weight = Self::transformed_weight(kernel, shape, gather.channels, view);
        Self {
            kernel,
            shape,
            grid: gather.grid,
            target,
            weight,
            channels,
            places,
            plane: border.plane() * batched,
            source_channels: gather.channels,
            pitch: border.pitch() * batched,
            batched,
        }
    }

    fn transformed_weight(
        kernel: &Microkernel<T>,
        shape: Shape,
        channels: usize,
        view: &WeightView<T>,
    ) -> Packed<T> {
        let Shape { tile, stride, descending, .. } = shape;
        let taps = tile.taps();
        let across = taps * stride;
        let all = channels * stride * stride;
        // Where tap `i` of phase `a`, in ascending order, lies in the view's list.
        let place = |axis: usize, a: usize, i: usize| {
            let ascending = a + i * stride;
            if descending[axis] { across - 1 - ascending } else { ascending }
        };
        let places: Vec<usize> = (0..stride * stride)
            .flat_map(|phase| (0..taps * taps).map(move |t| (phase, t)))
            .map(|(phase, t)| {
                view.taps[place(0, phase / stride, t / taps) * across + place(1, phase % stride, t % taps)]
            })
            .collect();
        Packed::by_panel(kernel, view.rows, tile.positions() * (all + GAP), |rows, panel| {
            let height = rows.len();
            vectorised(
                #[inline(always)]
                || {
                    let mut g = [[T::default(); ROWS_OF_PANEL]; 16];
                    for channel in 0..channels {
                        view.each(rows.clone(), channel, &places, |i, row, number| g[i][row] = number);
                        for (phase, g) in g[..places.len()].chunks_exact(taps * taps).enumerate() {
                            let k = channel * stride * stride + phase;
                            weight(
                                tile,
                                #[inline(always)]
                                |t| g[t],
                                #[inline(always)]
                                |p, v| store(&mut panel[(p * (all + GAP) + k) * height..], v),
                            );
                        }
                    }
                },
            );
        })
    }

    /// Columns beyond the last of a line of transformed tiles, into which registers of the last run may reach where runs are
    /// not whole registers.
    fn slack_of_line(&self) -> usize {
        if self.batched.is_multiple_of(LANES) { 0 } else { LANES }
    }

    /// Numbers of a position that has so many lines, and a gap.
    fn of_position(&self, lines: usize, width: usize) -> usize {
        lines * (width + self.slack_of_line()) + LANES
    }

    /// Results of a tile on each axis.
    fn results(&self) -> usize {
        self.shape.tile.results()
    }

    /// Lines of tiles.
    fn lines(&self) -> usize {
        self.grid[0].div_ceil(self.results())
    }

    /// Columns of a line of tiles: those of the border between lines are computed with it, unless images
    /// lie side by side.
    fn line_columns(&self) -> usize {
        if self.batched == 1 { self.pitch } else { self.grid[1].div_ceil(self.results()) * self.batched }
    }

    /// Columns of an image, or of as many as lie side by side.
    fn image_columns(&self) -> usize {
        self.lines() * self.line_columns()
    }

    /// Splits columns into runs: images, or lines of images side by side.
    fn runs(&self, columns: Range<usize>) -> impl Iterator<Item = (usize, Run)> {
        let (of_image, of_line, first) = (self.image_columns(), self.line_columns(), columns.start);
        let of_run = if self.batched == 1 { of_image } else { of_line };
        let mut q = columns.start;
        std::iter::from_fn(move || {
            (q < columns.end).then(|| {
                let (image, rest) = (q / of_image, q % of_image);
                let len = (of_run - q % of_run).min(columns.end - q);
                let run = Run { image: image * self.batched, line: rest / of_line, at: rest % of_line, len };
                q += len;
                (q - len - first, run)
            })
        })
    }

    /// Numbers beyond the padded source that may be read, and whose value does not matter.
    pub(crate) fn slack(&self) -> usize {
        let reach =
            self.places.iter().max().expect("a tile has numbers") + self.lines() * self.pitch + 2 * LANES;
        reach.saturating_sub(self.plane)
    }

    /// Computes `rows` of the result of some images, as `Plan::run` does.
    pub(crate) fn run(&self, source: &[T], images: usize, rows: Range<usize>, out: &mut [T]) {
        let positions = self.shape.tile.positions();
        let block = self.shape.block(self.source_channels, self.weight.rows());
        let height = (PRODUCTS / (positions * block)).max(ROWS).next_multiple_of(self.kernel.rows);
        let total = images.div_ceil(self.batched) * self.image_columns();
        let mut transformed = Scratch::new(positions * self.of_position(self.channels, block));
        let mut products = Scratch::new(positions * self.of_position(height, block));
        for first in (0..total).step_by(block) {
            let tiles = first..(first + block).min(total);
            let width = tiles.len().next_multiple_of(LANES.max(self.kernel.lanes));
            self.transform_source(source, tiles.clone(), width, &mut transformed);
            for start in rows.clone().step_by(height) {
                let part = start..(start + height).min(rows.end);
                self.multiply(part.clone(), width, &transformed, &mut products);
                let out = &mut out[(start - rows.start) * self.target.channel..];
                self.write(tiles.clone(), images, part.len(), width, &products, out);
            }
        }
    }

    /// For each position, for each channel, the tiles: `(positions, channels, width)`.
    fn transform_source(&self, images: &[T], tiles: Range<usize>, width: usize, out: &mut [T]) {
        let (positions, phases) = (self.shape.tile.positions(), self.shape.stride * self.shape.stride);
        let image_len = self.source_channels * self.plane;
        let (pitch, of_position) = (width + self.slack_of_line(), self.of_position(self.channels, width));
        for (column, run) in self.runs(tiles) {
            let origin = run.image / self.batched * image_len + run.line * self.pitch + run.at;
            vectorised(
                #[inline(always)]
                || {
                    for k in 0..self.channels {
                        let (channel, phase) = (k / phases, k % phases);
                        let from = &images[origin + channel * self.plane..];
                        let places = &self.places[phase * positions..(phase + 1) * positions];
                        let out = &mut out[k * pitch + column..];
                        // A run's last lanes may reach into the next run's columns, which come later,
                        // or beyond the last, where nobody looks.
                        for p in (0..run.len).step_by(LANES) {
                            source(
                                self.shape.tile,
                                #[inline(always)]
                                |i| load::<T, LANES>(&from[p + places[i]..]),
                                #[inline(always)]
                                |i, v| store(&mut out[i * of_position + p..], v),
                            );
                        }
                    }
                },
            );
        }
    }

    fn multiply(&self, rows: Range<usize>, width: usize, transformed: &[T], products: &mut [T]) {
        let lanes = self.kernel.lanes;
        let groups: Vec<Group> =
            (0..width).step_by(lanes).map(|t| Group { from: t, to: t, len: lanes }).collect();
        let pitch = width + self.slack_of_line();
        let offsets: Vec<usize> = (0..STEPS.min(self.channels)).map(|k| k * pitch).collect();
        for p in 0..self.shape.tile.positions() {
            let of_position = self.of_position(rows.len(), width);
            let products = &mut products[p * of_position..][..rows.len() * width];
            for start in (0..self.channels).step_by(STEPS) {
                let len = STEPS.min(self.channels - start);
                let source = &transformed[p * self.of_position(self.channels, width) + start * pitch..];
                let b = Columns { source, offsets: &offsets[..len], groups: &groups };
                let first = p * (self.channels + GAP) + start;
                let steps = first..first + len;
                multiply(self.kernel, (&self.weight, rows.clone(), steps), &b, (products, width), start > 0);
            }
        }
    }

    /// Transforms products back and writes the results that lie inside the grid.
    fn write(
        &self,
        tiles: Range<usize>,
        images: usize,
        rows: usize,
        width: usize,
        products: &[T],
        out: &mut [T],
    ) {
        let (t, size) = (self.target, self.results());
        let mut squares = Scratch::new(size * size * width);
        for row in 0..rows {
            vectorised(
                #[inline(always)]
                || {
                    let (products, distance) = (&products[row * width..], self.of_position(rows, width));
                    for at in (0..width).step_by(LANES) {
                        results(
                            self.shape.tile,
                            #[inline(always)]
                            |i| load::<T, LANES>(&products[i * distance + at..]),
                            #[inline(always)]
                            |i, v| store(&mut squares[i * width + at..], v),
                        );
                    }
                },
            );
            let out = &mut out[row * t.channel..];
            for (column, run) in self.runs(tiles.clone()) {
                let squares = &squares[column..];
                if self.batched == 1 {
                    self.write_image(squares, width, run, out);
                } else {
                    let count = self.batched.min(images - run.image);
                    self.write_line(squares, width, run, count, out);
                }
            }
        }
    }

    /// Writes a run of an image: lines of tiles and parts of lines.
    fn write_image(&self, squares: &[T], width: usize, run: Run, out: &mut [T]) {
        let (t, size) = (self.target, self.results());
        let (mut done, mut line, mut x) = (0, run.line, run.at);
        while done < run.len {
            let len = (self.pitch - x).min(run.len - done);
            for a in (0..size).filter(|a| line * size + a < self.grid[0]) {
                let count = self.grid[1].saturating_sub(x * size).min(len * size);
                let at = run.image * t.image + (line * size + a) * t.line + x * size * t.step + t.first;
                let from = |b: usize| &squares[(a * size + b) * width + done..][..len];
                match (count, size) {
                    (0, _) => {}
                    (_, 2) => interleave([from(0), from(1)], count, t.step, &mut out[at..]),
                    _ => interleave([from(0), from(1), from(2), from(3)], count, t.step, &mut out[at..]),
                }
            }
            (done, line, x) = (done + len, line + 1, 0);
        }
    }

    /// Writes a run of a line of `count` images side by side.
    fn write_line(&self, squares: &[T], width: usize, run: Run, count: usize, out: &mut [T]) {
        let (t, size) = (self.target, self.results());
        let x = run.at / self.batched * size;
        let wide = (run.len / self.batched * size).min(self.grid[1] - x);
        for a in (0..size).filter(|a| run.line * size + a < self.grid[0]) {
            let at = run.image * t.image + (run.line * size + a) * t.line + x * t.step + t.first;
            let pixel = |x: usize| (a * size + x % size) * width + x / size * self.batched;
            batched_lanes::spread_line((squares, pixel), (wide, count), (t.image, t.step), &mut out[at..]);
        }
    }
}

/// Writes `from[0][0], from[1][0], …, from[0][1], …`, `count` numbers that are `step` apart.
fn interleave<T: Copy, const M: usize>(from: [&[T]; M], count: usize, step: usize, out: &mut [T]) {
    let whole = count / M;
    if step == 1 {
        let (squares, _) = out.as_chunks_mut::<M>();
        for (i, out) in squares[..whole].iter_mut().enumerate() {
            *out = from.map(|from| from[i]);
        }
    } else {
        for (i, out) in out.chunks_mut(M * step).take(whole).enumerate() {
            from.iter().enumerate().for_each(|(b, from)| out[b * step] = from[i]);
        }
    }
    for i in whole * M..count {
        out[i * step] = from[i % M][whole];
    }
}
