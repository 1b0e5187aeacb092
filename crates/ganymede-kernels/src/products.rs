//! Inner products of rows, without a tensor around them.

use gemm::Parallelism;

use super::gemm::{Shape, matmul};

/// All inner products of the rows of `a` with the rows of `b`, on the calling thread.
///
/// `a` holds rows of `dim` numbers one after the other, and so does `b`; `out[i·n + j] = aᵢ·bⱼ`, where n
/// is the number of rows of `b`. Callers that have many such blocks give each thread its own.
///
/// # Panics
/// `dim` is 0, a length is no multiple of it, or `out` has another length than rows of `a` times rows
/// of `b`.
///
/// ```
/// let mut out = [0.0; 2];
/// ganymede_kernels::row_products(&[1.0, 2.0], &[3.0, 4.0, 5.0, 6.0], 2, &mut out);
/// assert_eq!(out, [11.0, 17.0]);
/// ```
pub fn row_products(a: &[f32], b: &[f32], dim: usize, out: &mut [f32]) {
    assert!(dim > 0 && a.len().is_multiple_of(dim) && b.len().is_multiple_of(dim), "whole rows");
    let (m, n) = (a.len() / dim, b.len() / dim);
    assert!(out.len() == m * n, "one number a pair");
    let rows = Shape::row_major(m, dim);
    let columns = Shape::row_major(n, dim).t();
    matmul((out, Shape::row_major(m, n)), (a, rows), (b, columns), false, Parallelism::None);
}
