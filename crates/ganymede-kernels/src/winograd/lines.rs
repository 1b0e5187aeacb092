//! The transforms of tiles on one axis.
//!
//! A tile of `m` results and `r` taps is evaluated at `m + r − 1` points: `A` takes results (or their
//! gradient) there, `G` taps, `B` the source, `y = Aᵀ((G g) ⊙ (Bᵀ d))`. Points are 0, 1 and ∞ for 2 results
//! of 2 taps, 0, ±1 and ∞ for 2 of 3 (equation 10 of Lavin and Gray). For 4 results they are chosen so that the
//! sums lose little: ±½, ±1 and ∞ for 2 taps, and 0, ±¾, ±³⁄₂ and ∞ for 3, which in f32 are 2.5 and 3.8 times as
//! accurate as the usual integers. `G` holds what is not exact, the differences of points that `B` is divided by.

use crate::elem::Elem;
use crate::lanes::{Lanes, add, scale, sub};

/// `[a + b, a − b]`.
#[inline(always)]
fn both<T: Elem, const L: usize>(a: Lanes<T, L>, b: Lanes<T, L>) -> [Lanes<T, L>; 2] {
    [add(a, b), sub(a, b)]
}

/// The points of a tile of 4 results and 3 taps other than 0 and ∞: ±`NEAR` and ±`FAR`.
const NEAR: f64 = 0.75;
const FAR: f64 = 1.5;
const NEAR_2: f64 = NEAR * NEAR;
const FAR_2: f64 = FAR * FAR;

/// What `G` divides by at 0, ±`NEAR` and ±`FAR`, and at ±½ and ±1 with 2 taps.
const AT_ZERO: f64 = 1.0 / (NEAR_2 * FAR_2);
const AT_NEAR: f64 = 1.0 / (2.0 * NEAR_2 * (NEAR_2 - FAR_2));
const AT_FAR: f64 = 1.0 / (2.0 * FAR_2 * (FAR_2 - NEAR_2));
const AT_HALF: f64 = -4.0 / 3.0;
const AT_ONE: f64 = 2.0 / 3.0;

/// `Bᵀ d`, 2 results and 2 taps.
#[inline(always)]
pub(super) fn source_2_2<T: Elem, const L: usize>([a, b, c]: [Lanes<T, L>; 3]) -> [Lanes<T, L>; 3] {
    [sub(a, b), b, sub(c, b)]
}

/// `Bᵀ d`, 2 results and 3 taps.
#[inline(always)]
pub(super) fn source_2_3<T: Elem, const L: usize>([a, b, c, d]: [Lanes<T, L>; 4]) -> [Lanes<T, L>; 4] {
    [sub(a, c), add(b, c), sub(c, b), sub(b, d)]
}

/// `Bᵀ d`, 4 results and 2 taps.
#[inline(always)]
pub(super) fn source_4_2<T: Elem, const L: usize>([a, b, c, d, e]: [Lanes<T, L>; 5]) -> [Lanes<T, L>; 5] {
    let [half, minus_half] = both(sub(d, b), scale(0.5, sub(c, a)));
    let [one, minus_one] = both(sub(d, scale(0.25, b)), sub(c, scale(0.25, a)));
    [half, minus_half, one, minus_one, add(sub(e, scale(1.25, c)), scale(0.25, a))]
}

/// `Bᵀ d`, 4 results and 3 taps.
#[inline(always)]
pub(crate) fn source_4_3<T: Elem, const L: usize>([a, b, c, d, e, f]: [Lanes<T, L>; 6]) -> [Lanes<T, L>; 6] {
    let outer = |x, y, z| add(sub(z, scale(NEAR_2 + FAR_2, y)), scale(NEAR_2 * FAR_2, x));
    let [near, minus_near] = both(sub(e, scale(FAR_2, c)), scale(NEAR, sub(d, scale(FAR_2, b))));
    let [far, minus_far] = both(sub(e, scale(NEAR_2, c)), scale(FAR, sub(d, scale(NEAR_2, b))));
    [outer(a, c, e), near, minus_near, far, minus_far, outer(b, d, f)]
}

/// `Aᵀ m`, 2 results and 2 taps.
#[inline(always)]
pub(super) fn result_2_2<T: Elem, const L: usize>([a, b, c]: [Lanes<T, L>; 3]) -> [Lanes<T, L>; 2] {
    [add(a, b), add(b, c)]
}

/// `Aᵀ m`, 2 results and 3 taps.
#[inline(always)]
pub(super) fn result_2_3<T: Elem, const L: usize>([a, b, c, d]: [Lanes<T, L>; 4]) -> [Lanes<T, L>; 2] {
    [add(add(a, b), c), sub(sub(b, c), d)]
}

/// `Aᵀ m`, 4 results and 2 taps.
#[inline(always)]
pub(super) fn result_4_2<T: Elem, const L: usize>([a, b, c, d, e]: [Lanes<T, L>; 5]) -> [Lanes<T, L>; 4] {
    let ([half, odd_half], [one, odd_one]) = (both(a, b), both(c, d));
    let [quarter, eighth] = [scale(0.25, half), scale(0.125, odd_half)];
    [add(half, one), add(scale(0.5, odd_half), odd_one), add(quarter, one), add(add(eighth, odd_one), e)]
}

/// `Aᵀ m`, 4 results and 3 taps.
#[inline(always)]
pub(crate) fn result_4_3<T: Elem, const L: usize>([a, b, c, d, e, f]: [Lanes<T, L>; 6]) -> [Lanes<T, L>; 4] {
    let ([near, odd_near], [far, odd_far]) = (both(b, c), both(d, e));
    [
        add(a, add(near, far)),
        add(scale(NEAR, odd_near), scale(FAR, odd_far)),
        add(scale(NEAR_2, near), scale(FAR_2, far)),
        add(add(scale(NEAR * NEAR_2, odd_near), scale(FAR * FAR_2, odd_far)), f),
    ]
}

