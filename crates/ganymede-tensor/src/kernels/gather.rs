//! Where the columns of a convolution's product come from, without writing them out first.
//!
//! Column `q = (image, y, x)` and row `k = (channel, i, j)` of the product's right operand is the
//! source's number at `(image, channel, y·stride + taps[i], x·stride + taps[j])`, or 0 outside. The
//! source is copied once, with its border of zeros, and with a stride also sorted by phase: numbers
//! that the stride skips together lie together. After that each row of the operand is the origin's
//! neighbourhood at a fixed distance, contiguous along a line, and the kernel reads it in place.

use super::elem::Elem;
use super::packed::Group;

/// One way of reading a source `(images, channels, height, width)`.
#[derive(Clone, Debug)]
pub(crate) struct Gather {
    pub(crate) channels: usize,
    /// Height and width of the source.
    pub(crate) size: [usize; 2],
    /// Offsets of the taps on each axis; negative ones reach into the border.
    pub(crate) taps: [Vec<isize>; 2],
    pub(crate) stride: [usize; 2],
    /// Positions of the kernel on each axis.
    pub(crate) grid: [usize; 2],
}

/// The layout of a surrounded source: its border of zeros, and its phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Border {
    before: [usize; 2],
    /// Height and width with the border.
    size: [usize; 2],
    /// Phases on each axis: the stride.
    phases: [usize; 2],
}

impl Border {
    /// The border that serves all of `gathers`, which read the same source, sorted by phase.
    pub(crate) fn around(size: [usize; 2], gathers: &[Gather], phases: [usize; 2]) -> Self {
        let axis = |axis: usize| {
            let (mut before, mut end) = (0, size[axis] as isize);
            for g in gathers.iter().filter(|g| g.positions() > 0) {
                let taps = &g.taps[axis];
                if let (Some(low), Some(high)) = (taps.iter().min(), taps.iter().max()) {
                    before = before.max(-low);
                    end = end.max(((g.grid[axis] - 1) * g.stride[axis]) as isize + high + 1);
                }
            }
            (before as usize, (before + end) as usize)
        };
        let ((top, height), (left, width)) = (axis(0), axis(1));
        Self { before: [top, left], size: [height, width], phases }
    }

    /// Rows above the source, or columns to its left.
    pub(crate) fn before(&self, axis: usize) -> usize {
        self.before[axis]
    }

    /// Where line `y`, column `x` of the whole lies.
    pub(crate) fn place(&self, y: usize, x: usize) -> usize {
        let ([high, wide], [sy, sx]) = (self.phase(), self.phases);
        ((y % sy) * sx + x % sx) * high * wide + (y / sy) * wide + x / sx
    }

    /// The distance of neighbouring lines of a phase.
    pub(crate) fn pitch(&self) -> usize {
        self.phase()[1]
    }

    /// Height and width of one phase.
    fn phase(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.size[axis].div_ceil(self.phases[axis]))
    }

    /// Numbers in one channel: all phases, border included.
    pub(crate) fn plane(&self) -> usize {
        let [high, wide] = self.phase();
        high * wide * self.phases[0] * self.phases[1]
    }

    /// Copies channels `(channels, h, w)` of the given images, surrounded by zeros.
    pub(crate) fn surround<'a, T: Elem>(
        &self,
        size: [usize; 2],
        images: impl Iterator<Item = &'a [T]>,
        channels: usize,
        out: &mut [T],
    ) {
        let [h, w] = size;
        for (image, out) in images.zip(out.chunks_exact_mut(channels * self.plane())) {
            for (plane, out) in image.chunks_exact(h * w).zip(out.chunks_exact_mut(self.plane())) {
                self.surround_plane([h, w], plane, out);
            }
        }
    }

    fn surround_plane<T: Elem>(&self, [h, w]: [usize; 2], plane: &[T], out: &mut [T]) {
        let [high, wide] = self.phase();
        let [sy, sx] = self.phases;
        for (phase, out) in out.chunks_exact_mut(high * wide).enumerate() {
            let (py, px) = (phase / sx, phase % sx);
            // Column x of the phase is column x·sx + px − before of the source.
            let first = self.before[1].saturating_sub(px).div_ceil(sx);
            let end = (self.before[1] + w).saturating_sub(px).div_ceil(sx).clamp(first, wide);
            let from = first * sx + px - self.before[1];
            for (y, row) in out.chunks_exact_mut(wide).enumerate() {
                match (y * sy + py).checked_sub(self.before[0]).filter(|y| *y < h) {
                    Some(y) if end > first => {
                        let (left, rest) = row.split_at_mut(first);
                        let (middle, right) = rest.split_at_mut(end - first);
                        left.fill(T::default());
                        copy_strided(middle, &plane[y * w + from..(y + 1) * w], sx);
                        right.fill(T::default());
                    }
                    _ => row.fill(T::default()),
                }
            }
        }
    }
}

