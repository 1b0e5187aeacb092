//! Synthetic samples.

use ganymede_tensor::Rng;
use ndarray::Array2;

/// Normal rows around a mean.
pub(super) fn normal(rng: &mut Rng, n: usize, dim: usize, mean: f64, deviation: f64) -> Array2<f64> {
    Array2::from_shape_simple_fn((n, dim), || mean + deviation * rng.standard_normal())
}

/// Normal rows around one of these centres each, drawn by weight.
pub(super) fn mixture(
    rng: &mut Rng,
    n: usize,
    centres: &[Vec<f64>],
    deviation: f64,
    weights: &[f64],
) -> Array2<f64> {
    let total: f64 = weights.iter().sum();
    let mut rows = Array2::zeros((n, centres[0].len()));
    for mut row in rows.rows_mut() {
        let mut left = rng.unit() * total;
        let found = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        let centre = &centres[found.unwrap_or(0)];
        row.iter_mut().zip(centre).for_each(|(x, c)| *x = c + deviation * rng.standard_normal());
    }
    rows
}

/// Rows in the cube from `start` to `start + 1`.
pub(super) fn cube(rng: &mut Rng, n: usize, dim: usize, start: f64) -> Array2<f64> {
    Array2::from_shape_simple_fn((n, dim), || start + rng.unit())
}

/// Rows on the surface of a ball.
pub(super) fn sphere(rng: &mut Rng, n: usize, dim: usize, radius: f64) -> Array2<f64> {
    let mut rows = normal(rng, n, dim, 0.0, 1.0);
    for mut row in rows.rows_mut() {
        let length = row.dot(&row).sqrt();
        row *= radius / length;
    }
    rows
}

/// Rows inside a ball.
pub(super) fn ball(rng: &mut Rng, n: usize, dim: usize, radius: f64) -> Array2<f64> {
    let mut rows = Array2::zeros((n, dim));
    for mut row in rows.rows_mut() {
        loop {
            row.mapv_inplace(|_| 2.0 * rng.unit() - 1.0);
            if row.dot(&row) <= 1.0 {
                break;
            }
        }
        row *= radius;
    }
    rows
}

/// Rows inside a torus around the third axis: a disc of radius 0.1 that goes round at distance 1.
pub(super) fn torus(rng: &mut Rng, n: usize) -> Array2<f64> {
    let disc = ball(rng, n, 2, 0.1);
    let mut rows = Array2::zeros((n, 3));
    for (mut row, disc) in rows.rows_mut().into_iter().zip(disc.rows()) {
        let (out, angle) = (1.0 + disc[0], std::f64::consts::TAU * rng.unit());
        row[0] = out * angle.cos();
        row[1] = out * angle.sin();
        row[2] = disc[1];
    }
    rows
}

/// Heavy tails: (1 − u)^(−1/b), b = 1.01, which has a mean and no variance.
pub(super) fn pareto(rng: &mut Rng) -> f64 {
    (1.0 - rng.unit()).powf(-1.0 / 1.01)
}
