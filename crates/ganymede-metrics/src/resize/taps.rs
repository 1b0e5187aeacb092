//! Which source pixels a target pixel is made of, along one axis.

use super::Resize;

/// What PIL's coefficients for 8 bits are multiples of the inverse of.
pub(super) const WHOLE: f64 = (1 << 22) as f64;

/// For each target position, `count` neighbouring source positions and their weights.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Taps {
    pub(super) count: usize,
    /// The first source position of each target; `first + count` is never beyond the source.
    pub(super) first: Vec<usize>,
    /// `count` for each target.
    pub(super) weights: Vec<f64>,
}

impl Taps {
    /// `old` positions to `new`, both at least 1.
    pub(super) fn new(resize: Resize, old: usize, new: usize) -> Self {
        match resize {
            Resize::Clean => antialiased(old, new, 2.0, cubic),
            Resize::TorchBicubic => antialiased_single(old, new),
            Resize::PilBicubic => antialiased(old, new, 2.0, cubic).of_whole_numbers(),
            Resize::PilBilinear => antialiased(old, new, 1.0, triangle),
            Resize::LegacyPytorch => linear(old, new, |scale, i| (scale * (i + 0.5) - 0.5).max(0.0)),
            Resize::LegacyTensorflow => linear(old, new, |scale, i| scale * i),
        }
    }

    /// Weights times [`WHOLE`], rounded half away from 0.
    fn of_whole_numbers(mut self) -> Self {
        self.weights.iter_mut().for_each(|weight| *weight = (*weight * WHOLE).round());
        self
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
fn antialiased(old: usize, new: usize, support: f64, kernel: fn(f64) -> f64) -> Taps {
    let scale = old as f64 / new as f64;
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
    Taps::padded(old, &(0..new).map(of_target).collect::<Vec<_>>())
}

/// The same of the bicubic kernel in f32, as PyTorch has it: where its steps are large, f64 would differ.
fn antialiased_single(old: usize, new: usize) -> Taps {
    let scale = old as f32 / new as f32;
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
    Taps::padded(old, &(0..new).map(of_target).collect::<Vec<_>>())
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
fn linear(old: usize, new: usize, source: fn(f32, f32) -> f32) -> Taps {
    let scale = old as f32 / new as f32;
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
    Taps::padded(old, &(0..new).map(of_target).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

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
                    // PIL's are rounded one by one.
                    let (whole, limit) = match resize {
                        Resize::PilBicubic => (WHOLE, taps.count as f64 / WHOLE),
                        Resize::TorchBicubic => (1.0, 1e-6),
                        _ => (1.0, 1e-7),
                    };
                    let sum: f64 = weights.iter().sum::<f64>() / whole;
                    // The shares of the linear rules are f32.
                    assert!((sum - 1.0).abs() <= limit, "{resize} {old} {new}: {sum}");
                }
            }
        }
    }
}
