//! Sums over pairs of rows, with the signs of their differences.

use rayon::prelude::*;

use super::elem::Elem;
use crate::simd::vectorised;

/// Rows of so many groups of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Extents {
    /// Rows N.
    pub rows: usize,
    /// Groups B of a row.
    pub groups: usize,
    /// Numbers C of a group.
    pub len: usize,
}

impl Extents {
    fn row(&self) -> usize {
        self.groups * self.len
    }
}

/// `x` with the sign of a − b; a NaN of `x` shows.
#[inline(always)]
fn signed<T: Elem>(a: T, b: T, x: T) -> T {
    if a > b {
        x
    } else if a < b {
        T::default() - x
    } else {
        x * T::default()
    }
}

/// Rows `(N, B, C)` as `(N, C, B)`: the loops below go along the groups, which are many where C is a few.
fn by_number<T: Elem>(extents: &Extents, x: &[T]) -> Vec<T> {
    let &Extents { groups, len, .. } = extents;
    let mut out = Vec::with_capacity(x.len());
    for row in x.chunks_exact(extents.row()) {
        out.extend((0..len).flat_map(|c| (0..groups).map(move |b| row[b * len + c])));
    }
    out
}

/// `(N, N, B)`: Σ_c sign(sᵢ − sⱼ)·(tᵢ − tⱼ) of rows `t` and `s` `(N, B, C)`.
pub fn spread<T: Elem>(extents: &Extents, t: &[T], s: &[T]) -> Vec<T> {
    let &Extents { rows, groups, .. } = extents;
    let width = extents.row();
    let mut out = vec![T::default(); rows * rows * groups];
    if rows == 0 || width == 0 {
        return out;
    }
    let (t, s) = (by_number(extents, t), by_number(extents, s));
    out.par_chunks_mut(rows * groups).enumerate().for_each(|(i, out)| {
        vectorised(
            #[inline(always)]
            || spread_from(extents, i, (&t, &s), out),
        );
    });
    out
}

/// Row `i` of [`spread`], of rows by number.
#[inline(always)]
fn spread_from<T: Elem>(extents: &Extents, i: usize, (t, s): (&[T], &[T]), out: &mut [T]) {
    let (groups, width) = (extents.groups, extents.row());
    let (ti, si) = (&t[i * width..][..width], &s[i * width..][..width]);
    for (j, out) in out.chunks_exact_mut(groups).enumerate() {
        let others = t[j * width..][..width].chunks_exact(groups).zip(s[j * width..].chunks_exact(groups));
        let own = ti.chunks_exact(groups).zip(si.chunks_exact(groups));
        for ((ti, si), (tj, sj)) in own.zip(others) {
            let each = out.iter_mut().zip(ti.iter().zip(si)).zip(tj.iter().zip(sj));
            each.for_each(|((out, (ti, si)), (tj, sj))| *out += signed(*si, *sj, *ti - *tj));
        }
    }
}

/// `(N, B, C)`: Σⱼ sign(sᵢ − sⱼ)·(gᵢⱼ + gⱼᵢ) of `g` `(N, N, B)` and rows `s` `(N, B, C)`.
pub fn gathered<T: Elem>(extents: &Extents, g: &[T], s: &[T]) -> Vec<T> {
    let width = extents.row();
    let mut out = vec![T::default(); extents.rows * width];
    if out.is_empty() {
        return out;
    }
    let s = by_number(extents, s);
    out.par_chunks_mut(width).enumerate().for_each(|(i, out)| {
        vectorised(
            #[inline(always)]
            || gathered_at(extents, i, (g, &s), out),
        );
    });
    out
}

/// Row `i` of [`gathered`], of rows `s` by number.
#[inline(always)]
fn gathered_at<T: Elem>(extents: &Extents, i: usize, (g, s): (&[T], &[T]), out: &mut [T]) {
    let (&Extents { rows, groups, len }, width) = (extents, extents.row());
    let si = &s[i * width..][..width];
    let (mut both, mut sums) = (vec![T::default(); groups], vec![T::default(); width]);
    for (j, sj) in s.chunks_exact(width).enumerate() {
        let (there, back) = (&g[(i * rows + j) * groups..], &g[(j * rows + i) * groups..]);
        both.iter_mut().zip(there.iter().zip(back)).for_each(|(both, (a, b))| *both = *a + *b);
        let numbers = si.chunks_exact(groups).zip(sj.chunks_exact(groups));
        for (sums, (si, sj)) in sums.chunks_exact_mut(groups).zip(numbers) {
            let each = sums.iter_mut().zip(&both).zip(si.iter().zip(sj));
            each.for_each(|((sum, both), (si, sj))| *sum += signed(*si, *sj, *both));
        }
    }
    for (at, out) in out.iter_mut().enumerate() {
        *out = sums[at % len * groups + at / len];
    }
}

/// e⁻ᵈ of distances `d` `(N, N, B)` between different rows, and 0 of each row from itself.
pub fn closeness<T: Elem>((rows, groups): (usize, usize), d: &[T], exp: impl Fn(T) -> T + Sync) -> Vec<T> {
    let mut out = vec![T::default(); d.len()];
    let width = rows * groups;
    if out.is_empty() {
        return out;
    }
    out.par_chunks_mut(width).zip(d.par_chunks(width)).enumerate().for_each(|(i, (out, d))| {
        for (j, (out, d)) in out.chunks_exact_mut(groups).zip(d.chunks_exact(groups)).enumerate() {
            if j != i {
                out.iter_mut().zip(d).for_each(|(out, d)| *out = exp(T::default() - *d));
            }
        }
    });
    out
}
