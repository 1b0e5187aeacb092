//! Eigenvalues of symmetric matrices.

use std::ffi::c_char;

use faer::{MatMut, Side};

use crate::arguments::{copy, first_wrong, letter, matrix_mut, size, slice_mut};

/// Eigenvalues in ascending order and, with `jobz = 'V'`, orthonormal eigenvectors as columns in place of the matrix.
///
/// # Safety
/// SAFETY: the arguments are those of LAPACK's `dsyev`: valid pointers, `a` of `lda * n` numbers, `w` of `n`, `work`
/// of one. With `lwork = -1` only the scalars and `work` are touched.
#[unsafe(no_mangle)]
unsafe extern "C" fn dsyev_(
    jobz: *const c_char,
    uplo: *const c_char,
    n: *const i32,
    a: *mut f64,
    lda: *const i32,
    w: *mut f64,
    work: *mut f64,
    lwork: *const i32,
    info: *mut i32,
) {
    // SAFETY: the caller passes valid scalars.
    let (job, uplo, n, lda, lwork, info) =
        unsafe { (letter(jobz), letter(uplo), *n, *lda, *lwork, &mut *info) };

    *info = first_wrong(&[
        (1, matches!(job, b'N' | b'V')),
        (2, matches!(uplo, b'U' | b'L')),
        (3, n >= 0),
        (5, lda >= n.max(1)),
        (8, lwork >= 1 || lwork == -1),
    ]);
    if *info != 0 {
        return;
    }
    // SAFETY: `work` holds at least one number.
    unsafe { *work = 1.0 };

    if lwork == -1 || n == 0 {
        return;
    }
    // SAFETY: `a` has `lda * n` numbers and `w` has `n`, and this call alone may use them.
    let (a, w) = unsafe { (matrix_mut(a, size(n), size(n), size(lda)), slice_mut(w, size(n))) };

    let side = if uplo == b'L' { Side::Lower } else { Side::Upper };
    *info = symmetric(job == b'V', side, a, w);
}

fn symmetric(vectors: bool, side: Side, a: MatMut<'_, f64>, w: &mut [f64]) -> i32 {
    if !vectors {
        return match a.as_ref().self_adjoint_eigenvalues(side) {
            Ok(values) => {
                w.copy_from_slice(&values);
                0
            }
            Err(_) => 1,
        };
    }
    match a.as_ref().self_adjoint_eigen(side) {
        Ok(eigen) => {
            w.iter_mut().zip(eigen.S().column_vector().iter()).for_each(|(w, s)| *w = *s);
            copy(eigen.U(), a);
            0
        }
        Err(_) => 1,
    }
}
