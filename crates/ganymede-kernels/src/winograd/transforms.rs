//! The transforms of tiles, of a few of them at a time.

use crate::elem::Elem;
use crate::lanes::{LANES, Lanes, add, scale, sub};

use super::OUT;

/// The first of some numbers; for the usual heights of a panel without a call of `memcpy`.
#[inline(always)]
pub(super) fn copy_lanes<T: Elem>(from: &Lanes<T>, to: &mut [T]) {
    match to.len() {
        LANES => to.copy_from_slice(from),
        6 => to.copy_from_slice(&from[..6]),
        len => to.iter_mut().zip(&from[..len]).for_each(|(t, f)| *t = *f),
    }
}

/// `G g Gᵀ` of 3 taps (equation 10 there), for a few rows of the weight.
#[inline(always)]
pub(super) fn weight_of_3<T: Elem>(g: &[Lanes<T>], put: &mut impl FnMut(usize, Lanes<T>)) {
    let half = T::narrow(0.5);
    let line = |a: Lanes<T>, b: Lanes<T>, c: Lanes<T>| {
        let (outer, middle) = (scale(half, add(a, c)), scale(half, b));
        [a, add(outer, middle), sub(outer, middle), c]
    };
    let rows = [line(g[0], g[1], g[2]), line(g[3], g[4], g[5]), line(g[6], g[7], g[8])];
    let [a, b, c] = rows;
    for (j, ((a, b), c)) in a.into_iter().zip(b).zip(c).enumerate() {
        line(a, b, c).into_iter().enumerate().for_each(|(i, value)| put(i * 4 + j, value));
    }
}

/// `G g Gᵀ` of 2 taps: `[g₀, g₀ + g₁, g₁]` on each axis.
#[inline(always)]
pub(super) fn weight_of_2<T: Elem>(g: &[Lanes<T>], put: &mut impl FnMut(usize, Lanes<T>)) {
    let line = |a: Lanes<T>, b: Lanes<T>| [a, add(a, b), b];
    let rows = [line(g[0], g[1]), line(g[2], g[3])];
    let [a, b] = rows;
    for (j, (a, b)) in a.into_iter().zip(b).enumerate() {
        line(a, b).into_iter().enumerate().for_each(|(i, value)| put(i * 3 + j, value));
    }
}

#[inline(always)]
fn load<T: Elem>(from: &[T]) -> Lanes<T> {
    *from.first_chunk().expect("a register inside the source")
}

#[inline(always)]
fn store<T: Elem>(to: &mut [T], lanes: usize, value: Lanes<T>) {
    if lanes == LANES {
        *to.first_chunk_mut().expect("a register inside the result") = value;
    } else {
        to[..lanes].copy_from_slice(&value[..lanes]);
    }
}

/// `Bᵀ d B` of 4 × 4 numbers.
#[inline(always)]
pub(super) fn source_of_3<T: Elem>(
    source: &[T],
    tile: &[usize],
    out: &mut [T],
    distance: usize,
    lanes: usize,
) {
    let line = |[a, b, c, d]: [Lanes<T>; 4]| [sub(a, c), add(b, c), sub(c, b), sub(b, d)];
    let row = |i: usize| {
        let at = |j: usize| load(&source[tile[i * 4 + j]..]);
        line([at(0), at(1), at(2), at(3)])
    };
    let rows: [[Lanes<T>; 4]; 4] = [row(0), row(1), row(2), row(3)];
    for j in 0..4 {
        let column = line([rows[0][j], rows[1][j], rows[2][j], rows[3][j]]);
        for (i, value) in column.into_iter().enumerate() {
            store(&mut out[(i * 4 + j) * distance..], lanes, value);
        }
    }
}

/// `Bᵀ d B` of 3 × 3 numbers: `[d₀ − d₁, d₁, d₂ − d₁]` on each axis.
#[inline(always)]
pub(super) fn source_of_2<T: Elem>(
    source: &[T],
    tile: &[usize],
    out: &mut [T],
    distance: usize,
    lanes: usize,
) {
    let line = |[a, b, c]: [Lanes<T>; 3]| [sub(a, b), b, sub(c, b)];
    let row = |i: usize| {
        let at = |j: usize| load(&source[tile[i * 3 + j]..]);
        line([at(0), at(1), at(2)])
    };
    let rows: [[Lanes<T>; 3]; 3] = [row(0), row(1), row(2)];
    for j in 0..3 {
        let column = line([rows[0][j], rows[1][j], rows[2][j]]);
        for (i, value) in column.into_iter().enumerate() {
            store(&mut out[(i * 3 + j) * distance..], lanes, value);
        }
    }
}

/// `Aᵀ m A` of 4 × 4 products.
#[inline(always)]
pub(super) fn result_of_3<T: Elem>(products: &[T], distance: usize, out: &mut [T], width: usize) {
    let line = |[a, b, c, d]: [Lanes<T>; 4]| [add(add(a, b), c), sub(sub(b, c), d)];
    let row = |i: usize| {
        let at = |j: usize| load(&products[(i * 4 + j) * distance..]);
        line([at(0), at(1), at(2), at(3)])
    };
    let rows: [[Lanes<T>; 2]; 4] = [row(0), row(1), row(2), row(3)];
    for j in 0..OUT {
        let column = line([rows[0][j], rows[1][j], rows[2][j], rows[3][j]]);
        for (i, value) in column.into_iter().enumerate() {
            store(&mut out[(i * OUT + j) * width..], LANES, value);
        }
    }
}

/// `Aᵀ m A` of 3 × 3 products: `[m₀ + m₁, m₁ + m₂]` on each axis.
#[inline(always)]
pub(super) fn result_of_2<T: Elem>(products: &[T], distance: usize, out: &mut [T], width: usize) {
    let line = |[a, b, c]: [Lanes<T>; 3]| [add(a, b), add(b, c)];
    let row = |i: usize| {
        let at = |j: usize| load(&products[(i * 3 + j) * distance..]);
        line([at(0), at(1), at(2)])
    };
    let rows: [[Lanes<T>; 2]; 3] = [row(0), row(1), row(2)];
    for j in 0..OUT {
        let column = line([rows[0][j], rows[1][j], rows[2][j]]);
        for (i, value) in column.into_iter().enumerate() {
            store(&mut out[(i * OUT + j) * width..], LANES, value);
        }
    }
}
