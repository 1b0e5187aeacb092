//! Transforms of tiles of four results along an axis (Winograd's minimal filtering; Lavin and Gray, 2016,
//! arXiv:1509.09308): polynomials of the input and of the taps are multiplied by their values at some points.
//!
//! [`SIX`] points serve 3 taps, [`SEVEN`] serve 4; the last of them is infinity. They are chosen for accuracy: with 0, ±¾,
//! ±3⁄2 the error of four by four results is a third of that with 0, ±1, ±2, some 1e-6 of the sum's deviation.

/// Results of a tile on an axis.
pub(super) const OUT: usize = 4;

/// Channels that are transformed at a time.
pub(super) const LANES: usize = 16;

/// The same channels of a pixel.
pub(super) type Channels = [f32; LANES];

/// Finite points 0, ±a, ±b, and perhaps one more.
#[derive(Clone, Copy)]
pub(super) struct Points {
    a: f32,
    b: f32,
    extra: Option<f32>,
}

pub(super) const SIX: Points = Points { a: 0.75, b: 1.5, extra: None };
pub(super) const SEVEN: Points = Points { a: 1.0, b: 2.0, extra: Some(0.5) };

impl Points {
    fn finite(self) -> Vec<f64> {
        let [a, b] = [self.a, self.b].map(f64::from);
        [0.0, a, -a, b, -b].into_iter().chain(self.extra.map(f64::from)).collect()
    }

    /// How many there are, infinity too: numbers of the input that a tile reads.
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

/// The values of six numbers of the input at [`SIX`] points.
#[inline(always)]
pub(super) fn source_of_six(d: [Channels; 6]) -> [Channels; 6] {
    let Points { a, b, .. } = SIX;
    let [zero, a_plus, a_minus, b_plus, b_minus] = five([d[0], d[1], d[2], d[3], d[4]], a, b);
    [zero, a_plus, a_minus, b_plus, b_minus, odd([d[1], d[3], d[5]], a, b)]
}

/// The values of seven numbers of the input at [`SEVEN`] points.
#[inline(always)]
pub(super) fn source_of_seven(d: [Channels; 7]) -> [Channels; 7] {
    let Points { a, b, extra } = SEVEN;
    let c = extra.expect("a seventh point");
    // Divided by what vanishes at the extra point, the others are as with six.
    let e: [Channels; 6] = std::array::from_fn(|i| add(d[i + 1], scale(-c, d[i])));
    let [zero, a_plus, a_minus, b_plus, b_minus] = five([e[0], e[1], e[2], e[3], e[4]], a, b);
    let extra = odd([d[1], d[3], d[5]], a, b);
    [zero, a_plus, a_minus, b_plus, b_minus, extra, odd([e[1], e[3], e[5]], a, b)]
}

/// At 0, ±a, ±b.
#[inline(always)]
fn five(d: [Channels; 5], a: f32, b: f32) -> [Channels; 5] {
    let (aa, bb) = (a * a, b * b);
    let zero = add(add(scale(aa * bb, d[0]), scale(-(aa + bb), d[2])), d[4]);
    let (even, odd) = (add(d[4], scale(-bb, d[2])), scale(a, add(d[3], scale(-bb, d[1]))));
    let [a_plus, a_minus] = [add(even, odd), sub(even, odd)];
    let (even, odd) = (add(d[4], scale(-aa, d[2])), scale(b, add(d[3], scale(-aa, d[1]))));
    [zero, a_plus, a_minus, add(even, odd), sub(even, odd)]
}

/// Of the odd numbers: at infinity, or where all even ones vanish.
#[inline(always)]
fn odd([first, third, fifth]: [Channels; 3], a: f32, b: f32) -> Channels {
    let (aa, bb) = (a * a, b * b);
    add(add(scale(aa * bb, first), scale(-(aa + bb), third)), fifth)
}

/// Four results from their values at [`SIX`] points.
#[inline(always)]
pub(super) fn result_of_six(m: [Channels; 6]) -> [Channels; OUT] {
    let Points { a, b, .. } = SIX;
    four([m[0], m[1], m[2], m[3], m[4]], m[5], a, b)
}

/// Four results from their values at [`SEVEN`] points.
#[inline(always)]
pub(super) fn result_of_seven(m: [Channels; 7]) -> [Channels; OUT] {
    let Points { a, b, extra } = SEVEN;
    let c = extra.expect("a seventh point");
    let mut results = four([m[0], m[1], m[2], m[3], m[4]], m[6], a, b);
    let mut power = m[5];
    for result in &mut results {
        *result = add(*result, power);
        power = scale(c, power);
    }
    results
}

#[inline(always)]
fn four(m: [Channels; 5], infinity: Channels, a: f32, b: f32) -> [Channels; OUT] {
    let (even_a, odd_a) = (add(m[1], m[2]), scale(a, sub(m[1], m[2])));
    let (even_b, odd_b) = (add(m[3], m[4]), scale(b, sub(m[3], m[4])));
    let (aa, bb) = (a * a, b * b);
    [
        add(m[0], add(even_a, even_b)),
        add(odd_a, odd_b),
        add(scale(aa, even_a), scale(bb, even_b)),
        add(add(scale(aa, odd_a), scale(bb, odd_b)), infinity),
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

#[inline(always)]
fn add(mut a: Channels, b: Channels) -> Channels {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    a
}

#[inline(always)]
fn sub(mut a: Channels, b: Channels) -> Channels {
    a.iter_mut().zip(b).for_each(|(a, b)| *a -= b);
    a
}

#[inline(always)]
fn scale(by: f32, mut a: Channels) -> Channels {
    a.iter_mut().for_each(|a| *a *= by);
    a
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
