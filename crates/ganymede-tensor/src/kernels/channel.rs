//! Sums and affine maps along the channel dimension of `(N, C, pixels)`.

use rayon::prelude::*;

use super::elem::Elem;

/// `(N, C, pixels)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) n: usize,
    pub(crate) c: usize,
    pub(crate) pixels: usize,
}

impl Layout {
    /// Elements a channel.
    pub(crate) fn count(self) -> usize {
        self.n * self.pixels
    }

    fn planes(self, channel: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        (0..self.n).map(move |n| {
            let from = (n * self.c + channel) * self.pixels;
            from..from + self.pixels
        })
    }
}

/// Parallel sums of this many lanes: the compiler may not reorder one sum into a vector itself.
const LANES: usize = 16;

/// The sum of `f` over pairs of elements of two slices.
fn sum<T: Elem>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> f64 {
    let mut lanes = [T::default(); LANES];
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            lanes[i] += f(a[i], b[i]);
        }
    }
    a_tail.iter().zip(b_tail).zip(&mut lanes).for_each(|((a, b), lane)| *lane += f(*a, *b));
    lanes.iter().map(|v| v.to_f64()).sum()
}

/// For each channel, the sum of `f(channel, a, b)` over its elements.
pub(crate) fn sums<T: Elem>(l: Layout, a: &[T], b: &[T], f: impl Fn(usize, T, T) -> T + Sync) -> Vec<f64> {
    let channel = |c: usize| l.planes(c).map(|p| sum(&a[p.clone()], &b[p], |a, b| f(c, a, b))).sum();
    if l.count() * l.c <= 1 << 14 {
        (0..l.c).map(channel).collect()
    } else {
        (0..l.c).into_par_iter().map(channel).collect()
    }
}

/// `f(channel, a, b)` of each pair of elements.
pub(crate) fn map<T: Elem>(l: Layout, a: &[T], b: &[T], f: impl Fn(usize, T, T) -> T + Sync) -> Vec<T> {
    let mut y = vec![T::default(); a.len()];
    if y.is_empty() {
        return y;
    }
    // One plane may be a single number: hand out enough of them at a time.
    let planes = (1usize << 13).div_ceil(l.pixels);
    y.par_chunks_mut(l.pixels)
        .enumerate()
        .zip(a.par_chunks(l.pixels))
        .zip(b.par_chunks(l.pixels))
        .with_min_len(planes)
        .for_each(|(((i, y), a), b)| {
            let c = i % l.c;
            y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y = f(c, *a, *b));
        });
    y
}

/// Mean and biased variance of each channel, in two passes.
pub(crate) fn moments<T: Elem>(l: Layout, x: &[T]) -> (Vec<f64>, Vec<f64>) {
    let count = l.count() as f64;
    let mean: Vec<f64> = sums(l, x, x, |_, x, _| x).into_iter().map(|s| s / count).collect();
    let centre: Vec<T> = mean.iter().map(|m| T::from_f64(*m)).collect();
    let squares = sums(l, x, x, |c, x, _| {
        let d = x - centre[c];
        d * d
    });
    (mean, squares.into_iter().map(|s| s / count).collect())
}
