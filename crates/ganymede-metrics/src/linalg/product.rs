//! Products of matrices.
//!
//! `ndarray` without a BLAS multiplies on one thread; these products go to faer's kernels and all threads. The order of
//! additions depends on the shapes and the number of threads only, so that the same input gives the same bits.

use faer::linalg::matmul::{matmul, triangular};
use faer::{Accum, MatMut, MatRef, Par};
use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use triangular::BlockStructure::{Rectangular, TriangularLower};

/// `A Bᵀ` of rows `(n, k)` and `(m, k)`.
pub(crate) fn cross(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut product = Array2::zeros((a.nrows(), b.nrows()));
    if product.is_empty() {
        return product;
    }
    let (a, b) = (dense(a), dense(b));
    matmul(view_mut(&mut product), Accum::Replace, view(&a), view(&b).transpose(), 1.0, Par::rayon(0));
    product
}

/// `A Aᵀ` of rows `(n, k)`: half the work of [`cross`].
pub(crate) fn row_gram(a: ArrayView2<'_, f64>) -> Array2<f64> {
    let mut gram = Array2::zeros((a.nrows(), a.nrows()));
    let a = dense(a);
    add_lower(view_mut(&mut gram), view(&a), view(&a).transpose());
    mirror(&mut gram);
    gram
}

/// Adds `Aᵀ A` of rows `(n, d)` to the lower triangle of `(d, d)`.
pub(crate) fn add_gram(rows: ArrayView2<'_, f64>, into: &mut Array2<f64>) {
    let rows = dense(rows);
    add_lower(view_mut(into), view(&rows).transpose(), view(&rows));
}

fn add_lower(into: MatMut<'_, f64>, left: MatRef<'_, f64>, right: MatRef<'_, f64>) {
    if into.nrows() == 0 || left.ncols() == 0 {
        return;
    }
    triangular::matmul(
        into,
        TriangularLower,
        Accum::Add,
        left,
        Rectangular,
        right,
        Rectangular,
        1.0,
        Par::rayon(0),
    );
}

/// Copies the lower triangle to the upper one.
pub(crate) fn mirror(a: &mut Array2<f64>) {
    for i in 0..a.nrows() {
        for j in 0..i {
            a[(j, i)] = a[(i, j)];
        }
    }
}

/// Row-major and without gaps.
fn dense<'a>(a: ArrayView2<'a, f64>) -> CowArray<'a, f64, Ix2> {
    if a.is_standard_layout() {
        CowArray::from(a)
    } else {
        CowArray::from(a.as_standard_layout().into_owned())
    }
}

fn view<'a>(a: &'a CowArray<'_, f64, Ix2>) -> MatRef<'a, f64> {
    let numbers = a.as_slice().expect("`dense` made it row-major");
    MatRef::from_row_major_slice(numbers, a.nrows(), a.ncols())
}

fn view_mut(a: &mut Array2<f64>) -> MatMut<'_, f64> {
    let (rows, cols) = a.dim();
    let numbers = a.as_slice_mut().expect("results are made row-major");
    MatMut::from_row_major_slice_mut(numbers, rows, cols)
}
