//! Products of a packed weight with a gathered source: convolutions that never write their columns
//! out.

use std::ops::Range;

use super::elem::Elem;
use super::gather::{Border, Gather, copy_strided};
use super::microkernel::Microkernel;
use super::packed::{Packed, STEPS, multiply};

/// Numbers of the result that a task holds at a time, beside its block of the right operand in the
/// second-level cache.
const RESULT: usize = 1 << 16;

/// Columns that a task takes at a time, for a result of `rows` rows.
pub(crate) fn block_columns(cols: usize, rows: usize) -> usize {
    (RESULT / rows.max(1) / cols).clamp(2, 10) * cols
}

/// Writes the block `rows × columns` of the right operand, panel after panel. Columns beyond the
/// last are zero.
pub(crate) fn pack_block<T: Elem>(
    cols: usize,
    gather: &Gather,
    border: &Border,
    source: &[T],
    rows: &[usize],
    columns: Range<usize>,
    out: &mut [T],
) {
    let step = gather.stride[1];
    let panels = out.chunks_exact_mut(cols * rows.len());
    for (panel, first) in panels.zip(columns.clone().step_by(cols)) {
        let runs: Vec<(usize, usize)> = gather
            .runs(first..(first + cols).min(columns.end))
            .iter()
            .map(|run| (gather.origin(border, run), run.len))
            .collect();
        for (line, offset) in panel.chunks_exact_mut(cols).zip(rows) {
            let mut rest = line;
            for (origin, len) in &runs {
                let (to, tail) = rest.split_at_mut(*len);
                copy_strided(to, &source[origin + offset..], step);
                rest = tail;
            }
            rest.fill(T::default());
        }
    }
}

/// Where a result goes: row `m`, position `(y, x)` of an image lands at
/// `m·channel + y·line + x·step + first`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) image: usize,
    pub(crate) channel: usize,
    pub(crate) line: usize,
    pub(crate) step: usize,
    pub(crate) first: usize,
}

/// One task: some images of a source, some rows of the result.
pub(crate) struct Task<'a, T> {
    pub(crate) kernel: &'a Microkernel<T>,
    pub(crate) gather: &'a Gather,
    pub(crate) border: &'a Border,
    pub(crate) weight: &'a Packed<T>,
    /// The images, surrounded by their border.
    pub(crate) source: &'a [T],
    pub(crate) images: usize,
    pub(crate) target: Target,
}

impl<T: Elem> Task<'_, T> {
    /// Scratch that [`Task::run`] needs.
    pub(crate) fn scratch_len(kernel: &Microkernel<T>, rows: usize) -> usize {
        block_columns(kernel.cols, rows) * (rows + STEPS)
    }

    /// Computes `rows` of the result and writes them to `out`, whose first row is `rows.start`.
    pub(crate) fn run(&self, rows: Range<usize>, scratch: &mut [T], out: &mut [T]) {
        let cols = self.kernel.cols;
        let total = self.images * self.gather.positions();
        let block = block_columns(cols, rows.len());
        let (result, operand) = scratch.split_at_mut(block * rows.len());
        for first in (0..total).step_by(block) {
            let columns = first..(first + block).min(total);
            let ldc = columns.len().next_multiple_of(cols);
            for start in (0..self.weight.depth()).step_by(STEPS) {
                let steps = start..(start + STEPS).min(self.weight.depth());
                let offsets = self.gather.row_offsets(self.border, steps.clone());
                let operand = &mut operand[..ldc * steps.len()];
                pack_block(cols, self.gather, self.border, self.source, &offsets, columns.clone(), operand);
                multiply(self.kernel, self.weight, rows.clone(), steps, operand, result, ldc, start > 0);
            }
            self.write(columns, rows.len(), result, ldc, out);
        }
    }

    fn write(&self, columns: Range<usize>, rows: usize, result: &[T], ldc: usize, out: &mut [T]) {
        let t = &self.target;
        let runs = self.gather.runs(columns);
        for (m, line) in result.chunks_exact(ldc).take(rows).enumerate() {
            let mut rest = line;
            for run in &runs {
                let (from, tail) = rest.split_at(run.len);
                let at = run.image * t.image + m * t.channel + run.y * t.line + run.x * t.step + t.first;
                let to = &mut out[at..];
                match t.step {
                    1 => to[..run.len].copy_from_slice(from),
                    step => to.iter_mut().step_by(step).zip(from).for_each(|(to, from)| *to = *from),
                }
                rest = tail;
            }
        }
    }
}
