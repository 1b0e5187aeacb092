//! The gradient in the image the other way round: multiply first, then scatter.
//!
//! `Wᵀ·dy` gives each tap's contribution, and folding adds them where they belong. No product is
//! wasted on the border, which is why small outputs (4×4 to 1×1 and back) take this way.

use gemm::Parallelism;
use rayon::prelude::*;

use super::col2im::col2im;
use super::elem::{Elem, Scratch};
use super::gemm::{Shape, matmul};
use super::geometry::Geometry;

/// The width of a product at which one image is enough.
/// See "Constants of kernels" in `docs/performance.md`.
const COLUMNS: usize = 256;

/// Images per product, and how the product itself runs.
fn blocks(g: &Geometry) -> (usize, Parallelism) {
    let threads = rayon::current_num_threads();
    let block = COLUMNS.div_ceil(g.pixels()).clamp(1, g.n.div_ceil(threads).max(1));
    let enough = g.n.div_ceil(block) >= threads;
    (block, if enough { Parallelism::None } else { Parallelism::Rayon(0) })
}

/// The gradient of `conv(x, w)·dy` in `x`.
pub(crate) fn input_gradient<T: Elem>(g: &Geometry, dy: &[T], w: &[T]) -> Vec<T> {
    let mut dx = vec![T::default(); g.n * g.image_len()];
    if g.is_empty() {
        return dx;
    }
    let (block, parallelism) = blocks(g);
    let jobs = dx.par_chunks_mut(block * g.image_len()).zip(dy.par_chunks(block * g.output_len()));
    jobs.for_each(|(dx, dy)| {
        let images = dy.len() / g.output_len();
        let width = images * g.pixels();
        let columns = Shape::row_major(g.depth(), width);
        for group in 0..g.cfg.groups {
            let weight = (group_weight(g, w, group), Shape::row_major(g.group_out(), g.depth()).t());
            let mut scratch = Scratch::new((g.depth() + g.group_out()) * width);
            let (scratch, gathered) = scratch.split_at_mut(g.depth() * width);
            let dy = gather(g, group, width, dy, gathered);
            let product = Shape::row_major(g.group_out(), width);
            matmul((scratch, columns), weight, (dy, product), false, parallelism);
            for image in 0..images {
                let from = image * g.image_len() + group * g.group_in() * g.h * g.w;
                let dx = &mut dx[from..from + g.group_in() * g.h * g.w];
                col2im(g, g.group_in(), &scratch[image * g.pixels()..], width, dx);
            }
        }
    });
    dx
}

fn group_weight<'a, T>(g: &Geometry, w: &'a [T], group: usize) -> &'a [T] {
    let len = g.group_out() * g.depth();
    &w[group * len..(group + 1) * len]
}

fn group_output<'a, T>(g: &Geometry, y: &'a [T], image: usize, group: usize) -> &'a [T] {
    let len = g.group_out() * g.pixels();
    &y[image * g.output_len() + group * len..][..len]
}

/// The outputs of a block as one matrix `(channels, images × pixels)`: in place for one image.
fn gather<'a, T: Elem>(g: &Geometry, group: usize, width: usize, y: &'a [T], room: &'a mut [T]) -> &'a [T] {
    let pixels = g.pixels();
    if width == pixels {
        return group_output(g, y, 0, group);
    }
    for image in 0..width / pixels {
        for (channel, from) in group_output(g, y, image, group).chunks_exact(pixels).enumerate() {
            room[channel * width + image * pixels..][..pixels].copy_from_slice(from);
        }
    }
    room
}