/// `A y`, 2 results and 2 taps.
#[inline(always)]
pub(super) fn spread_2_2<T: Elem, const L: usize>([a, b]: [Lanes<T, L>; 2]) -> [Lanes<T, L>; 3] {
    [a, add(a, b), b]
}

/// `A y`, 2 results and 3 taps.
#[inline(always)]
pub(super) fn spread_2_3<T: Elem, const L: usize>([a, b]: [Lanes<T, L>; 2]) -> [Lanes<T, L>; 4] {
    [a, add(a, b), sub(a, b), scale(-1.0, b)]
}

/// `A y`, 4 results and 2 taps.
#[inline(always)]
pub(super) fn spread_4_2<T: Elem, const L: usize>([a, b, c, d]: [Lanes<T, L>; 4]) -> [Lanes<T, L>; 5] {
    let [half, minus_half] = both(add(a, scale(0.25, c)), add(scale(0.5, b), scale(0.125, d)));
    let [one, minus_one] = both(add(a, c), add(b, d));
    [half, minus_half, one, minus_one, d]
}

/// `A y`, 4 results and 3 taps.
#[inline(always)]
pub(super) fn spread_4_3<T: Elem, const L: usize>([a, b, c, d]: [Lanes<T, L>; 4]) -> [Lanes<T, L>; 6] {
    let at = |p: f64| both(add(a, scale(p * p, c)), add(scale(p, b), scale(p * p * p, d)));
    let ([near, minus_near], [far, minus_far]) = (at(NEAR), at(FAR));
    [a, near, minus_near, far, minus_far, d]
}

/// `G g`, 2 results and 2 taps.
#[inline(always)]
pub(super) fn weight_2_2<T: Elem, const L: usize>([a, b]: [Lanes<T, L>; 2]) -> [Lanes<T, L>; 3] {
    [a, add(a, b), b]
}

/// `G g`, 2 results and 3 taps.
#[inline(always)]
pub(super) fn weight_2_3<T: Elem, const L: usize>([a, b, c]: [Lanes<T, L>; 3]) -> [Lanes<T, L>; 4] {
    let [one, minus_one] = both(scale(0.5, add(a, c)), scale(0.5, b));
    [a, one, minus_one, c]
}

/// `G g`, 4 results and 2 taps.
#[inline(always)]
pub(super) fn weight_4_2<T: Elem, const L: usize>([a, b]: [Lanes<T, L>; 2]) -> [Lanes<T, L>; 5] {
    let [half, minus_half] = both(scale(AT_HALF, a), scale(0.5 * AT_HALF, b));
    let [one, minus_one] = both(scale(AT_ONE, a), scale(AT_ONE, b));
    // The factors at −½ and −1 are those at ½ and 1 with the other sign.
    [half, scale(-1.0, minus_half), one, scale(-1.0, minus_one), b]
}

/// `G g`, 4 results and 3 taps.
#[inline(always)]
pub(super) fn weight_4_3<T: Elem, const L: usize>([a, b, c]: [Lanes<T, L>; 3]) -> [Lanes<T, L>; 6] {
    let at = |p: f64, by: f64| both(scale(by, add(a, scale(p * p, c))), scale(p * by, b));
    let ([near, minus_near], [far, minus_far]) = (at(NEAR, AT_NEAR), at(FAR, AT_FAR));
    [scale(AT_ZERO, a), near, minus_near, far, minus_far, c]
}

/// `Gᵀ u`, 2 results and 2 taps.
#[inline(always)]
pub(super) fn taps_2_2<T: Elem, const L: usize>([a, b, c]: [Lanes<T, L>; 3]) -> [Lanes<T, L>; 2] {
    [add(a, b), add(b, c)]
}

/// `Gᵀ u`, 2 results and 3 taps.
#[inline(always)]
pub(super) fn taps_2_3<T: Elem, const L: usize>([a, b, c, d]: [Lanes<T, L>; 4]) -> [Lanes<T, L>; 3] {
    let [even, odd] = [scale(0.5, add(b, c)), scale(0.5, sub(b, c))];
    [add(a, even), odd, add(even, d)]
}

/// `Gᵀ u`, 4 results and 2 taps.
#[inline(always)]
pub(super) fn taps_4_2<T: Elem, const L: usize>([a, b, c, d, e]: [Lanes<T, L>; 5]) -> [Lanes<T, L>; 2] {
    let ([sum_half, half], [sum_one, one]) = (both(a, b), both(c, d));
    [
        add(scale(AT_HALF, half), scale(AT_ONE, one)),
        add(add(scale(0.5 * AT_HALF, sum_half), scale(AT_ONE, sum_one)), e),
    ]
}

/// `Gᵀ u`, 4 results and 3 taps.
#[inline(always)]
pub(super) fn taps_4_3<T: Elem, const L: usize>([a, b, c, d, e, f]: [Lanes<T, L>; 6]) -> [Lanes<T, L>; 3] {
    let ([near, odd_near], [far, odd_far]) = (both(b, c), both(d, e));
    let [near, far] = [scale(AT_NEAR, near), scale(AT_FAR, far)];
    [
        add(scale(AT_ZERO, a), add(near, far)),
        add(scale(NEAR * AT_NEAR, odd_near), scale(FAR * AT_FAR, odd_far)),
        add(add(scale(NEAR_2, near), scale(FAR_2, far)), f),
    ]
}
