//! Dot products along lines: a tile of sums, kept in registers.

#[cfg(target_arch = "x86_64")]
use super::simd::Simd;

/// Lines of the left side, and of the right side, that a tile goes through together.
pub(crate) const LEFT: usize = 4;
pub(crate) const RIGHT: usize = 3;

/// The operands of a tile: `sums[l][r] = Σ left[l][y·left_pitch + x]·right[r][y·right_pitch + x]` over
/// `y < lines` and `x < len`.
pub struct Lines<T> {
    pub(crate) left: [*const T; LEFT],
    pub(crate) right: [*const T; RIGHT],
    pub(crate) left_pitch: usize,
    pub(crate) right_pitch: usize,
    pub(crate) lines: usize,
    pub(crate) len: usize,
}

/// Computes the sums of a tile.
///
/// # Safety
/// Every number that [`Lines`] names can be read; the processor has the instructions.
pub(crate) type Dots<T> = unsafe fn(&Lines<T>) -> [[T; RIGHT]; LEFT];

/// The fastest on this processor, if it has more to offer than the compiler assumes.
pub(crate) fn f32_dots() -> Option<Dots<f32>> {
    #[cfg(target_arch = "x86_64")]
    {
        match Simd::here() {
            Simd::Avx512 => return Some(x86::avx512),
            Simd::Avx2 => return Some(x86::avx2),
            Simd::Portable => {}
        }
    }
    None
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod x86 {
    use super::{LEFT, Lines, RIGHT};
    use std::arch::x86_64::*;

    // Registers are filled and summed up in loops: closures handed to `array::from_fn` or `map` have this module's
    // instructions, those have not, and whether one is inlined into the other is chance.

    // SAFETY, for this module: pointers and lengths are those of the contract of `Dots`, and lanes that
    // are masked out are not read; the functions are handed out only after the features were detected.

    pub(super) unsafe fn avx512(t: &Lines<f32>) -> [[f32; RIGHT]; LEFT] {
        // SAFETY: see the head of the module.
        unsafe { avx512_dots(t) }
    }

    #[target_feature(enable = "avx512f")]
    unsafe fn avx512_dots(t: &Lines<f32>) -> [[f32; RIGHT]; LEFT] {
        const LANES: usize = 16;
        let mut sums = [[_mm512_setzero_ps(); RIGHT]; LEFT];
        for y in 0..t.lines {
            for x in (0..t.len).step_by(LANES) {
                let mask = if t.len - x >= LANES { !0 } else { (1u16 << (t.len - x)) - 1 };
                // SAFETY: see the head of the module.
                unsafe {
                    let mut right = [_mm512_setzero_ps(); RIGHT];
                    for (to, from) in right.iter_mut().zip(t.right) {
                        *to = _mm512_maskz_loadu_ps(mask, from.add(y * t.right_pitch + x));
                    }
                    for (l, row) in sums.iter_mut().enumerate() {
                        let left = _mm512_maskz_loadu_ps(mask, t.left[l].add(y * t.left_pitch + x));
                        for (sum, right) in row.iter_mut().zip(right) {
                            *sum = _mm512_fmadd_ps(left, right, *sum);
                        }
                    }
                }
            }
        }
        let mut totals = [[0.0; RIGHT]; LEFT];
        for (total, sum) in totals.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *total = _mm512_reduce_add_ps(*sum);
        }
        totals
    }

    pub(super) unsafe fn avx2(t: &Lines<f32>) -> [[f32; RIGHT]; LEFT] {
        // SAFETY: see the head of the module.
        unsafe { avx2_dots(t) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn avx2_dots(t: &Lines<f32>) -> [[f32; RIGHT]; LEFT] {
        const LANES: usize = 8;
        let mut sums = [[_mm256_setzero_ps(); RIGHT]; LEFT];
        let whole = t.len / LANES * LANES;
        let counts = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((t.len - whole) as i32), counts);
        for y in 0..t.lines {
            // SAFETY: see the head of the module.
            unsafe {
                let (mut left, mut right) = (t.left, t.right);
                for left in &mut left {
                    *left = left.add(y * t.left_pitch);
                }
                for right in &mut right {
                    *right = right.add(y * t.right_pitch);
                }
                for x in (0..whole).step_by(LANES) {
                    let mut numbers = [_mm256_setzero_ps(); RIGHT];
                    for (to, from) in numbers.iter_mut().zip(right) {
                        *to = _mm256_loadu_ps(from.add(x));
                    }
                    for (row, left) in sums.iter_mut().zip(left) {
                        let left = _mm256_loadu_ps(left.add(x));
                        for (sum, right) in row.iter_mut().zip(numbers) {
                            *sum = _mm256_fmadd_ps(left, right, *sum);
                        }
                    }
                }
                if whole < t.len {
                    let mut numbers = [_mm256_setzero_ps(); RIGHT];
                    for (to, from) in numbers.iter_mut().zip(right) {
                        *to = _mm256_maskload_ps(from.add(whole), mask);
                    }
                    for (row, left) in sums.iter_mut().zip(left) {
                        let left = _mm256_maskload_ps(left.add(whole), mask);
                        for (sum, right) in row.iter_mut().zip(numbers) {
                            *sum = _mm256_fmadd_ps(left, right, *sum);
                        }
                    }
                }
            }
        }
        let mut totals = [[0.0; RIGHT]; LEFT];
        for (total, sum) in totals.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            let mut lanes = [0.0; LANES];
            // SAFETY: eight numbers have room for eight.
            unsafe { _mm256_storeu_ps(lanes.as_mut_ptr(), *sum) };
            *total = lanes.iter().sum();
        }
        totals
    }
}
