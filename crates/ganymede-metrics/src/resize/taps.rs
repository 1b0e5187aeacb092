//! Which source pixels a target pixel is made of, along one axis.

use super::Resize;

/// Bits after the point in PIL's weights for bytes.
const PRECISION: i32 = 22;

/// What becomes of the positions along one axis: `kept` of them are resized to `full`, of which `new` are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    old: usize,
    /// Source positions before those that are kept.
    skipped: usize,
    kept: usize,
    full: usize,
    /// Resized positions before those that are kept.
    cut: usize,
    new: usize,
}

impl Axis {
    /// Of height and width, all at least 1.
    pub(super) fn both(resize: Resize, old: [usize; 2], new: [usize; 2]) -> [Self; 2] {
        let short = old[0].min(old[1]);
        [0, 1].map(|axis| {
            let (old, new) = (old[axis], new[axis]);
            let whole = Self { old, skipped: 0, kept: old, full: new, cut: 0, new };
            match resize {
                Resize::Cmmd => Self { skipped: (old - short) / 2, kept: short, ..whole },
                Resize::Clip => {
                    let full = (old as u128 * new as u128 / short as u128) as usize;
                    // Python's `round`: of halves, to the even one.
                    let half = (full - new) / 2;
                    let up = (full - new) % 2 * (half % 2);
                    Self { full, cut: half + up, ..whole }
                }
                _ => whole,
            }
        })
    }

    /// Whether any position moves, or is left out.
    pub(super) fn is_changed(self) -> bool {
        [self.kept, self.full, self.new].iter().any(|count| *count != self.old)
    }
}

/// For each target position, `count` neighbouring source positions and their weights.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taps {
    pub(crate) count: usize,
    /// The first source position of each target; `first + count` is never beyond the source.
    pub(crate) first: Vec<usize>,
    /// `count` for each target.
    pub(crate) weights: Vec<f64>,
}

impl Taps {
    /// `old` positions to `new`, both at least 1, all of them.
    pub(crate) fn new(resize: Resize, old: usize, new: usize) -> Self {
        Self::along(resize, Axis { old, skipped: 0, kept: old, full: new, cut: 0, new })
    }

    pub(super) fn along(resize: Resize, axis: Axis) -> Self {
        let mut taps = match resize {
            Resize::Clean | Resize::PilBicubic | Resize::Cmmd | Resize::Clip => antialiased(axis, 2.0, cubic),
            Resize::TorchBicubic => antialiased_single(axis),
            Resize::PilBilinear => antialiased(axis, 1.0, triangle),
            Resize::LegacyPytorch => linear(axis, |scale, i| (scale * (i + 0.5) - 0.5).max(0.0)),
            Resize::LegacyTensorflow => linear(axis, |scale, i| scale * i),
        };
        taps.first.iter_mut().for_each(|first| *first += axis.skipped);
        if resize.is_in_bytes() {
            let one = f64::from(1 << PRECISION);
            taps.weights.iter_mut().for_each(|weight| *weight = (*weight * one).round() / one);
        }
        taps
    }

    /// From a first position and weights for each target, padded with zeros to one length.
    fn padded(old: usize, ragged: &[(usize, Vec<f64>)]) -> Self {
        let count = ragged.iter().map(|(_, weights)| weights.len()).max().unwrap_or(1);
        let mut taps = Self { count, first: Vec::new(), weights: Vec::new() };
        for (first, weights) in ragged {
            let start = (*first).min(old - count);
            taps.first.push(start);
            let before = first - start;
            taps.weights.extend(std::iter::repeat_n(0.0, before));
            taps.weights.extend(weights);
            taps.weights.extend(std::iter::repeat_n(0.0, count - before - weights.len()));
        }
        taps
    }
}

