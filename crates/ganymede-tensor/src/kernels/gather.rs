//! Where the columns of a convolution's product come from, without writing them out first.
//!
//! Column `q = (image, y, x)` and row `k = (channel, i, j)` of the product's right operand is the
//! source's number at `(image, channel, y·stride + taps[i], x·stride + taps[j])`, or 0 outside. The
//! source is copied once with its border of zeros; after that each row is a copy at a fixed
//! distance, and packing for the microkernel needs no tests.

use std::ops::Range;

use super::elem::Elem;

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

/// The border of zeros: rows above and columns to the left, and the whole height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Border {
    before: [usize; 2],
    size: [usize; 2],
}

impl Border {
    /// The border that serves all of `gathers`, which read the same source.
    pub(crate) fn around(size: [usize; 2], gathers: &[Gather]) -> Self {
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
        Self { before: [top, left], size: [height, width] }
    }

    /// Numbers in one channel, border included.
    pub(crate) fn plane(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Copies `channels` channels of the given images and surrounds them by zeros.
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
                let mut rows = out.chunks_exact_mut(self.size[1]);
                rows.by_ref().take(self.before[0]).for_each(|row| row.fill(T::default()));
                for (row, source) in rows.by_ref().zip(plane.chunks_exact(w)) {
                    let (left, rest) = row.split_at_mut(self.before[1]);
                    let (middle, right) = rest.split_at_mut(w);
                    left.fill(T::default());
                    middle.copy_from_slice(source);
                    right.fill(T::default());
                }
                // `zip` took one row more than there are lines in the source, unless none is left.
                let filled = (self.before[0] + h) * self.size[1];
                out[filled..].fill(T::default());
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

    /// The distance of each of `rows` from a column's origin.
    pub(crate) fn row_offsets(&self, border: &Border, rows: Range<usize>) -> Vec<usize> {
        let (high, wide) = (self.taps[0].len(), self.taps[1].len());
        rows.map(|k| {
            let (channel, i, j) = (k / (high * wide), k / wide % high, k % wide);
            let at = |axis: usize, tap: isize| (border.before[axis] as isize + tap) as usize;
            channel * border.plane() + at(0, self.taps[0][i]) * border.size[1] + at(1, self.taps[1][j])
        })
        .collect()
    }

    /// Splits columns into runs.
    pub(crate) fn runs(&self, columns: Range<usize>) -> Vec<Run> {
        let [_, wide] = self.grid;
        let mut runs = Vec::new();
        let mut q = columns.start;
        while q < columns.end {
            let (image, p) = (q / self.positions(), q % self.positions());
            let (y, x) = (p / wide, p % wide);
            let len = (wide - x).min(columns.end - q);
            runs.push(Run { image, y, x, len });
            q += len;
        }
        runs
    }

    /// The origin of a run in the surrounded source.
    pub(crate) fn origin(&self, border: &Border, run: &Run) -> usize {
        let image = run.image * self.channels * border.plane();
        image + run.y * self.stride[0] * border.size[1] + run.x * self.stride[1]
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
fn copy_short<T: Copy>(to: &mut [T], from: &[T]) {
    let from = &from[..to.len()];
    let ((to, to_tail), (from, from_tail)) = (to.as_chunks_mut::<16>(), from.as_chunks::<16>());
    to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
    let ((to, to_tail), (from, from_tail)) = (to_tail.as_chunks_mut::<4>(), from_tail.as_chunks::<4>());
    to.iter_mut().zip(from).for_each(|(t, f)| *t = *f);
    to_tail.iter_mut().zip(from_tail).for_each(|(t, f)| *t = *f);
}
