//! The transforms of tiles on both axes, of a few tiles at a time.

use crate::elem::Elem;
use crate::lanes::Lanes;

use super::lines::*;
use super::shape::Tile;

#[inline(always)]
pub(super) fn load<T: Elem, const L: usize>(from: &[T]) -> Lanes<T, L> {
    *from.first_chunk().expect("a register inside the source")
}

#[inline(always)]
pub(super) fn store<T: Elem, const L: usize>(to: &mut [T], value: Lanes<T, L>) {
    *to.first_chunk_mut().expect("a register inside the result") = value;
}

/// Applies `line` to the rows of a square and then to its columns. `at` and `put` count along rows.
#[inline(always)]
fn on_both_axes<T: Elem, const L: usize, const I: usize, const O: usize>(
    at: impl Fn(usize) -> Lanes<T, L>,
    line: impl Fn([Lanes<T, L>; I]) -> [Lanes<T, L>; O],
    mut put: impl FnMut(usize, Lanes<T, L>),
) {
    let zero = [T::default(); L];
    let mut rows = [[zero; O]; I];
    for (i, row) in rows.iter_mut().enumerate() {
        let mut numbers = [zero; I];
        for (j, number) in numbers.iter_mut().enumerate() {
            *number = at(i * I + j);
        }
        *row = line(numbers);
    }
    for j in 0..O {
        let mut numbers = [zero; I];
        for (number, row) in numbers.iter_mut().zip(&rows) {
            *number = row[j];
        }
        for (i, value) in line(numbers).into_iter().enumerate() {
            put(i * O + j, value);
        }
    }
}

/// `G g Gᵀ`: positions of taps.
#[inline(always)]
pub(super) fn weight<T: Elem, const L: usize>(
    tile: Tile,
    at: impl Fn(usize) -> Lanes<T, L>,
    put: impl FnMut(usize, Lanes<T, L>),
) {
    match tile {
        Tile::TwoOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| weight_2_2(v),
            put,
        ),
        Tile::TwoOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| weight_2_3(v),
            put,
        ),
        Tile::FourOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| weight_4_2(v),
            put,
        ),
        Tile::FourOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| weight_4_3(v),
            put,
        ),
    }
}

/// `Bᵀ d B`: positions of the source under a tile.
#[inline(always)]
pub(crate) fn source<T: Elem, const L: usize>(
    tile: Tile,
    at: impl Fn(usize) -> Lanes<T, L>,
    put: impl FnMut(usize, Lanes<T, L>),
) {
    match tile {
        Tile::TwoOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| source_2_2(v),
            put,
        ),
        Tile::TwoOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| source_2_3(v),
            put,
        ),
        Tile::FourOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| source_4_2(v),
            put,
        ),
        Tile::FourOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| source_4_3(v),
            put,
        ),
    }
}

/// `Aᵀ m A`: results of positions.
#[inline(always)]
pub(crate) fn results<T: Elem, const L: usize>(
    tile: Tile,
    at: impl Fn(usize) -> Lanes<T, L>,
    put: impl FnMut(usize, Lanes<T, L>),
) {
    match tile {
        Tile::TwoOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| result_2_2(v),
            put,
        ),
        Tile::TwoOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| result_2_3(v),
            put,
        ),
        Tile::FourOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| result_4_2(v),
            put,
        ),
        Tile::FourOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| result_4_3(v),
            put,
        ),
    }
}

/// `A y Aᵀ`: positions of the gradient in results.
#[inline(always)]
pub(super) fn spread<T: Elem, const L: usize>(
    tile: Tile,
    at: impl Fn(usize) -> Lanes<T, L>,
    put: impl FnMut(usize, Lanes<T, L>),
) {
    match tile {
        Tile::TwoOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| spread_2_2(v),
            put,
        ),
        Tile::TwoOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| spread_2_3(v),
            put,
        ),
        Tile::FourOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| spread_4_2(v),
            put,
        ),
        Tile::FourOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| spread_4_3(v),
            put,
        ),
    }
}

/// `Gᵀ u G`: the gradient in taps of that in positions.
#[inline(always)]
pub(super) fn taps<T: Elem, const L: usize>(
    tile: Tile,
    at: impl Fn(usize) -> Lanes<T, L>,
    put: impl FnMut(usize, Lanes<T, L>),
) {
    match tile {
        Tile::TwoOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| taps_2_2(v),
            put,
        ),
        Tile::TwoOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| taps_2_3(v),
            put,
        ),
        Tile::FourOfTwo => on_both_axes(
            at,
            #[inline(always)]
            |v| taps_4_2(v),
            put,
        ),
        Tile::FourOfThree => on_both_axes(
            at,
            #[inline(always)]
            |v| taps_4_3(v),
            put,
        ),
    }
}
