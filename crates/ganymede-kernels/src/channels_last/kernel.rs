//! The innermost loop: some pixels by some registers of output channels.

#[cfg(target_arch = "x86_64")]
use crate::simd::Simd;

/// Registers of a wide tile.
pub(super) const MAX_WIDTH: usize = 3;

/// The operands of a tile of `m` rows and `n` registers of columns:
/// `out[r·row_stride + l] = act(bias[l] + Σₛ Σₖ origins[s·m + r][k]·weights[(s·len + k)·n·lanes + l])`.
pub(super) struct Tile {
    pub(super) segments: usize,
    /// Numbers of a segment.
    pub(super) len: usize,
    pub(super) origins: *const *const f32,
    pub(super) weights: *const f32,
    /// Added to each row; null for zeros.
    pub(super) bias: *const f32,
    /// Whether what is below 0 becomes 0. A NaN stays.
    pub(super) relu: bool,
    pub(super) out: *mut f32,
    pub(super) row_stride: usize,
}

/// Computes a tile of `m` rows and `n` registers.
///
/// # Safety
/// Every pointer points to as many numbers as the formula of [`Tile`] names; `1 <= m <= rows`, `1 <= n <= width`; the
/// processor has the instructions of the kernel.
pub(super) type Run = unsafe fn(m: usize, n: usize, tile: &Tile);

/// A kernel and the tiles that it works on.
#[derive(Clone, Copy)]
pub(super) struct Kernel {
    pub(super) rows: usize,
    pub(super) width: usize,
    pub(super) lanes: usize,
    pub(super) run: Run,
}

impl Kernel {
    /// The fastest on this processor.
    pub(super) fn here() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            match Simd::here() {
                Simd::Avx512 => return Self { rows: 8, width: MAX_WIDTH, lanes: 16, run: x86::avx512 },
                Simd::Avx2 => return Self { rows: 6, width: 2, lanes: 8, run: x86::avx2 },
                Simd::Portable => {}
            }
        }
        Self { rows: 4, width: 2, lanes: LANES, run: portable }
    }
}

const LANES: usize = 8;