/// Consecutive columns that lie on one line of the grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) image: usize,
    pub(crate) y: usize,
    pub(crate) x: usize,
    pub(crate) len: usize,
}

impl Gather {
    /// Columns an image.
    pub(crate) fn positions(&self) -> usize {
        self.grid[0] * self.grid[1]
    }

    /// The distance of each row of the operand from a column's origin.
    pub(crate) fn row_offsets(&self, border: &Border) -> Vec<usize> {
        let at = |axis: usize, tap: &isize| (border.before[axis] as isize + tap) as usize;
        let lines: Vec<usize> = self.taps[0]
            .iter()
            .flat_map(|i| self.taps[1].iter().map(move |j| border.place(at(0, i), at(1, j))))
            .collect();
        (0..self.channels).flat_map(|c| lines.iter().map(move |l| c * border.plane() + l)).collect()
    }

    /// Splits columns into runs.
    pub(crate) fn runs(&self, columns: std::ops::Range<usize>) -> impl Iterator<Item = Run> {
        let (positions, wide) = (self.positions(), self.grid[1]);
        let mut q = columns.start;
        std::iter::from_fn(move || {
            if q >= columns.end {
                return None;
            }
            let (image, p) = (q / positions, q % positions);
            let (y, x) = (p / wide, p % wide);
            let len = (wide - x).min(columns.end - q);
            q += len;
            Some(Run { image, y, x, len })
        })
    }

    /// The origin of a run in the surrounded source.
    pub(crate) fn origin(&self, border: &Border, run: &Run) -> usize {
        run.image * self.channels * border.plane() + run.y * border.pitch() + run.x
    }

    /// Groups of at most `lanes` columns that are contiguous in the source and in the result, in order.
    ///
    /// `to` says where a run's result goes; lines follow one another there.
    pub(crate) fn groups(
        &self,
        border: &Border,
        images: usize,
        lanes: usize,
        to: impl Fn(&Run) -> usize,
    ) -> Vec<Group> {
        // Lines without a border between them are one long line.
        let joined = border.pitch() == self.grid[1];
        let [lines, len] = if joined { [1, self.positions()] } else { self.grid };
        let mut groups = Vec::with_capacity(images * lines * len.div_ceil(lanes));
        for (image, y) in (0..images).flat_map(|image| (0..lines).map(move |y| (image, y))) {
            let run = Run { image, y, x: 0, len };
            let (from, to) = (self.origin(border, &run), to(&run));
            groups.extend((0..len).step_by(lanes).map(|x| Group {
                from: from + x,
                to: to + x,
                len: lanes.min(len - x),
            }));
        }
        groups
    }
}

/// `to[i] = from[i·stride]`.
#[inline(always)]
pub(crate) fn copy_strided<T: Copy>(to: &mut [T], from: &[T], stride: usize) {
    match stride {
        1 => copy_short(to, from),
        2 => {
            let (blocks, tail) = to.as_chunks_mut::<8>();
            let done = blocks.len() * 16;
            for (block, from) in blocks.iter_mut().zip(from.chunks(16)) {
                // The sixteenth number may lie outside: fifteen are enough.
                let from: &[T; 15] = from.first_chunk().expect("a run inside its source");
                for (i, t) in block.iter_mut().enumerate() {
                    *t = from[2 * i];
                }
            }
            if !tail.is_empty() {
                tail.iter_mut().zip(from[done..].iter().step_by(2)).for_each(|(t, f)| *t = *f);
            }
        }
        _ => to.iter_mut().zip(from.iter().step_by(stride)).for_each(|(t, f)| *t = *f),
    }
}

/// A copy of a few numbers without a call of `memcpy`, which costs more than it copies.
#[inline(always)]
pub(crate) fn copy_short<T: Copy>(to: &mut [T], from: &[T]) {
    let from = &from[..to.len()];
    let ((to, to_tail), (from, from_tail)) = (to.as_chunks_mut::<16>(), from.as_chunks::<16>());
    to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
    let ((to, to_tail), (from, from_tail)) = (to_tail.as_chunks_mut::<4>(), from_tail.as_chunks::<4>());
    to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
    to_tail.iter_mut().zip(from_tail).for_each(|(t, f)| *t = *f);
}
