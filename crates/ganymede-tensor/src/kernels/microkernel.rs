//! The innermost loop of a matrix product: one tile of the result, kept in registers.
//!
//! `A` comes packed in panels of `rows` numbers a step, `B` in panels of `cols` numbers a step;
//! the tile is `rows × cols` numbers of `C`. Instructions are chosen at run time.

use std::ops::{Add, Mul};

/// `C[0..m][0..cols] (+)= Σₖ A[k][0..m]·B[k][0..cols]`.
///
/// # Safety
/// `a` points to `steps·m` numbers, `b` to `steps·cols`, `c` to `m` rows of `cols` numbers that
/// are `ldc` apart; `1 <= m <= rows`; the processor has the instructions of the kernel.
pub(crate) type Run<T> =
    unsafe fn(m: usize, steps: usize, a: *const T, b: *const T, c: *mut T, ldc: usize, accumulate: bool);

/// A kernel and the largest tile that it works on.
pub(crate) struct Microkernel<T> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) run: Run<T>,
}

/// The fastest kernel for f32 on this processor.
pub(crate) fn f32_kernel() -> Microkernel<f32> {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            return Microkernel { rows: 8, cols: 48, run: x86::avx512 };
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            return Microkernel { rows: 6, cols: 16, run: x86::avx2 };
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
    Microkernel { rows: 6, cols: PORTABLE_COLS, run: portable::<T> }
}

const PORTABLE_COLS: usize = 16;

/// Calls the instance of a kernel for `m` rows.
#[cfg(target_arch = "x86_64")]
macro_rules! by_rows {
    ($kernel:ident, $m:expr, [$($n:literal)*], $args:tt) => {
        match $m {
            $($n => by_rows!(@call $kernel, $n, $args),)*
            m => unreachable!("a tile of {m} rows"),
        }
    };
    (@call $kernel:ident, $n:literal, ($($arg:expr),*)) => { $kernel::<$n>($($arg),*) };
}

#[allow(unsafe_code)]
unsafe fn portable<T>(
    m: usize,
    steps: usize,
    a: *const T,
    b: *const T,
    c: *mut T,
    ldc: usize,
    accumulate: bool,
) where
    T: Copy + Default + Add<Output = T> + Mul<Output = T>,
{
    // SAFETY: the contract of `Run` gives the lengths.
    let (a, b) = unsafe {
        (std::slice::from_raw_parts(a, steps * m), std::slice::from_raw_parts(b, steps * PORTABLE_COLS))
    };
    let mut tile = [[T::default(); PORTABLE_COLS]; 6];
    for (a, b) in a.chunks_exact(m).zip(b.as_chunks::<PORTABLE_COLS>().0) {
        for (row, a) in tile.iter_mut().zip(a) {
            for (sum, b) in row.iter_mut().zip(b) {
                *sum = *sum + *a * *b;
            }
        }
    }
    for (r, row) in tile[..m].iter().enumerate() {
        // SAFETY: as above; rows of `c` are disjoint.
        let c = unsafe { std::slice::from_raw_parts_mut(c.add(r * ldc), PORTABLE_COLS) };
        for (c, sum) in c.iter_mut().zip(row) {
            *c = if accumulate { *c + *sum } else { *sum };
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use std::arch::x86_64::*;

    // SAFETY, for this module: pointers and lengths are those of the contract of `Run`; the
    // functions are handed out only after the features were detected.

    pub(super) unsafe fn avx512(
        m: usize,
        steps: usize,
        a: *const f32,
        b: *const f32,
        c: *mut f32,
        ldc: usize,
        accumulate: bool,
    ) {
        // SAFETY: see the head of the module.
        unsafe { by_rows!(avx512_tile, m, [1 2 3 4 5 6 7 8], (steps, a, b, c, ldc, accumulate)) }
    }

    /// 24 sums in registers at 8 rows, 3 of the other 8 for `B`.
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512_tile<const M: usize>(
        steps: usize,
        mut a: *const f32,
        mut b: *const f32,
        c: *mut f32,
        ldc: usize,
        accumulate: bool,
    ) {
        let mut tile = [[_mm512_setzero_ps(); 3]; M];
        for _ in 0..steps {
            // SAFETY: see the head of the module.
            unsafe {
                let columns = [_mm512_loadu_ps(b), _mm512_loadu_ps(b.add(16)), _mm512_loadu_ps(b.add(32))];
                for (r, row) in tile.iter_mut().enumerate() {
                    let x = _mm512_set1_ps(*a.add(r));
                    for (sum, column) in row.iter_mut().zip(columns) {
                        *sum = _mm512_fmadd_ps(x, column, *sum);
                    }
                }
                a = a.add(M);
                b = b.add(48);
            }
        }
        for (r, row) in tile.iter().enumerate() {
            for (i, sum) in row.iter().enumerate() {
                // SAFETY: see the head of the module.
                unsafe {
                    let c = c.add(r * ldc + 16 * i);
                    let old = if accumulate { _mm512_loadu_ps(c) } else { _mm512_setzero_ps() };
                    _mm512_storeu_ps(c, _mm512_add_ps(old, *sum));
                }
            }
        }
    }

    pub(super) unsafe fn avx2(
        m: usize,
        steps: usize,
        a: *const f32,
        b: *const f32,
        c: *mut f32,
        ldc: usize,
        accumulate: bool,
    ) {
        // SAFETY: see the head of the module.
        unsafe { by_rows!(avx2_tile, m, [1 2 3 4 5 6], (steps, a, b, c, ldc, accumulate)) }
    }

    /// 12 sums in registers at 6 rows, 2 of the other 4 for `B`.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_tile<const M: usize>(
        steps: usize,
        mut a: *const f32,
        mut b: *const f32,
        c: *mut f32,
        ldc: usize,
        accumulate: bool,
    ) {
        let mut tile = [[_mm256_setzero_ps(); 2]; M];
        for _ in 0..steps {
            // SAFETY: see the head of the module.
            unsafe {
                let columns = [_mm256_loadu_ps(b), _mm256_loadu_ps(b.add(8))];
                for (r, row) in tile.iter_mut().enumerate() {
                    let x = _mm256_set1_ps(*a.add(r));
                    for (sum, column) in row.iter_mut().zip(columns) {
                        *sum = _mm256_fmadd_ps(x, column, *sum);
                    }
                }
                a = a.add(M);
                b = b.add(16);
            }
        }
        for (r, row) in tile.iter().enumerate() {
            for (i, sum) in row.iter().enumerate() {
                // SAFETY: see the head of the module.
                unsafe {
                    let c = c.add(r * ldc + 8 * i);
                    let old = if accumulate { _mm256_loadu_ps(c) } else { _mm256_setzero_ps() };
                    _mm256_storeu_ps(c, _mm256_add_ps(old, *sum));
                }
            }
        }
    }
}
