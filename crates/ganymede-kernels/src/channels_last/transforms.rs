//! Tiles of four results along an axis: of 3 taps by [`SIX`] points, as those of the convolutions that train
//! (`winograd/lines.rs` has their transforms), and of 4 taps by [`SEVEN`], whose transforms are here. Functions take the same
//! sixteen channels of a pixel.

use crate::lanes::{LANES, Lanes, add, scale, sub};

/// Results of a tile on an axis.
pub(super) const OUT: usize = 4;

/// The same channels of a pixel.
pub(super) type Channels = Lanes<f32>;

/// The points of a tile: 0, ±a, ±b, perhaps one more, and infinity.
#[derive(Clone, Copy)]
pub(super) struct Points {
    a: f64,
    b: f64,
    extra: Option<f64>,
}

pub(super) const SIX: Points = Points { a: 0.75, b: 1.5, extra: None };

/// The sums of 192 channels lose some 2e-6 of the largest.
pub(super) const SEVEN: Points = Points { a: A, b: B, extra: Some(C) };
const A: f64 = 1.0;
const B: f64 = 2.0;
const C: f64 = 0.5;

impl Points {
    fn finite(self) -> Vec<f64> {
        [0.0, self.a, -self.a, self.b, -self.b].into_iter().chain(self.extra).collect()
    }

    /// How many there are: numbers of the input that a tile reads.
    pub(super) fn count(self) -> usize {
        6 + usize::from(self.extra.is_some())
    }

    /// Taps that a tile has.
    pub(super) fn taps(self) -> usize {
        self.count() + 1 - OUT
    }

    /// By how much tap `tap` counts at point `point`.
    pub(super) fn of_tap(self, point: usize, tap: usize) -> f64 {
        let finite = self.finite();
        let Some(p) = finite.get(point) else {
            return if tap + 1 == self.taps() { 1.0 } else { 0.0 };
        };
        let others = finite.iter().enumerate().filter(|(i, _)| *i != point);
        p.powi(tap as i32) / others.map(|(_, q)| p - q).product::<f64>()
    }
}

/// The values of seven numbers of the input at [`SEVEN`] points.
#[inline(always)]
pub(super) fn source_of_seven(d: [Channels; 7]) -> [Channels; 7] {
    // Divided by what vanishes at the extra point, there remains what has six points.
    let mut e = [d[0]; 6];
    for (i, e) in e.iter_mut().enumerate() {
        *e = sub(d[i + 1], scale(C, d[i]));
    }
    let (even, odd) = (sub(e[4], scale(B * B, e[2])), scale(A, sub(e[3], scale(B * B, e[1]))));
    let [a_plus, a_minus] = [add(even, odd), sub(even, odd)];
    let (even, odd) = (sub(e[4], scale(A * A, e[2])), scale(B, sub(e[3], scale(A * A, e[1]))));
    let [b_plus, b_minus] = [add(even, odd), sub(even, odd)];
    let outer = [outer(e[0], e[2], e[4]), outer(d[1], d[3], d[5]), outer(e[1], e[3], e[5])];
    [outer[0], a_plus, a_minus, b_plus, b_minus, outer[1], outer[2]]
}

/// What vanishes at ±a and ±b.
#[inline(always)]
fn outer(x: Channels, y: Channels, z: Channels) -> Channels {
    add(sub(z, scale(A * A + B * B, y)), scale(A * A * B * B, x))
}

/// Four results from their values at [`SEVEN`] points.
#[inline(always)]
pub(super) fn result_of_seven(m: [Channels; 7]) -> [Channels; OUT] {
    let (even_a, odd_a) = (add(m[1], m[2]), scale(A, sub(m[1], m[2])));
    let (even_b, odd_b) = (add(m[3], m[4]), scale(B, sub(m[3], m[4])));
    let extra = |power: i32| scale(C.powi(power), m[5]);
    [
        add(add(m[0], m[5]), add(even_a, even_b)),
        add(extra(1), add(odd_a, odd_b)),
        add(extra(2), add(scale(A * A, even_a), scale(B * B, even_b))),
        add(add(extra(3), m[6]), add(scale(A * A, odd_a), scale(B * B, odd_b))),
    ]
}

/// Sum, bias and activation of a result.
#[inline(always)]
pub(super) fn finished(mut result: Channels, bias: &Channels, relu: bool) -> Channels {
    for (v, bias) in result.iter_mut().zip(bias) {
        let sum = *v + bias;
        // A NaN is not below zero: it stays.
        *v = if relu && sum < 0.0 { 0.0 } else { sum };
    }
    result
}

/// Numbers by so many channels at a time.
///
/// # Panics
/// Something is left over.
pub(super) fn by_channels(numbers: &[f32]) -> &[Channels] {
    let (all, rest) = numbers.as_chunks();
    assert!(rest.is_empty(), "channels that are no multiple of {LANES}");
    all
}

/// As [`by_channels`], to write.
pub(super) fn by_channels_mut(numbers: &mut [f32]) -> &mut [Channels] {
    let (all, rest) = numbers.as_chunks_mut();
    assert!(rest.is_empty(), "channels that are no multiple of {LANES}");
    all
}
