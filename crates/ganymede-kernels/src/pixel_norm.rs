//! Pixel normalisation: each position of `(N, C, pixels)` by the mean square of its channels.

use rayon::prelude::*;

use super::channel::Layout;
use super::elem::{Elem, Room, overwritten};
use crate::simd::vectorised;

/// Positions of a task: their sums stay in the first cache while all channels pass by.
const CHUNK: usize = 1 << 10;

/// `x/√(mean x² + eps)`.
pub fn pixel_norm<T: Elem>(l: Layout, x: &[T], eps: f64) -> Vec<T> {
    let [squares, _] = sums(l, x, x, false);
    let scale = squares.into_iter().map(|square| T::narrow(rstd(l, square, eps))).collect::<Vec<_>>();
    combined(l, (x, &scale), None)
}

/// The gradient `g` of the result, taken through it to `x`: `r·g − r³·mean(x·g)·x` with r = 1/√(mean x² + eps).
pub fn gradient<T: Elem>(l: Layout, x: &[T], g: &[T], eps: f64) -> Vec<T> {
    let [squares, products] = sums(l, x, g, true);
    let scales = squares.iter().map(|&square| rstd(l, square, eps));
    let along = scales.clone().zip(&products).map(|(r, product)| -r * r * r * product.wide() / l.c as f64);
    let (scales, along): (Vec<T>, Vec<T>) = (scales.map(T::narrow).collect(), along.map(T::narrow).collect());
    combined(l, (g, &scales), Some((x, &along)))
}

fn rstd<T: Elem>(l: Layout, square: T, eps: f64) -> f64 {
    1.0 / (square.wide() / l.c as f64 + eps).sqrt()
}

/// At each position, `(N, pixels)`, Σ x² over the channels, and Σ x·g where it is asked for.
fn sums<T: Elem>(l: Layout, x: &[T], g: &[T], both: bool) -> [Vec<T>; 2] {
    assert!(x.len() == l.count() * l.c && g.len() == x.len(), "lengths of a pixel norm");
    let mut squares = vec![T::default(); l.count()];
    let mut products = vec![T::default(); if both { l.count() } else { 0 }];
    if x.is_empty() {
        return [squares, products];
    }
    let add = |at: usize, out: &mut [T], other: &[T]| {
        let (image, first) = (at / l.pixels, at % l.pixels);
        vectorised(
            #[inline(always)]
            || {
                for c in 0..l.c {
                    let from = (image * l.c + c) * l.pixels + first;
                    let (x, other) = (&x[from..][..out.len()], &other[from..][..out.len()]);
                    out.iter_mut().zip(x).zip(other).for_each(|((out, x), other)| *out += *x * *other);
                }
            },
        );
    };
    let fill = |out: &mut [T], other: &[T]| {
        // Of one image each, so that a chunk has one place among the channels.
        out.par_chunks_mut(l.pixels).enumerate().for_each(|(image, out)| {
            let chunks = out.par_chunks_mut(CHUNK).enumerate();
            chunks.for_each(|(i, out)| add(image * l.pixels + i * CHUNK, out, other));
        });
    };
    fill(&mut squares, x);
    if both {
        fill(&mut products, g);
    }
    [squares, products]
}

/// `a` times the number of its position, and `b` times that of its own added to it.
#[allow(unsafe_code)]
fn combined<T: Elem>(l: Layout, (a, p): (&[T], &[T]), b: Option<(&[T], &[T])>) -> Vec<T> {
    if a.is_empty() {
        return Vec::new();
    }
    let of_image = |plane: usize| plane / l.c * l.pixels..(plane / l.c + 1) * l.pixels;
    let run = |plane: usize, y: &mut Room<T>| {
        let own = plane * l.pixels..(plane + 1) * l.pixels;
        let (a, p) = (&a[own.clone()], &p[of_image(plane)]);
        vectorised(
            #[inline(always)]
            || match b {
                None => y.iter_mut().zip(a).zip(p).for_each(|((y, a), p)| _ = y.write(*a * *p)),
                Some((b, q)) => {
                    let (b, q) = (&b[own], &q[of_image(plane)]);
                    let rows = y.iter_mut().zip(a).zip(p).zip(b).zip(q);
                    rows.for_each(|((((y, a), p), b), q)| _ = y.write(*a * *p + *b * *q));
                }
            },
        );
    };
    // One plane may be a single number: hand out enough of them at a time.
    let planes = (1usize << 13).div_ceil(l.pixels);
    let fill = |y: &mut Room<T>| {
        y.par_chunks_mut(planes * l.pixels).enumerate().for_each(|(i, y)| {
            y.chunks_mut(l.pixels).enumerate().for_each(|(j, y)| run(i * planes + j, y));
        });
    };
    // SAFETY: `y` is cut into planes, and the rows of `a`, `p`, `b` and `q` that meet one are as long as it, so every
    // number of it is written.
    unsafe { overwritten(a.len(), fill) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes around those of chunks and vectors, against sums one by one.
    #[test]
    fn every_position_is_normalised_by_its_own_channels() {
        for (n, c, pixels) in
            [(1, 1, 1), (3, 5, 1), (2, 3, 7), (1, 2, CHUNK + 3), (2, 4, 2 * CHUNK), (0, 3, 4)]
        {
            let l = Layout { n, c, pixels };
            let numbers = |seed: usize| -> Vec<f64> {
                (0..n * c * pixels).map(|i| ((i * 37 + seed) % 101) as f64 / 50.0 - 1.0).collect()
            };
            let (x, g) = (numbers(1), numbers(17));
            let (y, dx) = (pixel_norm(l, &x, 0.1), gradient(l, &x, &g, 0.1));
            assert_eq!((y.len(), dx.len()), (x.len(), x.len()));
            for i in 0..x.len() {
                let (image, pixel) = (i / (c * pixels), i % pixels);
                let column = || (0..c).map(|c| (image * l.c + c) * pixels + pixel);
                let mean = |a: &[f64], b: &[f64]| column().map(|j| a[j] * b[j]).sum::<f64>() / c as f64;
                let r = 1.0 / (mean(&x, &x) + 0.1).sqrt();
                assert!((y[i] - r * x[i]).abs() < 1e-12, "{l:?} {i}");
                let expected = r * g[i] - r.powi(3) * mean(&x, &g) * x[i];
                assert!((dx[i] - expected).abs() < 1e-12, "{l:?} {i}");
            }
        }
    }
}
