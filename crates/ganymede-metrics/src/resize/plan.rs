//! Images of one size to another size, with the coefficients computed once.

use super::Resize;
use super::taps::{Axis, Taps};

/// From one size to another by one rule.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    resize: Resize,
    /// Height, width.
    old: [usize; 2],
    new: [usize; 2],
    /// Along rows; nothing where the widths are equal.
    across: Option<Taps>,
    /// Along columns; nothing where the heights are equal.
    down: Option<Taps>,
}

/// Memory that is used again for the next plane.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// The rows of the source at the new width.
    rows: Vec<f32>,
    sums: Vec<f64>,
}

impl Plan {
    /// Sizes are height and width, all at least 1.
    pub(crate) fn new(resize: Resize, old: [usize; 2], new: [usize; 2]) -> Self {
        let axes = Axis::both(resize, old, new);
        let taps = |axis: usize| axes[axis].is_changed().then(|| Taps::along(resize, axes[axis]));
        Self { resize, old, new, across: taps(1), down: taps(0) }
    }

    pub(crate) fn is_for(&self, old: [usize; 2]) -> bool {
        self.old == old
    }

    /// Pixels of a resized plane.
    pub(crate) fn area(&self) -> usize {
        self.new[0] * self.new[1]
    }

    /// Resizes one plane. `row(y, out)` gives a row of the source.
    ///
    /// Every pass is rounded to f32, as in PIL and PyTorch, and summed in f64 from left to right, as in PIL; or to whole
    /// levels, where these come from sums of whole numbers.
    pub(crate) fn plane(
        &self,
        mut row: impl FnMut(usize, &mut [f32]),
        out: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let ([old_height, old_width], [_, width]) = (self.old, self.new);
        let round: fn(f64) -> f32 = if self.resize.is_in_bytes() { to_byte } else { |sum| sum as f32 };
        let mut row = |y: usize, out: &mut [f32]| {
            row(y, out);
            if self.resize.is_in_bytes() {
                out.iter_mut().for_each(|level| *level = to_byte(f64::from(*level)));
            }
        };
        let mut source = vec![0.0; old_width];
        scratch.rows.resize(old_height * width, 0.0);
        let rows = if self.down.is_some() { &mut scratch.rows[..] } else { &mut *out };
        for (y, target) in rows.chunks_exact_mut(width).enumerate() {
            match &self.across {
                None => row(y, target),
                Some(taps) => {
                    row(y, &mut source);
                    along_row(taps, &source, target, round);
                }
            }
        }
        if let Some(taps) = &self.down {
            along_columns(taps, &scratch.rows[..old_height * width], out, &mut scratch.sums, round);
        }
        // Only a kernel with negative lobes overshoots.
        if self.resize == Resize::Clean {
            out.iter_mut().for_each(|level| *level = level.clamp(0.0, 255.0));
        }
    }
}

/// PIL's rounding of a sum in fixed point.
fn to_byte(sum: f64) -> f32 {
    (sum + 0.5).floor().clamp(0.0, 255.0) as f32
}

fn along_row(taps: &Taps, source: &[f32], target: &mut [f32], round: fn(f64) -> f32) {
    let weights = taps.weights.chunks_exact(taps.count);
    for ((out, &first), weights) in target.iter_mut().zip(&taps.first).zip(weights) {
        let pixels = &source[first..first + taps.count];
        let products = pixels.iter().zip(weights).map(|(&pixel, weight)| f64::from(pixel) * weight);
        *out = round(products.sum());
    }
}

fn along_columns(taps: &Taps, rows: &[f32], out: &mut [f32], sums: &mut Vec<f64>, round: fn(f64) -> f32) {
    let width = out.len() / taps.first.len();
    let weights = taps.weights.chunks_exact(taps.count);
    for ((target, &first), weights) in out.chunks_exact_mut(width).zip(&taps.first).zip(weights) {
        sums.clear();
        sums.resize(width, 0.0);
        let sources = rows[first * width..].chunks_exact(width);
        for (source, &weight) in sources.zip(weights).filter(|(_, weight)| **weight != 0.0) {
            for (sum, &pixel) in sums.iter_mut().zip(source) {
                *sum += f64::from(pixel) * weight;
            }
        }
        for (level, &sum) in target.iter_mut().zip(sums.iter()) {
            *level = round(sum);
        }
    }
}
