//! Products of a packed weight with a gathered source: convolutions that never write their columns
//! out as a whole.

use std::ops::Range;

use super::batched_lanes;
use super::elem::{Elem, Scratch};
use super::gather::{Border, Gather, Run, copy_short};
use super::microkernel::Microkernel;
use super::packed::{Columns, Group, Packed, STEPS, multiply};
use super::target::Target;
use super::transpose::transpose;

/// Numbers of the result that a task holds at a time, beside what it reads of the right operand in
/// the second-level cache.
const RESULT: usize = 1 << 16;

/// What packing costs, in rows. See "Constants of kernels" in `docs/performance.md`.
const PACKING: usize = 10;

/// Columns that a task takes at a time, for a result of `rows` rows.
fn block_columns(cols: usize, rows: usize) -> usize {
    (RESULT / rows.max(1) / cols).clamp(2, 10) * cols
}

/// Whether columns are best read where they lie, for a product of `rows` rows: lanes beyond a line's end
/// are wasted then. Packing wastes none, and costs about the work of [`PACKING`] rows.
pub(crate) fn in_place_pays<T>(
    kernel: &Microkernel<T>,
    (gather, border): (&Gather, &Border),
    target: &Target,
    rows: usize,
) -> bool {
    let groups = gather.groups(border, 1, kernel.lanes, target.one_line(gather), |_| 0).len();
    groups * kernel.lanes * rows <= gather.positions() * (rows + PACKING)
}

/// A weight as a product's left operand: rows, channels, and taps that are named by their place.
pub(crate) struct WeightView<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) rows: usize,
    pub(crate) channels: usize,
    /// The distance of neighbouring rows, and of neighbouring channels.
    pub(crate) strides: [usize; 2],
    pub(crate) taps: &'a [usize],
}

impl<T: Elem> WeightView<'_, T> {
    /// The numbers of one channel that row after row has at `places`, which count from the channel's
    /// first: `to(place, row, number)`.
    #[inline(always)]
    pub(crate) fn each(
        &self,
        rows: Range<usize>,
        channel: usize,
        places: &[usize],
        mut to: impl FnMut(usize, usize, T),
    ) {
        let [row_stride, channel_stride] = self.strides;
        for (r, row) in rows.enumerate() {
            let from = &self.data[row * row_stride + channel * channel_stride..];
            places.iter().enumerate().for_each(|(i, place)| to(i, r, from[*place]));
        }
    }

    /// Packed, with the taps innermost.
    fn packed(&self, kernel: &Microkernel<T>) -> Packed<T> {
        let [row_stride, channel_stride] = self.strides;
        let depth = self.channels * self.taps.len();
        let in_order =
            channel_stride == self.taps.len() && self.taps.iter().enumerate().all(|(i, t)| i == *t);
        Packed::by_panel(kernel, self.rows, depth, |rows, panel| {
            if in_order {
                let data = &self.data[rows.start * row_stride..];
                return transpose(data, row_stride, depth, rows.len(), panel, rows.len());
            }
            let height = rows.len();
            for (channel, steps) in panel.chunks_exact_mut(height * self.taps.len()).enumerate() {
                self.each(rows.clone(), channel, self.taps, |tap, r, number| {
                    steps[tap * height + r] = number
                });
            }
        })
    }
}

/// A product by its definition: what its tasks have in common.
pub(crate) struct Direct<'a, T: Elem> {
    kernel: &'a Microkernel<T>,
    gather: &'a Gather,
    border: &'a Border,
    weight: Packed<T>,
    target: Target,
    offsets: Vec<usize>,
    reading: Reading,
}

/// How the columns are read.
enum Reading {
    /// Where they lie: those of so many images.
    InPlace(Vec<Group>, usize),
    /// Where they lie, with as many images as a register has lanes innermost: those of one such block.
    BatchedLanes(Vec<Group>),
    /// From panels that blocks of them are packed into.
    Packed,
}

