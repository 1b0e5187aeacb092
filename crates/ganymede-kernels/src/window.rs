//! Pooling over windows that overlap or reach over the edge, plane by plane.

use rayon::prelude::*;

use super::elem::{Elem, Scratch};

/// Sizes of a pooling: planes of `h × w`, results of `oh × ow`.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// Height of a plane.
    pub h: usize,
    /// Width of a plane.
    pub w: usize,
    /// Height of the result.
    pub oh: usize,
    /// Width of the result.
    pub ow: usize,
    /// Height and width of a window.
    pub kernel: [usize; 2],
    /// Distance of neighbouring windows on each axis.
    pub stride: [usize; 2],
    /// How far windows reach over the edge on each axis.
    pub padding: [usize; 2],
}

impl Windows {
    /// The part of a window that lies inside, on one axis.
    fn inside(&self, axis: usize, at: usize) -> std::ops::Range<usize> {
        let len = [self.h, self.w][axis];
        let first = at * self.stride[axis];
        let (low, high) = (first, first + self.kernel[axis]);
        low.saturating_sub(self.padding[axis])..high.saturating_sub(self.padding[axis]).min(len)
    }

    /// Columns whose windows lie inside as a whole.
    fn whole_columns(&self) -> std::ops::Range<usize> {
        let (k, s, p) = (self.kernel[1], self.stride[1], self.padding[1]);
        let first = p.div_ceil(s).min(self.ow);
        let end = (self.w + p).checked_sub(k).map_or(0, |room| room / s + 1);
        first..end.clamp(first, self.ow)
    }
}

/// `combine` over the part of each window that is inside; `finish` gets the result and the number
/// of pixels that it is made of.
pub fn pool<T: Elem>(
    g: Windows,
    x: &[T],
    combine: impl Fn(T, T) -> T + Sync,
    finish: impl Fn(T, usize) -> T + Sync,
) -> Vec<T> {
    let planes = x.len() / (g.h * g.w).max(1);
    let mut y = vec![T::default(); planes * g.oh * g.ow];
    if y.is_empty() {
        return y;
    }
    y.par_chunks_mut(g.oh * g.ow).zip(x.par_chunks(g.h * g.w)).for_each(|(y, x)| {
        let mut line = Scratch::new(g.w);
        for (at, y) in y.chunks_exact_mut(g.ow).enumerate() {
            let rows = g.inside(0, at);
            let count = rows.len();
            // Down first: whole rows at a time, which the compiler makes vectors of.
            let mut rows = x[rows.start * g.w..rows.end * g.w].chunks_exact(g.w);
            line.copy_from_slice(rows.next().expect("a window has a row inside"));
            for row in rows {
                line.iter_mut().zip(row).for_each(|(a, b)| *a = combine(*a, *b));
            }
            across(&g, &line, y, &combine, |v, columns| finish(v, count * columns));
        }
    });
    y
}

/// Combines the columns of a line.
#[inline(always)]
fn across<T: Elem>(
    g: &Windows,
    line: &[T],
    y: &mut [T],
    combine: &impl Fn(T, T) -> T,
    finish: impl Fn(T, usize) -> T,
) {
    let whole = g.whole_columns();
    for at in (0..whole.start).chain(whole.end..g.ow) {
        let columns = &line[g.inside(1, at)];
        let value = columns[1..].iter().fold(columns[0], |a, b| combine(a, *b));
        y[at] = finish(value, columns.len());
    }
    let first = whole.start * g.stride[1] - if whole.is_empty() { 0 } else { g.padding[1] };
    let source = if whole.is_empty() { &[] } else { &line[first..] };
    let windows = source.windows(g.kernel[1]).step_by(g.stride[1]);
    match g.kernel[1] {
        // The length is known: no loop, and vectors where windows are neighbours.
        3 => y[whole].iter_mut().zip(windows).for_each(|(y, c)| {
            *y = finish(combine(combine(c[0], c[1]), c[2]), 3);
        }),
        k => y[whole].iter_mut().zip(windows).for_each(|(y, c)| {
            *y = finish(c[1..].iter().fold(c[0], |a, b| combine(a, *b)), k);
        }),
    }
}

/// The mean of each plane of `pixels` numbers, summed in f64.
pub fn plane_means<T: Elem>(x: &[T], pixels: usize) -> Vec<T> {
    x.par_chunks(pixels)
        .with_min_len((1usize << 13).div_ceil(pixels))
        .map(|plane| {
            // Eight sums: one would wait for itself at every addition.
            let (blocks, tail) = plane.as_chunks::<8>();
            let mut sums = [0.0f64; 8];
            for block in blocks {
                sums.iter_mut().zip(block).for_each(|(sum, v)| *sum += v.wide());
            }
            let total = sums.iter().sum::<f64>() + tail.iter().map(|v| v.wide()).sum::<f64>();
            T::narrow(total / pixels as f64)
        })
        .collect()
}
