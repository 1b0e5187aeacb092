//! What all routines do with their arguments.

use std::ffi::c_char;

use faer::{MatMut, MatRef};

/// The letter that chooses a job or a triangle; LAPACK takes either case.
///
/// # Safety
/// `letter` points to a readable character.
pub(crate) unsafe fn letter(letter: *const c_char) -> u8 {
    // SAFETY: by the contract above.
    let byte = unsafe { *letter };

    (byte as u8).to_ascii_uppercase()
}

/// A column-major matrix that the caller owns.
///
/// # Safety
/// `data` points to `lead * cols` readable and writable numbers that nobody else uses during `'a`, and
/// `lead >= max(1, rows)`. For an empty matrix `data` may be anything.
pub(crate) unsafe fn matrix_mut<'a>(
    data: *mut f64,
    rows: usize,
    cols: usize,
    lead: usize,
) -> MatMut<'a, f64> {
    let data = if rows == 0 || cols == 0 { std::ptr::NonNull::dangling().as_ptr() } else { data };

    // SAFETY: element (i, j) lies at i + j * lead, which is below lead * cols.
    unsafe { MatMut::from_raw_parts_mut(data, rows, cols, 1, lead as isize) }
}

/// A slice that the caller owns.
///
/// # Safety
/// As for [`matrix_mut`], with `len` numbers.
pub(crate) unsafe fn slice_mut<'a, T>(data: *mut T, len: usize) -> &'a mut [T] {
    let data = if len == 0 { std::ptr::NonNull::dangling().as_ptr() } else { data };

    // SAFETY: by the contract above.
    unsafe { std::slice::from_raw_parts_mut(data, len) }
}

/// Reads nothing and returns the number of the first argument that is not allowed, as LAPACK's `info` does.
pub(crate) fn first_wrong(checks: &[(i32, bool)]) -> i32 {
    checks.iter().find(|(_, allowed)| !allowed).map_or(0, |(number, _)| -number)
}

/// A dimension that was checked not to be negative.
pub(crate) fn size(n: i32) -> usize {
    usize::try_from(n).unwrap_or(0)
}

/// Copies `from` into the upper left corner of `to`.
pub(crate) fn copy(from: MatRef<'_, f64>, to: MatMut<'_, f64>) {
    to.submatrix_mut(0, 0, from.nrows(), from.ncols()).copy_from(from);
}
