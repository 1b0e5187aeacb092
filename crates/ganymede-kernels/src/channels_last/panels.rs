//! Weights packed once, in panels of a few registers of output channels.

use super::kernel::{Kernel, MAX_WIDTH, Tile};

/// The widest register of any kernel, in numbers.
const LANES: usize = 16;

/// A matrix `(depth, outputs)`: panel after panel of columns, in each step after step.
pub(super) struct Panels {
    data: Vec<f32>,
    depth: usize,
    outputs: usize,
    kernel: Kernel,
}

/// Pixels to multiply: for tile after tile of at most [`Kernel::rows`] rows, for each segment, where each row's numbers
/// are.
pub(super) struct Rows<'a> {
    origins: Vec<*const f32>,
    count: usize,
    segments: usize,
    len: usize,
    kernel_rows: usize,
    source: std::marker::PhantomData<&'a [f32]>,
}

impl<'a> Rows<'a> {
    /// `count` rows; `segment(row, s)` are the numbers of segment `s`, `len` of them at least.
    ///
    /// # Panics
    /// A segment is shorter.
    pub(super) fn new(
        count: usize,
        segments: usize,
        len: usize,
        segment: impl Fn(usize, usize) -> &'a [f32],
    ) -> Self {
        let kernel_rows = Kernel::here().rows;
        let mut origins = Vec::with_capacity(count * segments);
        for first in (0..count).step_by(kernel_rows) {
            let tile = first..(first + kernel_rows).min(count);
            for s in 0..segments {
                origins.extend(tile.clone().map(|row| segment(row, s)[..len].as_ptr()));
            }
        }
        Self { origins, count, segments, len, kernel_rows, source: std::marker::PhantomData }
    }
}

/// What happens to a sum before it is stored.
#[derive(Clone, Copy, Default)]
pub(super) struct Finish<'a> {
    /// For each output, and some more: [`Panels::padded`]. None for zeros.
    pub(super) bias: Option<&'a [f32]>,
    pub(super) relu: bool,
}

impl Panels {
    /// Packs the matrix whose number in step `k`, column `o` is `number(k, o)`.
    pub(super) fn new(depth: usize, outputs: usize, number: impl Fn(usize, usize) -> f32) -> Self {
        let kernel = Kernel::here();
        let mut data = Vec::with_capacity(depth * padded(outputs, kernel.lanes));
        for (first, width) in columns(outputs, &kernel) {
            for k in 0..depth {
                data.extend(
                    (first..first + width * kernel.lanes)
                        .map(|o| if o < outputs { number(k, o) } else { 0.0 }),
                );
            }
        }
        Self { data, depth, outputs, kernel }
    }

    /// As many columns as whole registers hold.
    pub(super) fn padded(&self) -> usize {
        padded(self.outputs, self.kernel.lanes)
    }

    /// `out[row·row_stride + o] = finish(rows·matrix)` for each column `o`.
    ///
    /// # Panics
    /// The sizes do not fit.
    #[allow(unsafe_code)]
    pub(super) fn multiply(&self, rows: &Rows, out: &mut [f32], row_stride: usize, finish: Finish) {
        let Kernel { lanes, run, .. } = self.kernel;
        assert_eq!(rows.segments * rows.len, self.depth, "steps of a product");
        assert_eq!(rows.kernel_rows, self.kernel.rows, "rows of a tile");
        if rows.count == 0 || self.outputs == 0 {
            return;
        }
        assert!((rows.count - 1) * row_stride + self.outputs <= out.len(), "the result of a product");
        assert!(finish.bias.is_none_or(|bias| bias.len() >= self.padded()), "the bias of a product");
        let mut aside = [0.0f32; 8 * MAX_WIDTH * LANES];
        let mut panel = 0;
        for (first, width) in columns(self.outputs, &self.kernel) {
            let weights = &self.data[panel..panel + self.depth * width * lanes];
            panel += weights.len();
            let own = (width * lanes).min(self.outputs - first);
            // A register that reaches over the last column is stored aside: what lies behind belongs to others.
            let whole = own == width * lanes;
            for start in (0..rows.count).step_by(rows.kernel_rows) {
                let height = rows.kernel_rows.min(rows.count - start);
                let result = &mut out[start * row_stride + first..][..(height - 1) * row_stride + own];
                let tile = Tile {
                    segments: rows.segments,
                    len: rows.len,
                    origins: rows.origins[start * rows.segments..][..height * rows.segments].as_ptr(),
                    weights: weights.as_ptr(),
                    bias: finish.bias.map_or(std::ptr::null(), |bias| bias[first..].as_ptr()),
                    relu: finish.relu,
                    out: if whole { result.as_mut_ptr() } else { aside.as_mut_ptr() },
                    row_stride: if whole { row_stride } else { width * lanes },
                };
                // SAFETY: `Rows` holds `segments` pointers for each row to `len` numbers that it borrows; `weights` was
                // cut to `depth` steps, `bias` reaches to the last whole register, and the last row of the result ends in
                // `result`, or in `aside`, which holds the largest tile. The kernel fits this processor.
                unsafe { run(height, width, &tile) };
                if !whole {
                    for (from, to) in aside.chunks_exact(width * lanes).zip(result.chunks_mut(row_stride)) {
                        to[..own].copy_from_slice(&from[..own]);
                    }
                }
            }
        }
    }
}

fn padded(outputs: usize, lanes: usize) -> usize {
    outputs.next_multiple_of(lanes)
}

/// Each panel's first column and its registers: as few panels as there can be, and of these none much narrower than the
/// others.
fn columns(outputs: usize, kernel: &Kernel) -> impl Iterator<Item = (usize, usize)> + use<> {
    let registers = outputs.div_ceil(kernel.lanes);
    let panels = registers.div_ceil(kernel.width);
    let lanes = kernel.lanes;
    (0..panels).map(move |i| {
        let at = |i: usize| i * registers / panels;
        (at(i) * lanes, at(i + 1) - at(i))
    })
}
