//! Sums and maps along the channel dimension of `(N, C, pixels)`.

use rayon::prelude::*;

use super::elem::{Elem, Room, overwritten};
use crate::simd::vectorised;

/// `(N, C, pixels)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Images.
    pub n: usize,
    /// Channels.
    pub c: usize,
    /// Pixels of a channel of an image.
    pub pixels: usize,
}

impl Layout {
    /// Elements a channel.
    pub fn count(self) -> usize {
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

/// Sums of `f` over pairs of elements of two slices, each sum in lanes of its own.
#[inline(always)]
fn sum<T: Elem, const K: usize>(a: &[T], b: &[T], f: impl Fn(T, T) -> [T; K]) -> [f64; K] {
    let mut lanes = [[T::default(); LANES]; K];
    let ((a, a_tail), (b, b_tail)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            let values = f(a[i], b[i]);
            for k in 0..K {
                lanes[k][i] += values[k];
            }
        }
    }
    for (i, (a, b)) in a_tail.iter().zip(b_tail).enumerate() {
        lanes.iter_mut().zip(f(*a, *b)).for_each(|(lanes, value)| lanes[i] += value);
    }
    lanes.map(|lanes| lanes.iter().map(|v| v.wide()).sum())
}

/// Calls `f` for each channel, over all threads where it pays.
fn by_channel<R: Send>(l: Layout, f: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    if l.count() * l.c <= 1 << 14 {
        (0..l.c).map(f).collect()
    } else {
        (0..l.c).into_par_iter().map(f).collect()
    }
}

/// For each channel, sums of the values of `f(channel)(a, b)` over its elements.
///
/// What depends on the channel alone is looked up once: a check of bounds for each element would keep
/// the loop from being vectorised.
pub fn sums<T: Elem, F: Fn(T, T) -> [T; K], const K: usize>(
    l: Layout,
    a: &[T],
    b: &[T],
    f: impl Fn(usize) -> F + Sync,
) -> Vec<[f64; K]> {
    by_channel(l, |c| channel_sums(l, a, b, c, f(c)))
}

fn channel_sums<T: Elem, const K: usize>(
    l: Layout,
    a: &[T],
    b: &[T],
    channel: usize,
    f: impl Fn(T, T) -> [T; K],
) -> [f64; K] {
    vectorised(
        #[inline(always)]
        || {
            let mut total = [0.0; K];
            for plane in l.planes(channel) {
                let sums = sum(&a[plane.clone()], &b[plane], &f);
                total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
            }
            total
        },
    )
}

/// `f(channel)(a, b)` of each pair of elements.
#[allow(unsafe_code)]
pub fn map<T: Elem, F: Fn(T, T) -> T>(l: Layout, a: &[T], b: &[T], f: impl Fn(usize) -> F + Sync) -> Vec<T> {
    if a.is_empty() {
        return Vec::new();
    }
    assert!(a.len() == l.count() * l.c && b.len() == a.len(), "lengths of a map along channels");
    // One plane may be a single number: hand out enough of them at a time.
    let planes = (1usize << 13).div_ceil(l.pixels);
    let run = |i: usize, y: &mut Room<T>, a: &[T], b: &[T]| {
        vectorised(
            #[inline(always)]
            || {
                let planes = y.chunks_mut(l.pixels).zip(a.chunks(l.pixels)).zip(b.chunks(l.pixels));
                for (j, ((y, a), b)) in planes.enumerate() {
                    let f = f((i + j) % l.c);
                    y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| _ = y.write(f(*a, *b)));
                }
            },
        );
    };
    let chunk = planes * l.pixels;
    let fill = |y: &mut Room<T>| {
        y.par_chunks_mut(chunk)
            .enumerate()
            .zip(a.par_chunks(chunk))
            .zip(b.par_chunks(chunk))
            .for_each(|(((i, y), a), b)| run(i * planes, y, a, b));
    };
    // SAFETY: `y`, `a` and `b` are of one length and cut alike, so every number of `y` meets a pair and is
    // written.
    unsafe { overwritten(a.len(), fill) }
}

/// Mean and biased variance of each channel, in two passes, the second while it is in the cache.
pub fn moments<T: Elem>(l: Layout, x: &[T]) -> (Vec<f64>, Vec<f64>) {
    let count = l.count() as f64;
    let moments = by_channel(l, |c| {
        let [total] = channel_sums(l, x, x, c, |x, _| [x]);
        let mean = total / count;
        let centre = T::narrow(mean);
        let [squares] = channel_sums(l, x, x, c, |x, _| {
            let d = x - centre;
            [d * d]
        });
        (mean, squares / count)
    });
    moments.into_iter().unzip()
}
