//! The gradient of a convolution in its weight: a sum over all pixels of all images.
//!
//! `dw[o][k] = Σ_q dy[o][q]·column[k][q]`. Both operands lie with `q` innermost and are packed with
//! `q` outermost, so both are transposed on the way. Tasks share out the columns `k`, and, where
//! there are few of these, the images.

use std::ops::Range;

use rayon::prelude::*;

use super::conv::Geometry;
use super::elem::Elem;
use super::gather::{Border, Gather, copy_strided};
use super::implicit::block_columns;
use super::packed::{Packed, STEPS, multiply};

/// Tasks to aim at, for any number of threads: the order of the sums must not depend on it.
const TASKS: usize = 8;

/// `dw` of `x` and `dy`.
pub(crate) fn weight_gradient<T: Elem>(g: &Geometry, x: &[T], dy: &[T]) -> Vec<T> {
    let mut dw = vec![T::default(); g.weight_len()];
    if g.is_empty() {
        return dw;
    }
    for group in 0..g.cfg.groups {
        let len = g.group_out() * g.depth();
        let gradient = GroupGradient::new(g, x, dy, group);
        gradient.run(&mut dw[group * len..][..len]);
    }
    dw
}

struct GroupGradient<'a, T> {
    g: &'a Geometry,
    x: &'a [T],
    group: usize,
    gather: Gather,
    border: Border,
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
        let gather = g.gather();
        let border = Border::around(gather.size, std::slice::from_ref(&gather));
        Self { g, x, group, gather, border, dy }
    }

    fn run(&self, dw: &mut [T]) {
        let (rows, depth) = (self.g.group_out(), self.g.depth());
        let block =
            block_columns(T::microkernel().cols, rows).min(depth.next_multiple_of(T::microkernel().cols));
        let blocks = depth.div_ceil(block);
        let chunks = TASKS.div_ceil(blocks).min(self.g.n);
        let images = self.g.n.div_ceil(chunks);
        let tasks: Vec<(Range<usize>, Range<usize>)> = (0..blocks)
            .map(|b| b * block..((b + 1) * block).min(depth))
            .flat_map(|k| (0..self.g.n).step_by(images).map(move |n| (k.clone(), n..n + images)))
            .map(|(k, n)| (k, n.start..n.end.min(self.g.n)))
            .collect();
        let parts: Vec<Vec<T>> =
            tasks.par_iter().map(|(columns, images)| self.part(columns.clone(), images.clone())).collect();
        for ((columns, _), part) in tasks.iter().zip(&parts) {
            let ldc = part.len() / rows;
            for (row, part) in dw.chunks_exact_mut(depth).zip(part.chunks_exact(ldc)) {
                row[columns.clone()].iter_mut().zip(part).for_each(|(sum, v)| *sum += *v);
            }
        }
    }

    /// The sum over some images, for some columns.
    fn part(&self, columns: Range<usize>, images: Range<usize>) -> Vec<T> {
        let kernel = T::microkernel();
        let (g, cols) = (self.g, kernel.cols);
        let (rows, pixels) = (g.group_out(), g.pixels());
        let ldc = columns.len().next_multiple_of(cols);
        let mut sum = vec![T::default(); rows * ldc];
        let taps = g.kh * g.kw;
        // Only the channels that these columns read are copied.
        let channels = columns.start / taps..(columns.end - 1) / taps + 1;
        let own = columns.start - channels.start * taps..columns.end - channels.start * taps;
        let offsets = self.gather.row_offsets(&self.border, own);
        let gather = Gather { channels: channels.len(), ..self.gather.clone() };
        let at_once = STEPS.div_ceil(pixels).min(images.len());
        let surrounded = at_once * channels.len() * self.border.plane();
        T::with_scratch(surrounded + STEPS * ldc + STEPS * cols, |scratch| {
            let (source, scratch) = scratch.split_at_mut(surrounded);
            let (operand, lines) = scratch.split_at_mut(STEPS * ldc);
            for first in images.clone().step_by(at_once) {
                let count = at_once.min(images.end - first);
                let from = (self.group * g.group_in() + channels.start) * g.h * g.w;
                let slices = (first..first + count)
                    .map(|n| &self.x[n * g.image_len() + from..][..channels.len() * g.h * g.w]);
                self.border.surround([g.h, g.w], slices, channels.len(), source);
                for start in (0..count * pixels).step_by(STEPS) {
                    let steps = start..(start + STEPS).min(count * pixels);
                    let operand = &mut operand[..steps.len() * ldc];
                    pack_transposed(
                        cols,
                        &gather,
                        &self.border,
                        source,
                        &offsets,
                        steps.clone(),
                        operand,
                        lines,
                    );
                    let all = first * pixels + steps.start..first * pixels + steps.end;
                    let accumulate = all.start > images.start * pixels;
                    multiply(kernel, &self.dy, 0..rows, all, operand, &mut sum, ldc, accumulate);
                }
            }
        });
        sum
    }
}

/// Writes panels of columns `offsets` for the steps (pixels) given: for each panel, for each step,
/// the columns' numbers.
#[allow(clippy::too_many_arguments)] // Reason: one loop, split off for its length.
fn pack_transposed<T: Elem>(
    cols: usize,
    gather: &Gather,
    border: &Border,
    source: &[T],
    offsets: &[usize],
    steps: Range<usize>,
    out: &mut [T],
    lines: &mut [T],
) {
    let count = steps.len();
    let runs: Vec<(usize, usize)> =
        gather.runs(steps).iter().map(|run| (gather.origin(border, run), run.len)).collect();
    for (panel, offsets) in out.chunks_exact_mut(cols * count).zip(offsets.chunks(cols)) {
        for (line, offset) in lines.chunks_exact_mut(count).zip(offsets) {
            let mut rest = line;
            for (origin, len) in &runs {
                let (to, tail) = rest.split_at_mut(*len);
                copy_strided(to, &source[origin + offset..], gather.stride[1]);
                rest = tail;
            }
        }
        lines[offsets.len() * count..cols * count].fill(T::default());
        transpose(lines, count, count, cols, panel, cols);
    }
}

/// `to[i·width + r] = from[r·stride + i]` for `rows` rows and `len` columns.
fn transpose<T: Copy>(from: &[T], stride: usize, len: usize, rows: usize, to: &mut [T], width: usize) {
    const TILE: usize = 8;
    let whole = (rows / TILE * TILE, len / TILE * TILE);
    for i in (0..whole.1).step_by(TILE) {
        for r in (0..whole.0).step_by(TILE) {
            // Through an array, so that both sides are read and written a row at a time.
            let tile: [&[T; TILE]; TILE] = std::array::from_fn(|k| {
                from[(r + k) * stride + i..].first_chunk().expect("inside the matrix")
            });
            for k in 0..TILE {
                let line: &mut [T; TILE] =
                    to[(i + k) * width + r..].first_chunk_mut().expect("inside the result");
                *line = std::array::from_fn(|j| tile[j][k]);
            }
        }
        for r in whole.0..rows {
            (i..i + TILE).for_each(|i| to[i * width + r] = from[r * stride + i]);
        }
    }
    for i in whole.1..len {
        (0..rows).for_each(|r| to[i * width + r] = from[r * stride + i]);
    }
}
