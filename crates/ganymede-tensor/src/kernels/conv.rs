//! The three products of a convolution on the CPU: forward, gradient in the image, gradient in the
//! weight.
//!
//! Each unfolds images into columns and multiplies with a single-threaded `gemm`, in parallel over
//! blocks of images. A block holds enough images that the product has at least
//! [`COLUMNS`] columns: an 8×8 or 4×4 image alone is too narrow for the kernel.

use gemm::Parallelism;
use rayon::prelude::*;

use super::elem::Elem;
use super::gemm::{Shape, matmul};
use super::im2col::{col2im, im2col};
use crate::ConvConfig;

/// The width of a product at which one image is enough.
const COLUMNS: usize = 256;

/// All sizes of one convolution: image `(n, c, h, w)`, weight `(o, c/groups, kh, kw)`, output
/// `(n, o, oh, ow)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Geometry {
    pub(crate) n: usize,
    pub(crate) c: usize,
    pub(crate) h: usize,
    pub(crate) w: usize,
    pub(crate) o: usize,
    pub(crate) kh: usize,
    pub(crate) kw: usize,
    pub(crate) oh: usize,
    pub(crate) ow: usize,
    pub(crate) cfg: ConvConfig,
}

impl Geometry {
    fn pixels(&self) -> usize {
        self.oh * self.ow
    }
    fn group_in(&self) -> usize {
        self.c / self.cfg.groups
    }
    fn group_out(&self) -> usize {
        self.o / self.cfg.groups
    }
    /// Rows of the column matrix of one group.
    fn depth(&self) -> usize {
        self.group_in() * self.kh * self.kw
    }
    fn image_len(&self) -> usize {
        self.c * self.h * self.w
    }
    fn output_len(&self) -> usize {
        self.o * self.pixels()
    }
    fn weight_len(&self) -> usize {
        self.o * self.depth()
    }
    /// True where the columns of an image are the image itself.
    fn is_pointwise(&self) -> bool {
        self.kh * self.kw == 1 && self.cfg.stride == [1, 1] && self.cfg.padding == [0, 0]
    }
    /// Images per product, and how the product itself runs.
    fn blocks(&self) -> (usize, Parallelism) {
        let threads = rayon::current_num_threads();
        let block = COLUMNS.div_ceil(self.pixels().max(1)).clamp(1, self.n.div_ceil(threads).max(1));
        let enough = self.n.div_ceil(block) >= threads;
        (block, if enough { Parallelism::None } else { Parallelism::Rayon(0) })
    }
    fn is_empty(&self) -> bool {
        self.n == 0 || self.output_len() == 0 || self.weight_len() == 0
    }
}

/// `y = conv(x, w)`.
pub(crate) fn forward<T: Elem>(g: &Geometry, x: &[T], w: &[T]) -> Vec<T> {
    let mut y = vec![T::default(); g.n * g.output_len()];
    if g.is_empty() {
        return y;
    }
    let (block, parallelism) = g.blocks();
    let jobs = y.par_chunks_mut(block * g.output_len()).zip(x.par_chunks(block * g.image_len()));
    jobs.for_each(|(y, x)| {
        let images = x.len() / g.image_len();
        let width = images * g.pixels();
        for group in 0..g.cfg.groups {
            let weight = (group_weight(g, w, group), Shape::row_major(g.group_out(), g.depth()));
            let columns = Shape::row_major(g.depth(), width);
            if images == 1 {
                let from = group * g.group_out() * g.pixels();
                let y = &mut y[from..from + g.group_out() * g.pixels()];
                let product = Shape::row_major(g.group_out(), width);
                if g.is_pointwise() {
                    let x = group_image(g, x, 0, group);
                    matmul((y, product), weight, (x, columns), false, parallelism);
                } else {
                    T::with_scratch(g.depth() * width, |scratch| {
                        unfold(g, x, group, scratch, width);
                        matmul((y, product), weight, (scratch, columns), false, parallelism);
                    });
                }
            } else {
                T::with_scratch((g.depth() + g.group_out()) * width, |scratch| {
                    let (scratch, product) = scratch.split_at_mut(g.depth() * width);
                    unfold(g, x, group, scratch, width);
                    let shape = Shape::row_major(g.group_out(), width);
                    matmul((product, shape), weight, (scratch, columns), false, parallelism);
                    exchange(g, group, width, Direction::ToImages { product, y });
                });
            }
        }
    });
    y
}

/// The gradient of `conv(x, w)·dy` in `x`; also the transposed convolution of `dy`.
pub(crate) fn input_gradient<T: Elem>(g: &Geometry, dy: &[T], w: &[T]) -> Vec<T> {
    let mut dx = vec![T::default(); g.n * g.image_len()];
    if g.is_empty() {
        return dx;
    }
    let (block, parallelism) = g.blocks();
    let jobs = dx.par_chunks_mut(block * g.image_len()).zip(dy.par_chunks(block * g.output_len()));
    jobs.for_each(|(dx, dy)| {
        let images = dy.len() / g.output_len();
        let width = images * g.pixels();
        let columns = Shape::row_major(g.depth(), width);
        for group in 0..g.cfg.groups {
            let weight = (group_weight(g, w, group), Shape::row_major(g.group_out(), g.depth()).t());
            if images == 1 && g.is_pointwise() {
                let dy = group_output(g, dy, 0, group);
                let from = group * g.group_in() * g.h * g.w;
                let dx = &mut dx[from..from + g.group_in() * g.h * g.w];
                let product = Shape::row_major(g.group_out(), width);
                matmul((dx, columns), weight, (dy, product), false, parallelism);
                continue;
            }
            T::with_scratch((g.depth() + g.group_out()) * width, |scratch| {
                let (scratch, gathered) = scratch.split_at_mut(g.depth() * width);
                let dy = gather(g, group, width, dy, gathered);
                let product = Shape::row_major(g.group_out(), width);
                matmul((scratch, columns), weight, (dy, product), false, parallelism);
                for image in 0..images {
                    let from = image * g.image_len() + group * g.group_in() * g.h * g.w;
                    let dx = &mut dx[from..from + g.group_in() * g.h * g.w];
                    col2im(g, g.group_in(), &scratch[image * g.pixels()..], width, dx);
                }
            });
        }
    });
    dx
}

