//! The innermost loop of a matrix product: one tile of the result, kept in registers.
//!
//! `A` comes packed, `m` numbers a step. `B` is read where it lies: a step's numbers are at one
//! distance from the origins of the tile's groups of columns, so that a row of an image serves as
//! it is, without being copied for every tap of a kernel that looks at it. Instructions are chosen
//! at run time.

use std::ops::{Add, Mul};

#[cfg(target_arch = "x86_64")]
use super::simd::Simd;

/// The most groups of columns that a tile has.
pub(crate) const MAX_GROUPS: usize = 6;

/// The operands of a tile: for each of `m` rows, each group `g` and each lane `l`,
/// `c[g][row·row_stride + l] (+)= Σₖ a[k·m + row]·b[g][offsets[k] + l]`.
pub(crate) struct Tile<T> {
    pub(crate) steps: usize,
    pub(crate) a: *const T,
    pub(crate) offsets: *const usize,
    pub(crate) b: [*const T; MAX_GROUPS],
    pub(crate) c: [*mut T; MAX_GROUPS],
    pub(crate) row_stride: usize,
    pub(crate) accumulate: bool,
}

/// Computes a tile of `m` rows and `groups` groups.
///
/// # Safety
/// `a` points to `steps·m` numbers and `offsets` to `steps`; the first `groups` of `b` and `c` point to
/// memory that holds all lanes of every number named above; `1 <= m <= rows` and
/// `1 <= groups <= Microkernel::groups(m)`; the processor has the instructions of the kernel.
pub(crate) type Run<T> = unsafe fn(m: usize, groups: usize, tile: &Tile<T>);

/// A kernel and the tiles that it works on.
pub struct Microkernel<T> {
    /// Rows of the highest tile.
    pub(crate) rows: usize,
    /// Columns of a group: one register.
    pub(crate) lanes: usize,
    /// Groups of the widest tile of many rows, and of few.
    widths: [usize; 2],
    pub(crate) run: Run<T>,
}

/// Tiles of so many rows may be wider, since their sums take fewer registers.
const FEW_ROWS: usize = 3;

impl<T> Microkernel<T> {
    /// Groups of the widest tile of `m` rows.
    pub(crate) fn groups(&self, m: usize) -> usize {
        self.widths[usize::from(m <= FEW_ROWS)]
    }

    /// Columns of a tile of many rows.
    pub(crate) fn cols(&self) -> usize {
        self.lanes * self.widths[0]
    }
}

/// The fastest kernel for f32 on this processor.
pub(crate) fn f32_kernel() -> Microkernel<f32> {
    #[cfg(target_arch = "x86_64")]
    {
        match Simd::here() {
            Simd::Avx512 => return Microkernel { rows: 8, lanes: 16, widths: [3, 6], run: x86::avx512 },
            Simd::Avx2 => return Microkernel { rows: 6, lanes: 8, widths: [2, 4], run: x86::avx2 },
            Simd::Portable => {}
        }
    }
    portable_kernel()
}

/// A kernel that the compiler vectorises as far as the target's baseline allows: NEON with fused
/// multiply-add on aarch64.
pub(crate) fn portable_kernel<T>() -> Microkernel<T>
where
    T: Copy + Default + Add<Output = T> + Mul<Output = T>,
{
    Microkernel { rows: 6, lanes: LANES, widths: [2, 2], run: portable::<T> }
}

const LANES: usize = 8;

