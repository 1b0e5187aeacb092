//! Products of a left operand that is packed in panels with a right one that is read where it lies.

use std::ops::Range;

use rayon::prelude::*;

use super::elem::{Elem, Scratch};
use super::microkernel::{MAX_GROUPS, Microkernel, Tile};

/// Steps of the contraction that are multiplied at a time: a panel of `A` (6 or 8 rows) stays in the
/// first-level cache, and so does most of what its columns read.
pub(crate) const STEPS: usize = 256;

/// A left operand `rows × depth`, packed: for each panel of rows, for each step, the rows' numbers.
pub(crate) struct Packed<T: Elem> {
    data: Scratch<T>,
    rows: usize,
    depth: usize,
    panel: usize,
}

impl<T: Elem> Packed<T> {
    /// Packs with a function that fills the panel of some rows.
    pub(crate) fn by_panel(
        kernel: &Microkernel<T>,
        rows: usize,
        depth: usize,
        fill: impl Fn(Range<usize>, &mut [T]) + Sync,
    ) -> Self {
        let mut data = Scratch::new(rows * depth);
        if !data.is_empty() {
            data.par_chunks_mut(kernel.rows * depth).enumerate().for_each(|(i, panel)| {
                let first = i * kernel.rows;
                fill(first..(first + kernel.rows).min(rows), panel);
            });
        }
        Self { data, rows, depth, panel: kernel.rows }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
}

/// Up to one register of columns: where step 0 of the first is read, and where its result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Columns that count; the kernel reads a whole register all the same.
    pub(crate) len: usize,
}

/// The right operand: number `k` of a group's columns lies at `source[from + offsets[k]..]`.
pub(crate) struct Columns<'a, T> {
    pub(crate) source: &'a [T],
    pub(crate) offsets: &'a [usize],
    pub(crate) groups: &'a [Group],
}

impl<T: Elem> Columns<'_, T> {
    /// Whether every register that the kernel reads lies inside the source.
    fn fits(&self, lanes: usize) -> bool {
        let from = self.groups.iter().map(|g| g.from).max().unwrap_or(0);
        let offset = self.offsets.iter().max().copied().unwrap_or(0);
        self.offsets.is_empty() || self.groups.is_empty() || from + offset + lanes <= self.source.len()
    }
}

/// `c (+)= a[rows, steps]·b`: row `r` of group `g` goes to `c[g.to + (r − rows.start)·row_stride..]`.
///
/// `rows` starts and ends at a panel; `b` has an offset for each of `steps`.
pub(crate) fn multiply<T: Elem>(
    kernel: &Microkernel<T>,
    (a, rows, steps): (&Packed<T>, Range<usize>, Range<usize>),
    b: &Columns<T>,
    (c, row_stride): (&mut [T], usize),
    accumulate: bool,
) {
    assert!(rows.start.is_multiple_of(a.panel) && rows.end <= a.rows, "rows of a product");
    assert!(rows.end == a.rows || rows.end.is_multiple_of(a.panel), "rows of a product end inside a panel");
    assert!(steps.end <= a.depth && steps.len() == b.offsets.len(), "steps of a product");
    assert!(b.fits(kernel.lanes), "the right operand of a product");
    let end = b.groups.iter().map(|g| g.to + g.len).max().unwrap_or(0);
    assert!(b.groups.iter().all(|g| g.len <= kernel.lanes), "groups of a product");
    if rows.is_empty() || steps.is_empty() || b.groups.is_empty() {
        return;
    }
    assert!(end + (rows.len() - 1) * row_stride <= c.len(), "the result of a product");
    let mut aside = [T::default(); ASIDE];
    for first in rows.clone().step_by(a.panel) {
        let height = a.panel.min(a.rows - first);
        let panel = &a.data[first * a.depth + steps.start * height..][..steps.len() * height];
        let c = &mut c[(first - rows.start) * row_stride..];
        for groups in b.groups.chunks(kernel.groups(height)) {
            tile(kernel, panel, &Columns { groups, ..*b }, (c, row_stride), &mut aside, accumulate);
        }
    }
}

/// The largest tile of any kernel: 8 rows of 16 lanes.
const ASIDE: usize = 8 * 16 * MAX_GROUPS;

/// One tile of [`multiply`], which has checked all bounds.
#[allow(unsafe_code)]
fn tile<T: Elem>(
    kernel: &Microkernel<T>,
    panel: &[T],
    b: &Columns<T>,
    (c, row_stride): (&mut [T], usize),
    aside: &mut [T; ASIDE],
    accumulate: bool,
) {
    let (steps, lanes) = (b.offsets.len(), kernel.lanes);
    let height = panel.len() / steps;
    let whole = b.groups.iter().all(|g| g.len == lanes);
    let aside_stride = lanes * b.groups.len();
    // Taken once: another borrow of the same slice would end the right to use pointers made before.
    let (result, room) = (c.as_mut_ptr(), aside.as_mut_ptr());
    let mut t = Tile {
        steps,
        a: panel.as_ptr(),
        offsets: b.offsets.as_ptr(),
        b: [b.source.as_ptr(); MAX_GROUPS],
        c: [room; MAX_GROUPS],
        row_stride: if whole { row_stride } else { aside_stride },
        accumulate: accumulate && whole,
    };
    for (i, g) in b.groups.iter().enumerate() {
        t.b[i] = b.source[g.from..].as_ptr();
        t.c[i] = if whole { result.wrapping_add(g.to) } else { room.wrapping_add(i * lanes) };
    }
    // SAFETY: `multiply` asserted that every register read lies in `source`, and that every group's last
    // row ends in `c`; or the result goes aside, where the largest tile has room. The panel was cut to
    // `steps · height`, and the kernel's instructions were detected. `c` and `aside` are borrowed mutably
    // and not touched between the taking of the pointers and here.
    unsafe { (kernel.run)(height, b.groups.len(), &t) };
    if whole {
        return;
    }
    for (r, row) in aside.chunks_exact(aside_stride).take(height).enumerate() {
        for (g, sums) in b.groups.iter().zip(row.chunks_exact(lanes)) {
            let to = &mut c[r * row_stride + g.to..][..g.len];
            if accumulate {
                to.iter_mut().zip(sums).for_each(|(to, sum)| *to += *sum);
            } else {
                to.copy_from_slice(&sums[..g.len]);
            }
        }
    }
}
