//! The three products of a convolution, for whoever uses this crate.

use super::conv;
use super::elem::Elem;
use super::geometry::Geometry;
use super::weight_gradient;

/// A product of a convolution's geometry and two operands.
type Product<T> = fn(&Geometry, &[T], &[T]) -> Vec<T>;

/// The products of one number type. They are compiled here, once: what is generic is compiled again by each crate that
/// names it.
pub struct Convolution<T> {
    forward: Product<T>,
    input_gradient: Product<T>,
    weight_gradient: Product<T>,
}

impl<T: Elem> Convolution<T> {
    pub(crate) const fn of_this_crate() -> Self {
        Self {
            forward: conv::forward,
            input_gradient: conv::input_gradient,
            weight_gradient: weight_gradient::weight_gradient,
        }
    }
}

/// The convolution `(N, O, OH, OW)` of images `x` `(N, C, H, W)` with a weight `w` `(O, C/groups, KH, KW)`, as slices.
///
/// # Panics
/// A slice is shorter than `g` says.
pub fn conv2d<T: Elem>(g: &Geometry, x: &[T], w: &[T]) -> Vec<T> {
    (T::convolution().forward)(g, x, w)
}

/// The gradient of [`conv2d`] in the images, for the gradient `dy` `(N, O, OH, OW)` of its result.
///
/// # Panics
/// As [`conv2d`].
pub fn conv2d_input_gradient<T: Elem>(g: &Geometry, dy: &[T], w: &[T]) -> Vec<T> {
    (T::convolution().input_gradient)(g, dy, w)
}

/// The gradient of [`conv2d`] in the weight, for the gradient `dy` `(N, O, OH, OW)` of its result.
///
/// # Panics
/// As [`conv2d`].
pub fn conv2d_weight_gradient<T: Elem>(g: &Geometry, x: &[T], dy: &[T]) -> Vec<T> {
    (T::convolution().weight_gradient)(g, x, dy)
}