impl<'a, T: Elem> Direct<'a, T> {
    /// Plans tasks of up to `images` images and `rows` rows.
    pub(crate) fn new(
        kernel: &'a Microkernel<T>,
        (gather, border): (&'a Gather, &'a Border),
        view: &WeightView<T>,
        target: Target,
        (images, rows): (usize, usize),
        batched: bool,
    ) -> Self {
        let mut offsets = gather.row_offsets(border);
        let reading = if batched {
            offsets.iter_mut().for_each(|offset| *offset *= kernel.lanes);
            Reading::BatchedLanes(batched_lanes::groups(gather, border, kernel.lanes))
        } else if in_place_pays(kernel, (gather, border), &target, rows) {
            let to = |run: &Run| {
                run.image * target.image + run.y * target.line + run.x * target.step + target.first
            };
            Reading::InPlace(gather.groups(border, images, kernel.lanes, target.one_line(gather), to), images)
        } else {
            Reading::Packed
        };
        Self { kernel, gather, border, weight: view.packed(kernel), target, offsets, reading }
    }

    /// Numbers beyond the padded source that registers may reach, and whose value does not matter.
    pub(crate) fn slack(&self) -> usize {
        self.kernel.lanes
    }

    /// Computes `rows` of the result for some images, whose padded `source` is followed by
    /// [`Direct::slack`], and writes them to `out`, whose first row is `rows.start`.
    pub(crate) fn run(&self, source: &[T], images: usize, rows: Range<usize>, out: &mut [T]) {
        match &self.reading {
            Reading::InPlace(groups, of) => {
                let groups = &groups[..groups.len() / of * images];
                if self.target.step == 1 {
                    self.read_in_place(source, groups, rows, out);
                } else {
                    self.read_in_place_and_spread(source, groups, rows, out);
                }
            }
            Reading::BatchedLanes(groups) => {
                let block = self.kernel.lanes * self.gather.channels * self.border.plane();
                for (first, source) in (0..images).step_by(self.kernel.lanes).zip(source.chunks(block)) {
                    let count = self.kernel.lanes.min(images - first);
                    self.read_abreast(
                        source,
                        groups,
                        count,
                        rows.clone(),
                        &mut out[first * self.target.image..],
                    );
                }
            }
            Reading::Packed => self.pack(source, images, rows, out),
        }
    }

    fn steps(&self) -> impl Iterator<Item = Range<usize>> {
        let depth = self.weight.depth();
        (0..depth).step_by(STEPS).map(move |start| start..(start + STEPS).min(depth))
    }

    fn read_in_place(&self, source: &[T], groups: &[Group], rows: Range<usize>, out: &mut [T]) {
        let block = block_columns(self.kernel.cols(), rows.len()) / self.kernel.lanes;
        for groups in groups.chunks(block) {
            for steps in self.steps() {
                let b = Columns { source, offsets: &self.offsets[steps.clone()], groups };
                let accumulate = steps.start > 0;
                multiply(
                    self.kernel,
                    (&self.weight, rows.clone(), steps),
                    &b,
                    (out, self.target.channel),
                    accumulate,
                );
            }
        }
    }

    /// Where the result's pixels do not lie together, a block is computed aside and then spread.
    fn read_in_place_and_spread(&self, source: &[T], groups: &[Group], rows: Range<usize>, out: &mut [T]) {
        let columns = block_columns(self.kernel.cols(), rows.len());
        let mut scratch = Scratch::new(columns * rows.len());
        let mut first = 0;
        for groups in groups.chunks(columns / self.kernel.lanes) {
            let len = self.aside(source, groups, rows.clone(), (&mut scratch, columns));
            self.write(first..first + len, rows.len(), &scratch, columns, out);
            first += len;
        }
    }

    fn read_abreast(&self, source: &[T], groups: &[Group], images: usize, rows: Range<usize>, out: &mut [T]) {
        let (wide, lanes) = (self.gather.grid[1], self.kernel.lanes);
        let lines = (block_columns(self.kernel.cols(), rows.len()) / lanes / wide).max(1);
        let columns = lines * wide * lanes;
        let mut scratch = Scratch::new(columns * rows.len());
        for (first, groups) in (0..).step_by(lines).zip(groups.chunks(lines * wide)) {
            self.aside(source, groups, rows.clone(), (&mut scratch, columns));
            let result = (&scratch[..], columns, lanes);
            batched_lanes::spread((&self.target, wide), (first, groups.len() / wide), result, images, out);
        }
    }