#[allow(unsafe_code)]
unsafe fn portable(m: usize, n: usize, t: &Tile) {
    let mut sums = [[[0.0f32; LANES]; 2]; 4];
    // SAFETY: the contract of `Run` gives the lengths.
    unsafe {
        if !t.bias.is_null() {
            for row in &mut sums[..m] {
                for (i, sum) in row[..n].iter_mut().enumerate() {
                    *sum = *t.bias.add(i * LANES).cast::<[f32; LANES]>();
                }
            }
        }
        let mut weights = t.weights;
        for segment in 0..t.segments {
            let origins = std::slice::from_raw_parts(t.origins.add(segment * m), m);
            for k in 0..t.len {
                for (row, origin) in sums.iter_mut().zip(origins) {
                    let x = *origin.add(k);
                    for (i, sum) in row[..n].iter_mut().enumerate() {
                        let column = *weights.add(i * LANES).cast::<[f32; LANES]>();
                        sum.iter_mut().zip(column).for_each(|(sum, w)| *sum += x * w);
                    }
                }
                weights = weights.add(n * LANES);
            }
        }
        for (r, row) in sums[..m].iter().enumerate() {
            for (i, sum) in row[..n].iter().enumerate() {
                let out = sum.map(|v| if t.relu && v < 0.0 { 0.0 } else { v });
                *t.out.add(r * t.row_stride + i * LANES).cast::<[f32; LANES]>() = out;
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use super::Tile;
    use std::arch::x86_64::*;

    // Loops instead of closures, which may or may not be compiled for this module's instructions (`dots`).

    // SAFETY, for this module: pointers and lengths are those of the contract of `Run`; the functions are handed out
    // only after the features were detected.

    /// Calls the instance of a kernel for a size of tile.
    macro_rules! by_size {
        ($kernel:ident, $m:expr, $n:expr, $tile:expr, [$(($rows:literal, $width:literal))*]) => {
            match ($m, $n) {
                $(($rows, $width) => $kernel::<$rows, $width>($tile),)*
                (m, n) => unreachable!("a tile of {m} rows and {n} registers"),
            }
        };
    }

    pub(super) unsafe fn avx512(m: usize, n: usize, tile: &Tile) {
        // SAFETY: see the head of the module.
        unsafe {
            by_size!(
                avx512_tile,
                m,
                n,
                tile,
                [(1, 1)(1, 2)(1, 3)(2, 1)(2, 2)(2, 3)(3, 1)(3, 2)(3, 3)(4, 1)(4, 2)(4, 3)(5, 1)(5, 2)(5, 3)(
                    6, 1
                )(6, 2)(6, 3)(7, 1)(7, 2)(7, 3)(8, 1)(8, 2)(8, 3)]
            )
        }
    }

    /// At 8 rows and 3 registers, 24 sums are in registers, 3 hold weights and one a pixel's number.
    #[target_feature(enable = "avx512f")]
    unsafe fn avx512_tile<const M: usize, const N: usize>(t: &Tile) {
        let mut sums = [[_mm512_setzero_ps(); N]; M];
        // SAFETY: see the head of the module.
        unsafe {
            if !t.bias.is_null() {
                let mut bias = [_mm512_setzero_ps(); N];
                for (i, bias) in bias.iter_mut().enumerate() {
                    *bias = _mm512_loadu_ps(t.bias.add(16 * i));
                }
                sums = [bias; M];
            }
            let (mut weights, mut origins) = (t.weights, t.origins);
            for _ in 0..t.segments {
                let mut rows = [origins.read(); M];
                for (r, row) in rows.iter_mut().enumerate() {
                    *row = *origins.add(r);
                }
                origins = origins.add(M);
                for k in 0..t.len {
                    let mut columns = [_mm512_setzero_ps(); N];
                    for (i, column) in columns.iter_mut().enumerate() {
                        *column = _mm512_loadu_ps(weights.add(16 * i));
                    }
                    for (row, sums) in rows.iter().zip(&mut sums) {
                        let x = _mm512_set1_ps(*row.add(k));
                        for (sum, column) in sums.iter_mut().zip(columns) {
                            *sum = _mm512_fmadd_ps(x, column, *sum);
                        }
                    }
                    weights = weights.add(16 * N);
                }
            }
            // The second operand is what a comparison with a NaN gives.
            let low = if t.relu { 0.0 } else { f32::NEG_INFINITY };
            for (r, sums) in sums.iter().enumerate() {
                for (i, sum) in sums.iter().enumerate() {
                    let out = t.out.add(r * t.row_stride + 16 * i);
                    _mm512_storeu_ps(out, _mm512_max_ps(_mm512_set1_ps(low), *sum));
                }
            }
        }
    }

    pub(super) unsafe fn avx2(m: usize, n: usize, tile: &Tile) {
        // SAFETY: see the head of the module.
        unsafe {
            by_size!(
                avx2_tile,
                m,
                n,
                tile,
                [(1, 1)(1, 2)(2, 1)(2, 2)(3, 1)(3, 2)(4, 1)(4, 2)(5, 1)(5, 2)(6, 1)(6, 2)]
            )
        }
    }

    /// At 6 rows and 2 registers, 12 sums are in registers, 2 hold weights and one a pixel's number.
    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_tile<const M: usize, const N: usize>(t: &Tile) {
        let mut sums = [[_mm256_setzero_ps(); N]; M];
        // SAFETY: see the head of the module.
        unsafe {
            if !t.bias.is_null() {
                let mut bias = [_mm256_setzero_ps(); N];
                for (i, bias) in bias.iter_mut().enumerate() {
                    *bias = _mm256_loadu_ps(t.bias.add(8 * i));
                }
                sums = [bias; M];
            }
            let (mut weights, mut origins) = (t.weights, t.origins);
            for _ in 0..t.segments {
                let mut rows = [origins.read(); M];
                for (r, row) in rows.iter_mut().enumerate() {
                    *row = *origins.add(r);
                }
                origins = origins.add(M);
                for k in 0..t.len {
                    let mut columns = [_mm256_setzero_ps(); N];
                    for (i, column) in columns.iter_mut().enumerate() {
                        *column = _mm256_loadu_ps(weights.add(8 * i));
                    }
                    for (row, sums) in rows.iter().zip(&mut sums) {
                        let x = _mm256_set1_ps(*row.add(k));
                        for (sum, column) in sums.iter_mut().zip(columns) {
                            *sum = _mm256_fmadd_ps(x, column, *sum);
                        }
                    }
                    weights = weights.add(8 * N);
                }
            }
            // The second operand is what a comparison with a NaN gives.
            let low = if t.relu { 0.0 } else { f32::NEG_INFINITY };
            for (r, sums) in sums.iter().enumerate() {
                for (i, sum) in sums.iter().enumerate() {
                    let out = t.out.add(r * t.row_stride + 8 * i);
                    _mm256_storeu_ps(out, _mm256_max_ps(_mm256_set1_ps(low), *sum));
                }
            }
        }
    }
}
