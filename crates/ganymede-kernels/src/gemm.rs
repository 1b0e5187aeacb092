//! Matrix products over slices.

use gemm::Parallelism;

use super::elem::Elem;

/// A matrix inside a slice: `rows × cols`, element `(i, j)` at `i·row_stride + j·col_stride`.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

impl Shape {
    /// Rows one after the other.
    pub(crate) fn row_major(rows: usize, cols: usize) -> Self {
        Self { rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The same memory read with rows and columns exchanged.
    pub(crate) fn t(self) -> Self {
        Self { rows: self.cols, cols: self.rows, row_stride: self.col_stride, col_stride: self.row_stride }
    }

    fn extent(self) -> usize {
        if self.rows == 0 || self.cols == 0 {
            return 0;
        }
        (self.rows - 1) * self.row_stride + (self.cols - 1) * self.col_stride + 1
    }
}

/// `dst = a·b`, or `dst += a·b` where `accumulate`.
///
/// # Panics
/// The shapes do not chain, or a slice is shorter than its shape says.
#[allow(unsafe_code)]
pub(crate) fn matmul<T: Elem>(
    (dst, d): (&mut [T], Shape),
    (a, sa): (&[T], Shape),
    (b, sb): (&[T], Shape),
    accumulate: bool,
    parallelism: Parallelism,
) {
    assert!(sa.cols == sb.rows && d.rows == sa.rows && d.cols == sb.cols, "shapes of a product");
    assert!(
        dst.len() >= d.extent() && a.len() >= sa.extent() && b.len() >= sb.extent(),
        "lengths of a product"
    );
    let (zero, one) = (T::narrow(0.0), T::narrow(1.0));
    // SAFETY: all three extents were checked against their slices just now; `dst` is borrowed
    // mutably, so it overlaps neither operand; T is f32 or f64, which gemm supports.
    unsafe {
        gemm::gemm(
            d.rows,
            d.cols,
            sa.cols,
            dst.as_mut_ptr(),
            d.col_stride as isize,
            d.row_stride as isize,
            accumulate,
            a.as_ptr(),
            sa.col_stride as isize,
            sa.row_stride as isize,
            b.as_ptr(),
            sb.col_stride as isize,
            sb.row_stride as isize,
            if accumulate { one } else { zero },
            one,
            false,
            false,
            false,
            parallelism,
        );
    }
}