    /// Computes some columns next to one another, row after row, and says how many they are.
    fn aside(
        &self,
        source: &[T],
        groups: &[Group],
        rows: Range<usize>,
        (out, row_stride): (&mut [T], usize),
    ) -> usize {
        let mut end = 0;
        let aside = groups.iter().map(|g| {
            end += g.len;
            Group { to: end - g.len, ..*g }
        });
        let aside: Vec<Group> = aside.collect();
        for steps in self.steps() {
            let b = Columns { source, offsets: &self.offsets[steps.clone()], groups: &aside };
            let accumulate = steps.start > 0;
            multiply(self.kernel, (&self.weight, rows.clone(), steps), &b, (out, row_stride), accumulate);
        }
        end
    }

    fn pack(&self, source: &[T], images: usize, rows: Range<usize>, out: &mut [T]) {
        let (cols, lanes) = (self.kernel.cols(), self.kernel.lanes);
        let total = images * self.gather.positions();
        let block = block_columns(cols, rows.len());
        let mut scratch = Scratch::new(block * (rows.len() + STEPS));
        let (result, operand) = scratch.split_at_mut(block * rows.len());
        let packed: Vec<usize> = (0..STEPS).map(|k| k * cols).collect();
        for first in (0..total).step_by(block) {
            let columns = first..(first + block).min(total);
            let ldc = columns.len().next_multiple_of(cols);
            for steps in self.steps() {
                let operand = &mut operand[..ldc * steps.len()];
                self.pack_block(source, &self.offsets[steps.clone()], columns.clone(), operand);
                let groups: Vec<Group> = (0..columns.len().div_ceil(lanes))
                    .map(|i| {
                        let (panel, lane) = (i * lanes / cols, i * lanes % cols);
                        Group { from: panel * steps.len() * cols + lane, to: i * lanes, len: lanes }
                    })
                    .collect();
                let b = Columns { source: operand, offsets: &packed[..steps.len()], groups: &groups };
                let accumulate = steps.start > 0;
                multiply(self.kernel, (&self.weight, rows.clone(), steps), &b, (result, ldc), accumulate);
            }
            self.write(columns, rows.len(), result, ldc, out);
        }
    }

    /// Writes a block of the right operand, panel after panel. Columns beyond the last are zero.
    fn pack_block(&self, source: &[T], offsets: &[usize], columns: Range<usize>, out: &mut [T]) {
        let cols = self.kernel.cols();
        let panels = out.chunks_exact_mut(cols * offsets.len());
        let mut runs = Vec::new();
        for (panel, first) in panels.zip(columns.clone().step_by(cols)) {
            runs.clear();
            let own = self.gather.runs(first..(first + cols).min(columns.end));
            runs.extend(own.map(|run| (self.gather.origin(self.border, &run), run.len)));
            for (line, offset) in panel.chunks_exact_mut(cols).zip(offsets) {
                let mut rest = line;
                for (origin, len) in &runs {
                    let (to, tail) = rest.split_at_mut(*len);
                    copy_short(to, &source[origin + offset..]);
                    rest = tail;
                }
                rest.fill(T::default());
            }
        }
    }

    fn write(&self, columns: Range<usize>, rows: usize, result: &[T], ldc: usize, out: &mut [T]) {
        let t = &self.target;
        let runs: Vec<(usize, usize)> = self
            .gather
            .runs(columns)
            .map(|run| (run.image * t.image + run.y * t.line + run.x * t.step + t.first, run.len))
            .collect();
        for (m, line) in result.chunks_exact(ldc).take(rows).enumerate() {
            let mut rest = line;
            for (at, len) in &runs {
                let (from, tail) = rest.split_at(*len);
                let to = &mut out[m * t.channel + at..];
                match t.step {
                    1 => copy_short(&mut to[..*len], from),
                    step => to.iter_mut().step_by(step).zip(from).for_each(|(to, from)| *to = *from),
                }
                rest = tail;
            }
        }
    }
}
