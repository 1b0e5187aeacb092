//! Images read between their pixels, and the transpose of that: numbers shared out to the pixels around a point.

use rayon::prelude::*;

use super::elem::Elem;

/// Planes of `h × w`, read at `oh × ow` points of each image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Images.
    pub n: usize,
    /// Channels, which are read at the same points.
    pub c: usize,
    /// Height of a plane.
    pub h: usize,
    /// Width of a plane.
    pub w: usize,
    /// Rows of points.
    pub oh: usize,
    /// Points of a row.
    pub ow: usize,
}

impl Sampling {
    /// Planes that a task works on: all channels of an image share the places of its points, unless there are fewer
    /// images than threads.
    fn group(&self) -> usize {
        if self.n >= rayon::current_num_threads() { self.c } else { 1 }
    }

    /// The points of the image that plane `plane` belongs to.
    fn points<'a, T>(&self, grid: &'a [T], plane: usize) -> &'a [T] {
        let len = 2 * self.oh * self.ow;
        &grid[plane / self.c * len..][..len]
    }

    /// The four pixels around a point whose coordinates go from −1 to 1, from edge to edge.
    fn corners<T: Elem>(&self, point: &[T]) -> Corners<T> {
        let [left, right] = neighbours(point[0].wide(), self.w);
        let [top, bottom] = neighbours(point[1].wide(), self.h);
        let corners = [(top, left), (top, right), (bottom, left), (bottom, right)];
        Corners {
            at: corners.map(|((y, _), (x, _))| y * self.w + x),
            weight: corners.map(|((_, a), (_, b))| T::narrow(a * b)),
        }
    }
}

/// Pixels, and the share of each; those outside have none.
struct Corners<T> {
    at: [usize; 4],
    weight: [T; 4],
}

/// The two pixels around a coordinate of an axis, and their shares: 0 of one that lies outside.
fn neighbours(coordinate: f64, len: usize) -> [(usize, f64); 2] {
    let at = ((coordinate + 1.0) * len as f64 - 1.0) / 2.0;
    let low = at.floor();
    let share = at - low;
    [(low, 1.0 - share), (low + 1.0, share)].map(|(pixel, share)| {
        // What is no place at all shows as NaN.
        if (0.0..len as f64).contains(&pixel) { (pixel as usize, share) } else { (0, at * 0.0) }
    })
}

/// Bilinear values of `x` `(N, C, H, W)` at the points of `grid` `(N, OH, OW, 2)`, with zeros outside.
pub fn sample<T: Elem>(g: &Sampling, x: &[T], grid: &[T]) -> Vec<T> {
    let (from, to, group) = (g.h * g.w, g.oh * g.ow, g.group());
    let mut y = vec![T::default(); g.n * g.c * to];
    if y.is_empty() {
        return y;
    }
    y.par_chunks_mut(group * to).zip(x.par_chunks(group * from)).enumerate().for_each(|(i, (y, x))| {
        let mut line = Vec::with_capacity(g.ow);
        for (row, points) in g.points(grid, i * group).chunks_exact(2 * g.ow).enumerate() {
            line.clear();
            line.extend(points.chunks_exact(2).map(|point| g.corners(point)));
            for (y, x) in y.chunks_exact_mut(to).zip(x.chunks_exact(from)) {
                for (y, Corners { at: [a, b, c, d], weight: [wa, wb, wc, wd] }) in
                    y[row * g.ow..].iter_mut().zip(&line)
                {
                    *y = *wa * x[*a] + *wb * x[*b] + (*wc * x[*c] + *wd * x[*d]);
                }
            }
        }
    });
    y
}

/// The transpose of [`sample`]: of `dy` `(N, C, OH, OW)` what its numbers add to each pixel, `(N, C, H, W)`.
pub fn scatter<T: Elem>(g: &Sampling, dy: &[T], grid: &[T]) -> Vec<T> {
    let (from, to, group) = (g.oh * g.ow, g.h * g.w, g.group());
    let mut dx = vec![T::default(); g.n * g.c * to];
    if dx.is_empty() || from == 0 {
        return dx;
    }
    dx.par_chunks_mut(group * to).zip(dy.par_chunks(group * from)).enumerate().for_each(|(i, (dx, dy))| {
        let mut line = Vec::with_capacity(g.ow);
        for (row, points) in g.points(grid, i * group).chunks_exact(2 * g.ow).enumerate() {
            line.clear();
            line.extend(points.chunks_exact(2).map(|point| g.corners(point)));
            for (dx, dy) in dx.chunks_exact_mut(to).zip(dy.chunks_exact(from)) {
                for (dy, corners) in dy[row * g.ow..].iter().zip(&line) {
                    let shares = corners.at.iter().zip(&corners.weight);
                    shares.for_each(|(at, weight)| dx[*at] += *weight * *dy);
                }
            }
        }
    });
    dx
}
