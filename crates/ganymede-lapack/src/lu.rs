//! Decomposition by elimination with partial pivoting, and what is solved with it.

use std::ffi::c_char;

use faer::linalg::triangular_solve::{
    solve_lower_triangular_in_place, solve_unit_lower_triangular_in_place,
    solve_unit_upper_triangular_in_place, solve_upper_triangular_in_place,
};
use faer::{Mat, MatMut, MatRef, get_global_parallelism};

use crate::arguments::{first_wrong, letter, matrix_mut, size, slice_mut};

/// `A = P L U` in place. `info = i` when the i-th pivot is 0.
///
/// # Safety
/// SAFETY: the arguments are those of LAPACK's `dgetrf`: valid pointers, `a` of `lda * n` numbers, `ipiv` of
/// `min(m, n)`.
#[unsafe(no_mangle)]
unsafe extern "C" fn dgetrf_(
    m: *const i32,
    n: *const i32,
    a: *mut f64,
    lda: *const i32,
    ipiv: *mut i32,
    info: *mut i32,
) {
    // SAFETY: the caller passes valid scalars.
    let (m, n, lda, info) = unsafe { (*m, *n, *lda, &mut *info) };

    *info = first_wrong(&[(1, m >= 0), (2, n >= 0), (4, lda >= m.max(1))]);
    if *info != 0 || m == 0 || n == 0 {
        return;
    }
    // SAFETY: the arrays have these sizes, and this call alone may use them.
    let (a, pivots) =
        unsafe { (matrix_mut(a, size(m), size(n), size(lda)), slice_mut(ipiv, size(m.min(n)))) };

    *info = factor(a, pivots);
}

/// Plain elimination, column by column: nothing that ends in a measure needs it fast.
fn factor(mut a: MatMut<'_, f64>, pivots: &mut [i32]) -> i32 {
    let (m, n) = (a.nrows(), a.ncols());
    let mut info = 0;
    for (k, pivot) in pivots.iter_mut().enumerate() {
        let largest = (k..m).fold(k, |best, i| if a[(i, k)].abs() > a[(best, k)].abs() { i } else { best });
        *pivot = largest as i32 + 1;
        if a[(largest, k)] == 0.0 {
            info = if info == 0 { k as i32 + 1 } else { info };
            continue;
        }
        swap_rows(a.as_mut(), k, largest);
        let head = a[(k, k)];
        (k + 1..m).for_each(|i| a[(i, k)] /= head);
        for j in k + 1..n {
            let factor = a[(k, j)];
            (k + 1..m).for_each(|i| a[(i, j)] -= a[(i, k)] * factor);
        }
    }
    info
}

/// Solves `A X = B` (`trans = 'N'`) or `Aᵀ X = B` (`'T'`, `'C'`) in place of B, after [`dgetrf_`].
///
/// # Safety
/// SAFETY: the arguments are those of LAPACK's `dgetrs`: valid pointers, `a` of `lda * n` numbers, `ipiv` of `n`,
/// `b` of `ldb * nrhs`.
#[unsafe(no_mangle)]
unsafe extern "C" fn dgetrs_(
    trans: *const c_char,
    n: *const i32,
    nrhs: *const i32,
    a: *const f64,
    lda: *const i32,
    ipiv: *const i32,
    b: *mut f64,
    ldb: *const i32,
    info: *mut i32,
) {
    // SAFETY: the caller passes valid scalars.
    let (trans, n, nrhs, lda, ldb, info) = unsafe { (letter(trans), *n, *nrhs, *lda, *ldb, &mut *info) };

    *info = first_wrong(&[
        (1, matches!(trans, b'N' | b'T' | b'C')),
        (2, n >= 0),
        (3, nrhs >= 0),
        (5, lda >= n.max(1)),
        (8, ldb >= n.max(1)),
    ]);
    if *info != 0 || n == 0 || nrhs == 0 {
        return;
    }
    // SAFETY: the arrays have these sizes; `a` and `ipiv` are only read from, `b` is used by this call alone.
    let (a, pivots, b) = unsafe {
        let a = MatRef::from_raw_parts(a, size(n), size(n), 1, size(lda) as isize);
        let pivots = std::slice::from_raw_parts(ipiv, size(n));
        (a, pivots, matrix_mut(b, size(n), size(nrhs), size(ldb)))
    };

    solve(a, pivots, b, trans != b'N');
}

fn solve(lu: MatRef<'_, f64>, pivots: &[i32], mut b: MatMut<'_, f64>, transposed: bool) {
    let par = get_global_parallelism();
    if transposed {
        solve_lower_triangular_in_place(lu.transpose(), b.as_mut(), par);
        solve_unit_upper_triangular_in_place(lu.transpose(), b.as_mut(), par);
        (0..pivots.len()).rev().for_each(|k| swap_rows(b.as_mut(), k, pivots[k] as usize - 1));
    } else {
        (0..pivots.len()).for_each(|k| swap_rows(b.as_mut(), k, pivots[k] as usize - 1));
        solve_unit_lower_triangular_in_place(lu, b.as_mut(), par);
        solve_upper_triangular_in_place(lu, b, par);
    }
}

fn swap_rows(mut a: MatMut<'_, f64>, i: usize, j: usize) {
    if i == j {
        return;
    }
    for column in 0..a.ncols() {
        let upper = a[(i, column)];
        a[(i, column)] = a[(j, column)];
        a[(j, column)] = upper;
    }
}

/// The inverse, after [`dgetrf_`], in place. `info = i` when the i-th pivot is 0.
///
/// # Safety
/// SAFETY: the arguments are those of LAPACK's `dgetri`: valid pointers, `a` of `lda * n` numbers, `ipiv` of `n`,
/// `work` of one. With `lwork = -1` only the scalars and `work` are touched.
#[unsafe(no_mangle)]
unsafe extern "C" fn dgetri_(
    n: *const i32,
    a: *mut f64,
    lda: *const i32,
    ipiv: *const i32,
    work: *mut f64,
    lwork: *const i32,
    info: *mut i32,
) {
    // SAFETY: the caller passes valid scalars.
    let (n, lda, lwork, info) = unsafe { (*n, *lda, *lwork, &mut *info) };

    *info = first_wrong(&[(1, n >= 0), (3, lda >= n.max(1)), (6, lwork >= 1 || lwork == -1)]);
    if *info != 0 {
        return;
    }
    // SAFETY: `work` holds at least one number.
    unsafe { *work = 1.0 };

    if lwork == -1 || n == 0 {
        return;
    }
    // SAFETY: the arrays have these sizes; `ipiv` is only read from, `a` is used by this call alone.
    let (mut a, pivots) =
        unsafe { (matrix_mut(a, size(n), size(n), size(lda)), std::slice::from_raw_parts(ipiv, size(n))) };

    if let Some(zero) = (0..a.nrows()).find(|&i| a[(i, i)] == 0.0) {
        *info = zero as i32 + 1;
        return;
    }
    let mut inverse = Mat::identity(a.nrows(), a.ncols());
    solve(a.as_ref(), pivots, inverse.as_mut(), false);
    a.copy_from(inverse);
}
