//! Sums over pairs of rows, with the signs of their differences.

use rayon::prelude::*;

use super::elem::Elem;

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
fn signed<T: Elem>(a: T, b: T, x: T) -> T {
    if a > b {
        x
    } else if a < b {
        T::default() - x
    } else {
        x * T::default()
    }
}

/// `(N, N, B)`: Σ_c sign(sᵢ − sⱼ)·(tᵢ − tⱼ) of rows `t` and `s` `(N, B, C)`.
pub fn spread<T: Elem>(extents: &Extents, t: &[T], s: &[T]) -> Vec<T> {
    let &Extents { rows, groups, len } = extents;
    let width = extents.row();
    let mut out = vec![T::default(); rows * rows * groups];
    let of_row = |(i, out): (usize, &mut [T])| {
        let (ti, si) = (&t[i * width..][..width], &s[i * width..][..width]);
        for (j, out) in out.chunks_exact_mut(groups).enumerate() {
            let (tj, sj) = (&t[j * width..][..width], &s[j * width..][..width]);
            for (b, out) in out.iter_mut().enumerate() {
                for at in b * len..(b + 1) * len {
                    *out += signed(si[at], sj[at], ti[at] - tj[at]);
                }
            }
        }
    };
    if groups > 0 {
        out.par_chunks_mut((rows * groups).max(1)).enumerate().for_each(of_row);
    }
    out
}

/// `(N, B, C)`: Σⱼ sign(sᵢ − sⱼ)·(gᵢⱼ + gⱼᵢ) of `g` `(N, N, B)` and rows `s` `(N, B, C)`.
pub fn gathered<T: Elem>(extents: &Extents, g: &[T], s: &[T]) -> Vec<T> {
    let &Extents { rows, groups, len } = extents;
    let width = extents.row();
    let mut out = vec![T::default(); rows * width];
    let of_row = |(i, out): (usize, &mut [T])| {
        let si = &s[i * width..][..width];
        for j in 0..rows {
            let sj = &s[j * width..][..width];
            let (there, back) = (&g[(i * rows + j) * groups..], &g[(j * rows + i) * groups..]);
            for b in 0..groups {
                let both = there[b] + back[b];
                for at in b * len..(b + 1) * len {
                    out[at] += signed(si[at], sj[at], both);
                }
            }
        }
    };
    if width > 0 {
        out.par_chunks_mut(width).enumerate().for_each(of_row);
    }
    out
}
