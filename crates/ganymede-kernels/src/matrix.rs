//! Convolutions that are products of matrices as they lie in memory.
//!
//! A kernel of 1×1 multiplies each image, `(C, pixels)`, by the weight `(O, C)`. A kernel that covers
//! the image multiplies the batch, `(N, C·h·w)`, by the transposed weight `(O, C·h·w)`.

use gemm::Parallelism;
use rayon::prelude::*;

use super::elem::Elem;
use super::gemm::{Shape, matmul};
use super::geometry::Geometry;

/// Pixels of an image below which a product for each costs more than one that gathers several.
/// See "Constants of kernels" in `docs/performance.md`.
const PIXELS: usize = 64;

/// What a convolution is, if it is such a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A product for each image.
    Pointwise,
    /// One product for all images.
    Covering,
}

impl Form {
    pub(super) fn of(g: &Geometry) -> Option<Self> {
        if g.cfg.groups != 1 || g.cfg.padding != [0, 0] {
            return None;
        }
        let covers = (g.kh, g.kw) == (g.h, g.w) && (g.cfg.dilation == [1, 1] || g.kh * g.kw == 1);
        if covers {
            return Some(Self::Covering);
        }
        let pointwise = g.kh * g.kw == 1 && g.cfg.stride == [1, 1];
        (pointwise && g.pixels() >= PIXELS).then_some(Self::Pointwise)
    }

    /// `y` of `x` and `w`.
    pub(super) fn forward<T: Elem>(self, g: &Geometry, x: &[T], w: &[T]) -> Vec<T> {
        let mut y = vec![T::default(); g.n * g.output_len()];
        let weight = (w, Shape::row_major(g.o, g.depth()));
        match self {
            Self::Pointwise => images(g, weight, (x, g.c), (&mut y, g.o)),
            Self::Covering => {
                let batch = (x, Shape::row_major(g.n, g.depth()));
                let weight = (w, weight.1.t());
                matmul((&mut y, Shape::row_major(g.n, g.o)), batch, weight, false, Parallelism::Rayon(0));
            }
        }
        y
    }

    /// `dx` of `dy` and `w`.
    pub(super) fn input_gradient<T: Elem>(self, g: &Geometry, dy: &[T], w: &[T]) -> Vec<T> {
        let mut dx = vec![T::default(); g.n * g.image_len()];
        let weight = (w, Shape::row_major(g.o, g.depth()));
        match self {
            Self::Pointwise => images(g, (w, weight.1.t()), (dy, g.o), (&mut dx, g.c)),
            Self::Covering => {
                let batch = (dy, Shape::row_major(g.n, g.o));
                matmul(
                    (&mut dx, Shape::row_major(g.n, g.depth())),
                    batch,
                    weight,
                    false,
                    Parallelism::Rayon(0),
                );
            }
        }
        dx
    }

    /// `dw` of `x` and `dy`.
    pub(super) fn weight_gradient<T: Elem>(self, g: &Geometry, x: &[T], dy: &[T]) -> Vec<T> {
        let mut dw = vec![T::default(); g.weight_len()];
        let to = Shape::row_major(g.o, g.depth());
        match self {
            Self::Pointwise => {
                for n in 0..g.n {
                    let a = (&dy[n * g.output_len()..], Shape::row_major(g.o, g.pixels()));
                    let b = (&x[n * g.image_len()..], Shape::row_major(g.c, g.pixels()).t());
                    matmul((&mut dw, to), a, b, n > 0, Parallelism::Rayon(0));
                }
            }
            Self::Covering => {
                let a = (dy, Shape::row_major(g.n, g.o).t());
                let b = (x, Shape::row_major(g.n, g.depth()));
                matmul((&mut dw, to), a, b, false, Parallelism::Rayon(0));
            }
        }
        dw
    }
}

/// `out = weight·source` for each image, whose channels are given.
fn images<T: Elem>(
    g: &Geometry,
    weight: (&[T], Shape),
    (source, from): (&[T], usize),
    (out, to): (&mut [T], usize),
) {
    let pixels = g.pixels();
    let product = |out: &mut [T], source: &[T], parallelism| {
        let source = (source, Shape::row_major(from, pixels));
        matmul((out, Shape::row_major(to, pixels)), weight, source, false, parallelism);
    };
    if g.n >= rayon::current_num_threads() {
        let jobs = out.par_chunks_mut(to * pixels).zip(source.par_chunks(from * pixels));
        jobs.for_each(|(out, source)| product(out, source, Parallelism::None));
    } else {
        let jobs = out.chunks_mut(to * pixels).zip(source.chunks(from * pixels));
        jobs.for_each(|(out, source)| product(out, source, Parallelism::Rayon(0)));
    }
}