/// PIL's `resize`: the kernel grows with the reduction, is cut off at the border and sums to 1 again.
fn antialiased(axis: Axis, support: f64, kernel: fn(f64) -> f64) -> Taps {
    let Axis { kept: old, full, cut, new, .. } = axis;
    let scale = old as f64 / full as f64;
    let stretch = scale.max(1.0);
    let (support, inverse) = (support * stretch, 1.0 / stretch);
    let of_target = |i: usize| {
        let centre = (i as f64 + 0.5) * scale;
        // A cast truncates towards zero and saturates, as is wanted on the left.
        let start = (centre - support + 0.5) as usize;
        let end = ((centre + support + 0.5) as usize).min(old);
        let mut weights: Vec<f64> =
            (0..end - start).map(|x| kernel(((x + start) as f64 - centre + 0.5) * inverse)).collect();
        let sum: f64 = weights.iter().sum();
        if sum != 0.0 {
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
        (start, weights)
    };
    Taps::padded(old, &(cut..cut + new).map(of_target).collect::<Vec<_>>())
}

/// The same of the bicubic kernel in f32, as PyTorch has it: where its steps are large, f64 would differ.
fn antialiased_single(axis: Axis) -> Taps {
    let Axis { kept: old, full, cut, new, .. } = axis;
    let scale = old as f32 / full as f32;
    let stretch = scale.max(1.0);
    let (support, inverse) = (2.0 * stretch, 1.0 / stretch);
    let of_target = |i: usize| {
        let centre = scale * (i as f32 + 0.5);
        let start = (centre - support + 0.5) as usize;
        let end = ((centre + support + 0.5) as usize).min(old);
        let weight = |x: usize| cubic_single(((x + start) as f32 - centre + 0.5) * inverse);
        let mut weights: Vec<f32> = (0..end - start).map(weight).collect();
        let sum: f32 = weights.iter().sum();
        if sum != 0.0 {
            weights.iter_mut().for_each(|weight| *weight /= sum);
        }
        (start, weights.into_iter().map(f64::from).collect())
    };
    Taps::padded(old, &(cut..cut + new).map(of_target).collect::<Vec<_>>())
}

/// [`cubic`] with PyTorch's order of operations.
fn cubic_single(x: f32) -> f32 {
    const A: f32 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A
    } else {
        0.0
    }
}

/// Keys' kernel with a = −1/2 (IEEE Trans. ASSP 29, 1981, eq. 15).
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

fn triangle(x: f64) -> f64 {
    (1.0 - x.abs()).max(0.0)
}

/// Between the two neighbours of a source position. Positions are in f32, as in the programs that are
/// followed: in f64 they would differ by more than the tolerance where the picture has an edge.
fn linear(axis: Axis, source: fn(f32, f32) -> f32) -> Taps {
    let Axis { kept: old, full, cut, new, .. } = axis;
    let scale = old as f32 / full as f32;
    let of_target = |i: usize| {
        let position = source(scale, i as f32);
        let below = (position as usize).min(old - 1);
        let share = (position - below as f32).clamp(0.0, 1.0);
        if below + 1 < old {
            (below, vec![f64::from(1.0 - share), f64::from(share)])
        } else {
            (below, vec![1.0])
        }
    };
    Taps::padded(old, &(cut..cut + new).map(of_target).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Python says: `(old - short) // 2`, `int(side * long / short)`, `int(round((full - side) / 2))`.
    #[test]
    fn the_middle_is_where_pil_and_torchvision_have_it() {
        let places =
            |resize, old, new| Axis::both(resize, old, new).map(|a| (a.skipped, a.kept, a.full, a.cut));
        assert_eq!(places(Resize::Cmmd, [7, 12], [4, 4]), [(0, 7, 4, 0), (2, 7, 4, 0)]);
        assert_eq!(places(Resize::Clip, [6, 9], [4, 4]), [(0, 6, 4, 0), (0, 9, 6, 1)]);
        assert_eq!(places(Resize::Clip, [15, 8], [4, 4]), [(0, 15, 7, 2), (0, 8, 4, 0)]);
        assert_eq!(places(Resize::Clip, [10, 8], [4, 4])[0], (0, 10, 5, 0));
        assert_eq!(places(Resize::Clean, [15, 8], [4, 4]), [(0, 15, 4, 0), (0, 8, 4, 0)]);
        // The part that is cut away costs nothing, however large it is.
        let long = Axis::both(Resize::Clip, [1, 1 << 30], [224, 224])[1];
        assert_eq!(Taps::along(Resize::Clip, long).first.len(), 224);
    }

    #[test]
    fn weights_sum_to_one_and_stay_inside() {
        for &resize in Resize::ALL {
            for (old, new) in
                [(1, 1), (1, 7), (7, 1), (2, 5), (5, 2), (64, 299), (299, 64), (299, 299), (1000, 3)]
            {
                let taps = Taps::new(resize, old, new);
                assert_eq!((taps.first.len(), taps.weights.len()), (new, new * taps.count));
                assert!(taps.first.iter().all(|first| first + taps.count <= old), "{resize} {old} {new}");
                for weights in taps.weights.chunks_exact(taps.count) {
                    let sum: f64 = weights.iter().sum();
                    // The shares of the linear rules and PyTorch's are f32, and those for bytes have 22 bits after the point.
                    let bits = if resize.is_in_bytes() { f64::powi(0.5, PRECISION + 1) } else { 0.0 };
                    let single = if resize == Resize::TorchBicubic { 1e-8 } else { 0.0 };
                    let limit = 1e-6 + (single + bits) * taps.count as f64;
                    assert!((sum - 1.0).abs() < limit, "{resize} {old} {new}: {sum}");
                }
            }
        }
    }
}