#[allow(unsafe_code)]
unsafe fn portable<T>(m: usize, groups: usize, t: &Tile<T>)
where
    T: Copy + Default + Add<Output = T> + Mul<Output = T>,
{
    let mut sums = [[[T::default(); LANES]; 2]; 6];
    for k in 0..t.steps {
        // SAFETY: the contract of `Run` gives the lengths.
        let (a, columns) = unsafe {
            let offset = *t.offsets.add(k);
            let column = |g: usize| *t.b[g.min(groups - 1)].add(offset).cast::<[T; LANES]>();
            (std::slice::from_raw_parts(t.a.add(k * m), m), [column(0), column(1)])
        };
        for (row, a) in sums.iter_mut().zip(a) {
            for (sum, b) in row.as_flattened_mut().iter_mut().zip(columns.as_flattened()) {
                *sum = *sum + *a * *b;
            }
        }
    }
    for (r, row) in sums[..m].iter().enumerate() {
        for (g, sums) in row[..groups].iter().enumerate() {
            // SAFETY: as above; groups do not overlap in `c`.
            let c = unsafe { &mut *t.c[g].add(r * t.row_stride).cast::<[T; LANES]>() };
            for (c, sum) in c.iter_mut().zip(sums) {
                *c = if t.accumulate { *c + *sum } else { *sum };
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use super::Tile;
    use std::arch::x86_64::*;

    // SAFETY, for this module: pointers and lengths are those of the contract of `Run`; the
    // functions are handed out only after the features were detected.

    /// Calls the instance of a kernel for a size of tile.
    macro_rules! by_size {
        ($kernel:ident, $m:expr, $groups:expr, $tile:expr, [$(($rows:literal, $width:literal))*]) => {
            match ($m, $groups) {
                $(($rows, $width) => $kernel::<$rows, $width>($tile),)*
                (m, groups) => unreachable!("a tile of {m} rows and {groups} groups"),
            }
        };
    }

    pub(super) unsafe fn avx512(m: usize, groups: usize, tile: &Tile<f32>) {
        // SAFETY: see the head of the module.
        unsafe {
            by_size!(
                avx512_tile,
                m,
                groups,
                tile,
                [(1, 1)(1, 2)(1, 3)(1, 4)(1, 5)(1, 6)(2, 1)(2, 2)(2, 3)(2, 4)(2, 5)(2, 6)(3, 1)(3, 2)(3, 3)(
                    3, 4
                )(3, 5)(3, 6)(4, 1)(4, 2)(4, 3)(5, 1)(5, 2)(5, 3)(6, 1)(6, 2)(6, 3)(7, 1)(
                    7, 2
                )(7, 3)(8, 1)(8, 2)(8, 3)]
            )
        }
    }

    /// At 8 rows and 3 groups, 24 sums are in registers, and 3 of the other 8 hold `B`.
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512_tile<const M: usize, const G: usize>(t: &Tile<f32>) {
        let mut sums = [[_mm512_setzero_ps(); G]; M];
        let mut a = t.a;
        for k in 0..t.steps {
            // SAFETY: see the head of the module.
            unsafe {
                let offset = *t.offsets.add(k);
                let mut columns = [_mm512_setzero_ps(); G];
                for (column, b) in columns.iter_mut().zip(t.b) {
                    *column = _mm512_loadu_ps(b.add(offset));
                }
                for (r, row) in sums.iter_mut().enumerate() {
                    let x = _mm512_set1_ps(*a.add(r));
                    for (sum, column) in row.iter_mut().zip(columns) {
                        *sum = _mm512_fmadd_ps(x, column, *sum);
                    }
                }
                a = a.add(M);
            }
        }
        for (r, row) in sums.iter().enumerate() {
            for (g, sum) in row.iter().enumerate() {
                // SAFETY: see the head of the module.
                unsafe {
                    let c = t.c[g].add(r * t.row_stride);
                    let sum = if t.accumulate { _mm512_add_ps(_mm512_loadu_ps(c), *sum) } else { *sum };
                    _mm512_storeu_ps(c, sum);
                }
            }
        }
    }

    pub(super) unsafe fn avx2(m: usize, groups: usize, tile: &Tile<f32>) {
        // SAFETY: see the head of the module.
        unsafe {
            by_size!(
                avx2_tile,
                m,
                groups,
                tile,
                [(1, 1)(1, 2)(1, 3)(1, 4)(2, 1)(2, 2)(2, 3)(2, 4)(3, 1)(3, 2)(3, 3)(3, 4)(4, 1)(4, 2)(5, 1)(
                    5, 2
                )(6, 1)(6, 2)]
            )
        }
    }

    /// At 6 rows and 2 groups, 12 sums are in registers, and 2 of the other 4 hold `B`.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_tile<const M: usize, const G: usize>(t: &Tile<f32>) {
        let mut sums = [[_mm256_setzero_ps(); G]; M];
        let mut a = t.a;
        for k in 0..t.steps {
            // SAFETY: see the head of the module.
            unsafe {
                let offset = *t.offsets.add(k);
                let mut columns = [_mm256_setzero_ps(); G];
                for (column, b) in columns.iter_mut().zip(t.b) {
                    *column = _mm256_loadu_ps(b.add(offset));
                }
                for (r, row) in sums.iter_mut().enumerate() {
                    let x = _mm256_set1_ps(*a.add(r));
                    for (sum, column) in row.iter_mut().zip(columns) {
                        *sum = _mm256_fmadd_ps(x, column, *sum);
                    }
                }
                a = a.add(M);
            }
        }
        for (r, row) in sums.iter().enumerate() {
            for (g, sum) in row.iter().enumerate() {
                // SAFETY: see the head of the module.
                unsafe {
                    let c = t.c[g].add(r * t.row_stride);
                    let sum = if t.accumulate { _mm256_add_ps(_mm256_loadu_ps(c), *sum) } else { *sum };
                    _mm256_storeu_ps(c, sum);
                }
            }
        }
    }
}