/// The gradient of `conv(x, w)·dy` in `w`.
///
/// Images are dealt to as many sums as there are threads, added in order at the end: the result
/// depends on the number of threads, not on their timing.
pub(crate) fn weight_gradient<T: Elem>(g: &Geometry, x: &[T], dy: &[T]) -> Vec<T> {
    if g.is_empty() {
        return vec![T::default(); g.weight_len()];
    }
    let (block, parallelism) = g.blocks();
    let share = g.n.div_ceil(block).div_ceil(rayon::current_num_threads()) * block;
    let jobs = x.par_chunks(share * g.image_len()).zip(dy.par_chunks(share * g.output_len()));
    let sums: Vec<Vec<T>> = jobs
        .map(|(x, dy)| {
            let mut dw = vec![T::default(); g.weight_len()];
            let blocks = x.chunks(block * g.image_len()).zip(dy.chunks(block * g.output_len()));
            for (i, (x, dy)) in blocks.enumerate() {
                block_weight_gradient(g, x, dy, &mut dw, i > 0, parallelism);
            }
            dw
        })
        .collect();
    let mut sums = sums.into_iter();
    let mut total = sums.next().unwrap_or_default();
    for sum in sums {
        total.iter_mut().zip(&sum).for_each(|(t, s)| *t += *s);
    }
    total
}

fn block_weight_gradient<T: Elem>(
    g: &Geometry,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
    parallelism: Parallelism,
) {
    let images = x.len() / g.image_len();
    let width = images * g.pixels();
    let (columns, product) = (Shape::row_major(g.depth(), width), Shape::row_major(g.group_out(), width));
    let weight = Shape::row_major(g.group_out(), g.depth());
    for group in 0..g.cfg.groups {
        let from = group * g.group_out() * g.depth();
        let dw = &mut dw[from..from + g.group_out() * g.depth()];
        if images == 1 && g.is_pointwise() {
            let (x, dy) = (group_image(g, x, 0, group), group_output(g, dy, 0, group));
            matmul((dw, weight), (dy, product), (x, columns.t()), accumulate, parallelism);
            continue;
        }
        T::with_scratch((g.depth() + g.group_out()) * width, |scratch| {
            let (scratch, gathered) = scratch.split_at_mut(g.depth() * width);
            unfold(g, x, group, scratch, width);
            let dy = gather(g, group, width, dy, gathered);
            matmul((dw, weight), (dy, product), (scratch, columns.t()), accumulate, parallelism);
        });
    }
}

fn group_weight<'a, T>(g: &Geometry, w: &'a [T], group: usize) -> &'a [T] {
    let len = g.group_out() * g.depth();
    &w[group * len..(group + 1) * len]
}

fn group_image<'a, T>(g: &Geometry, x: &'a [T], image: usize, group: usize) -> &'a [T] {
    let len = g.group_in() * g.h * g.w;
    &x[image * g.image_len() + group * len..][..len]
}

fn group_output<'a, T>(g: &Geometry, y: &'a [T], image: usize, group: usize) -> &'a [T] {
    let len = g.group_out() * g.pixels();
    &y[image * g.output_len() + group * len..][..len]
}

/// The columns of all images of a block, side by side.
fn unfold<T: Elem>(g: &Geometry, x: &[T], group: usize, columns: &mut [T], width: usize) {
    for image in 0..width / g.pixels() {
        let x = group_image(g, x, image, group);
        im2col(g, g.group_in(), x, &mut columns[image * g.pixels()..], width);
    }
}

/// The outputs of a block as one matrix `(channels, images × pixels)`: in place for one image.
fn gather<'a, T: Elem>(g: &Geometry, group: usize, width: usize, y: &'a [T], room: &'a mut [T]) -> &'a [T] {
    if width == g.pixels() {
        return group_output(g, y, 0, group);
    }
    exchange(g, group, width, Direction::ToProduct { product: room, y });
    room
}

enum Direction<'a, T> {
    ToProduct { product: &'a mut [T], y: &'a [T] },
    ToImages { product: &'a [T], y: &'a mut [T] },
}

/// Copies between `(images, channels, pixels)` and `(channels, images, pixels)`.
fn exchange<T: Elem>(g: &Geometry, group: usize, width: usize, mut direction: Direction<'_, T>) {
    let pixels = g.pixels();
    for image in 0..width / pixels {
        for channel in 0..g.group_out() {
            let a = channel * width + image * pixels;
            let b = image * g.output_len() + (group * g.group_out() + channel) * pixels;
            match &mut direction {
                Direction::ToProduct { product, y } => {
                    product[a..a + pixels].copy_from_slice(&y[b..b + pixels])
                }
                Direction::ToImages { product, y } => {
                    y[b..b + pixels].copy_from_slice(&product[a..a + pixels])
                }
            }
        }
    }
}
