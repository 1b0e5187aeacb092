//! Cholesky decomposition.

use std::ffi::c_char;

use faer::linalg::cholesky::llt::factor::LltError;
use faer::{MatMut, Side};

use crate::arguments::{first_wrong, letter, matrix_mut, size};

/// `A = L Lᵀ` (`uplo = 'L'`) or `A = Uᵀ U` (`'U'`), in place in that triangle; the other is neither read nor written.
/// `info = i` when the leading minor of order i is not positive.
///
/// # Safety
/// SAFETY: the arguments are those of LAPACK's `dpotrf`: valid pointers, `a` of `lda * n` numbers.
#[unsafe(no_mangle)]
unsafe extern "C" fn dpotrf_(
    uplo: *const c_char,
    n: *const i32,
    a: *mut f64,
    lda: *const i32,
    info: *mut i32,
) {
    // SAFETY: the caller passes valid scalars.
    let (uplo, n, lda, info) = unsafe { (letter(uplo), *n, *lda, &mut *info) };

    *info = first_wrong(&[(1, matches!(uplo, b'U' | b'L')), (2, n >= 0), (4, lda >= n.max(1))]);
    if *info != 0 || n == 0 {
        return;
    }
    // SAFETY: `a` has `lda * n` numbers, and this call alone may use them.
    let a = unsafe { matrix_mut(a, size(n), size(n), size(lda)) };

    // The upper triangle of A is the lower one of its transpose.
    *info = if uplo == b'L' { lower(a) } else { lower(a.transpose_mut()) };
}

fn lower(mut a: MatMut<'_, f64>) -> i32 {
    match a.as_ref().llt(Side::Lower) {
        Ok(factor) => {
            a.copy_from_triangular_lower(factor.L());
            0
        }
        Err(LltError::NonPositivePivot { index }) => i32::try_from(index).map_or(i32::MAX, |i| i + 1),
    }
}
