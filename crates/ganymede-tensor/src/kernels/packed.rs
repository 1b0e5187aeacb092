//! Panels: operands of a product laid out in the order in which the microkernel reads them.

use std::ops::Range;

use rayon::prelude::*;

use super::elem::Elem;
use super::microkernel::Microkernel;

/// Steps of the contraction that are multiplied at a time: a panel of `A` (8 rows) stays in the
/// first-level cache, a block of `B` in the second.
pub(crate) const STEPS: usize = 256;

/// A left operand `rows × depth`, packed: for each panel of rows, for each step, the rows' numbers.
pub(crate) struct Packed<T> {
    data: Vec<T>,
    rows: usize,
    depth: usize,
    panel: usize,
}

impl<T: Elem> Packed<T> {
    /// Packs `value(row, step)`.
    pub(crate) fn new(
        kernel: &Microkernel<T>,
        rows: usize,
        depth: usize,
        value: impl Fn(usize, usize) -> T + Sync,
    ) -> Self {
        Self::by_panel(kernel, rows, depth, |rows, panel| {
            for (step, numbers) in panel.chunks_exact_mut(rows.len()).enumerate() {
                numbers.iter_mut().zip(rows.clone()).for_each(|(n, row)| *n = value(row, step));
            }
        })
    }

    /// Packs with a function that fills the panel of some rows.
    pub(crate) fn by_panel(
        kernel: &Microkernel<T>,
        rows: usize,
        depth: usize,
        fill: impl Fn(Range<usize>, &mut [T]) + Sync,
    ) -> Self {
        let mut data = vec![T::default(); rows * depth];
        if !data.is_empty() {
            data.par_chunks_mut(kernel.rows * depth).enumerate().for_each(|(i, panel)| {
                let first = i * kernel.rows;
                fill(first..(first + kernel.rows).min(rows), panel);
            });
        }
        Self { data, rows, depth, panel: kernel.rows }
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }
}

/// `c (+)= a[rows, steps]·b`, where `b` holds panels of `kernel.cols` columns, each for all of
/// `steps`; `c` starts with the first of `rows` and has `ldc` columns, a multiple of
/// `kernel.cols`. `rows` starts at a panel.
#[allow(unsafe_code)]
#[allow(clippy::too_many_arguments)] // Reason: a product has three operands and three sizes.
pub(crate) fn multiply<T: Elem>(
    kernel: &Microkernel<T>,
    a: &Packed<T>,
    rows: Range<usize>,
    steps: Range<usize>,
    b: &[T],
    c: &mut [T],
    ldc: usize,
    accumulate: bool,
) {
    let panel_len = steps.len() * kernel.cols;
    assert!(rows.start.is_multiple_of(a.panel) && rows.end <= a.rows, "rows of a product");
    assert!(steps.end <= a.depth && ldc.is_multiple_of(kernel.cols), "steps and columns of a product");
    assert!(b.len() >= steps.len() * ldc && c.len() >= rows.len() * ldc, "lengths of a product");
    if panel_len == 0 {
        return;
    }
    for first in rows.clone().step_by(a.panel) {
        // A panel is as high as it was packed; the caller's rows end where a panel ends.
        let height = a.panel.min(a.rows - first);
        assert!(first + height <= rows.end, "rows of a product end inside a panel");
        let panel = &a.data[first * a.depth + steps.start * height..][..steps.len() * height];
        for (j, b) in b.chunks_exact(panel_len).take(ldc / kernel.cols).enumerate() {
            let tile = &mut c[(first - rows.start) * ldc + j * kernel.cols..];
            // SAFETY: `panel` and `b` were cut to their lengths; the tile's last row ends at
            // `(height − 1)·ldc + cols` of a slice that reaches to the end of `c`, which the
            // assertions measured; the kernel's instructions were detected.
            unsafe {
                (kernel.run)(
                    height,
                    steps.len(),
                    panel.as_ptr(),
                    b.as_ptr(),
                    tile.as_mut_ptr(),
                    ldc,
                    accumulate,
                );
            }
        }
    }
}
