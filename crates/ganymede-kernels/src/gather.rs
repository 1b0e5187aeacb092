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

/// The layout of a padded source: its border of zeros, and its phases.
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

    /// Where line `y` of the source begins, if its border did not count.
    pub(crate) fn line(&self, y: usize) -> usize {
        self.place(y + self.before[0], 0)
    }

    /// Where column `x` of the source lies on any line.
    pub(crate) fn column(&self, x: usize) -> usize {
        self.place(0, x + self.before[1])
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

    /// Copies channels `(channels, h, w)` of the given images, padded with zeros.
    pub(crate) fn pad<'a, T: Elem>(
        &self,
        size: [usize; 2],
        images: impl Iterator<Item = &'a [T]>,
        channels: usize,
        out: &mut [T],
    ) {
        let [h, w] = size;
        let columns: Vec<usize> = (0..w).map(|x| self.column(x)).collect();
        for (image, out) in images.zip(out.chunks_exact_mut(channels * self.plane())) {
            for (plane, out) in image.chunks_exact(h * w).zip(out.chunks_exact_mut(self.plane())) {
                out.fill(T::default());
                self.copy_plane(plane, &columns, out);
            }
        }
    }

    /// Copies the lines of a plane to where they belong; `columns` are the places of a line's numbers.
    fn copy_plane<T: Elem>(&self, plane: &[T], columns: &[usize], out: &mut [T]) {
        let across = self.phases[1];
        for (y, line) in plane.chunks_exact(columns.len()).enumerate() {
            let out = &mut out[self.line(y)..];
            if across > 2 || columns.len() < SHORT * across {
                line.iter().zip(columns).for_each(|(v, at)| out[*at] = *v);
                continue;
            }
            // What the stride skips together lies together.
            for first in 0..across {
                let len = (columns.len() - first).div_ceil(across);
                copy_strided(&mut out[columns[first]..][..len], &line[first..], across);
            }
        }
    }
}

/// Numbers of a line in one phase below which they are copied one by one.
/// See "Constants of kernels" in `docs/performance.md`.
const SHORT: usize = 8;

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

    /// The origin of a run in the padded source.
    pub(crate) fn origin(&self, border: &Border, run: &Run) -> usize {
        run.image * self.channels * border.plane() + run.y * border.pitch() + run.x
    }

    /// Groups of at most `lanes` columns that are contiguous in the source and in the result, in order.
    ///
    /// `to` says where a run's result goes. `one_line` says whether lines follow one another there.
    pub(crate) fn groups(
        &self,
        border: &Border,
        images: usize,
        lanes: usize,
        one_line: bool,
        to: impl Fn(&Run) -> usize,
    ) -> Vec<Group> {
        // Lines without a border between them are one long line.
        let joined = one_line && border.pitch() == self.grid[1];
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
    #[inline(always)]
    fn fixed<T: Copy, const N: usize>(to: &mut [T], from: &[T]) {
        let from: &[T; N] = from.first_chunk().expect("as long as the target");
        *to.first_chunk_mut().expect("of this length") = *from;
    }
    // Lengths that are known to the compiler: it would make a call of any loop.
    match to.len() {
        4 => fixed::<T, 4>(to, from),
        8 => fixed::<T, 8>(to, from),
        16 => fixed::<T, 16>(to, from),
        1..16 => to.iter_mut().zip(from).for_each(|(t, f)| *t = *f),
        len => to.copy_from_slice(&from[..len]),
    }
}
