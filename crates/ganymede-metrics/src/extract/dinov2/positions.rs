//! Interpolation of the position embedding.

use crate::Resize;
use crate::resize::Taps;

/// What Meta's code adds to the number of patches, so that rounding never loses one.
const OFFSET: f64 = 0.1;
/// The parameter of the cubic (Keys 1981), as in PyTorch.
const A: f64 = -0.75;

/// How Meta's code calls PyTorch's bicubic `interpolate`. Both have half-pixel centres.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    /// With `scale_factor = (to + 0.1)/from`, edges repeated: networks without registers.
    Offset,
    /// With `size = to` and `antialias`: networks with registers.
    Antialiased,
}

/// `from × from` rows of `width` numbers, interpolated to `to × to`.
pub(super) fn interpolate(rows: &[f32], from: usize, to: usize, width: usize, rule: Rule) -> Vec<f32> {
    if from == to {
        return rows.to_vec();
    }
    let taps: Vec<Vec<(usize, f64)>> = match rule {
        Rule::Offset => (0..to).map(|i| offset_taps(i, from, to).to_vec()).collect(),
        Rule::Antialiased => antialiased_taps(from, to),
    };
    let mut out = Vec::with_capacity(to * to * width);
    let mut sums = vec![0.0f64; width];
    for down in &taps {
        for across in &taps {
            sums.fill(0.0);
            for (y, b) in down {
                for (x, a) in across {
                    let row = &rows[(y * from + x) * width..][..width];
                    sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += a * b * f64::from(*v));
                }
            }
            out.extend(sums.iter().map(|v| *v as f32));
        }
    }
    out
}

/// The four pixels that pixel `i` is made of, and their shares.
fn offset_taps(i: usize, from: usize, to: usize) -> [(usize, f64); 4] {
    let scale = (to as f64 + OFFSET) / from as f64;
    let at = (i as f64 + 0.5) / scale - 0.5;
    let floor = at.floor();
    let t = at - floor;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    let shares = [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)];
    std::array::from_fn(|k| {
        let pixel = (floor as isize + k as isize - 1).clamp(0, from as isize - 1);
        (pixel as usize, shares[k])
    })
}

/// PyTorch's antialiasing is PIL's, whose taps [`Resize::Clean`] has.
fn antialiased_taps(from: usize, to: usize) -> Vec<Vec<(usize, f64)>> {
    let taps = Taps::new(Resize::Clean, from, to);
    let pixels = taps.first.iter().zip(taps.weights.chunks_exact(taps.count));
    pixels.map(|(&first, weights)| (first..).zip(weights.iter().copied()).collect()).collect()
}
