//! Isotropic Gaussians around samples.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;

use crate::linalg::cross;

/// Steps through all samples.
const EPOCHS: usize = 50;
/// Samples a step.
const BATCH: usize = 10_000;
const RATE: f64 = 0.5;
/// Share of the distance to the mean that is taken off for the Gaussian around it.
const ORIGIN: f64 = 0.1;
/// Bound of log σ².
const MOST: f64 = 40.0;
/// Added to squared distances at the beginning.
const LEAST: f64 = 1e-3;
/// The fit is at rest where its last losses differ by less.
const REST: f64 = 5e-4;
/// How many of them.
const RESTING: usize = 5;
/// Rows that a thread takes at a time. It does not depend on the number of threads, nor does the order of sums.
const TILE: usize = 256;

/// M centres, each with its variance and the weight 1/M.
pub(super) struct Mixture {
    centres: Array2<f64>,
    log_variances: Vec<f64>,
}

/// Sums over some rows.
struct Part {
    log_likelihood: f64,
    /// Of log σ², the one around the mean last.
    gradient: Vec<f64>,
}

impl Mixture {
    /// Variances that make `rows` likely.
    pub(super) fn fitted(centres: ArrayView2<'_, f64>, rows: ArrayView2<'_, f64>) -> Self {
        let distances = squared_distances(rows, centres);
        let dim = centres.ncols() as f64;
        let first = |column: ArrayView1<'_, f32>| {
            let least = column.iter().copied().fold(f32::INFINITY, f32::min);
            ((f64::from(least) + LEAST) / dim).ln()
        };
        let mut log_variances: Vec<f64> = distances.columns().into_iter().map(first).collect();
        let mean = rows.mean_axis(Axis(0)).expect("there are rows").insert_axis(Axis(0));
        let of_mean =
            squared_distances(rows, mean.view()).mapv(|square| (1.0 - ORIGIN as f32).powi(2) * square);
        log_variances.push(0.0);
        let mut adam = Adam::new(log_variances.len());
        let mut losses: Vec<f64> = Vec::new();
        for _ in 0..EPOCHS {
            let mut sum = 0.0;
            let batches =
                distances.axis_chunks_iter(Axis(0), BATCH).zip(of_mean.axis_chunks_iter(Axis(0), BATCH));
            let steps = batches.len() as f64;
            for (distances, of_mean) in batches {
                let part = likelihood(distances, of_mean.column(0), &log_variances, dim);
                let scale = -1.0 / (distances.nrows() as f64 * dim);
                sum += scale * part.log_likelihood;
                adam.step(&mut log_variances, part.gradient.iter().map(|gradient| scale * gradient));
                let around_samples = log_variances.len() - 1;
                log_variances[..around_samples].iter_mut().for_each(|log| *log = log.clamp(-MOST, MOST));
            }
            losses.push(sum / steps);
            if losses.len() > RESTING + 1 {
                let last = losses[losses.len() - 1];
                let before = &losses[losses.len() - RESTING..];
                if before.iter().all(|loss| (last - loss).abs() < REST) {
                    break;
                }
            }
        }
        log_variances.pop();
        Self { centres: centres.to_owned(), log_variances }
    }

    /// The mean negative log-likelihood of rows, a feature.
    pub(super) fn mean_nll(&self, rows: ArrayView2<'_, f64>) -> f64 {
        let dim = self.centres.ncols() as f64;
        let count = (self.log_variances.len() as f64).ln();
        let logs: Vec<f64> = rows
            .axis_chunks_iter(Axis(0), TILE)
            .flat_map(|tile| {
                let distances = squared_distances(tile, self.centres.view());
                let of = |row: ArrayView1<'_, f32>| {
                    let terms: Vec<f64> =
                        row.iter().zip(&self.log_variances).map(|(d, log)| density(*d, *log, dim)).collect();
                    log_sum_exp(&terms) - count
                };
                distances.rows().into_iter().map(of).collect::<Vec<_>>()
            })
            .collect();
        -logs.iter().sum::<f64>() / (logs.len() as f64 * dim)
    }
}

/// The log-likelihood of rows of squared distances, and its gradient. The last variance is that around the mean.
fn likelihood(
    distances: ArrayView2<'_, f32>,
    of_mean: ArrayView1<'_, f32>,
    log_variances: &[f64],
    dim: f64,
) -> Part {
    let around = log_variances.len() - 1;
    let count = (around as f64).ln();
    let tiles = distances.axis_chunks_iter(Axis(0), TILE).zip(of_mean.axis_chunks_iter(Axis(0), TILE));
    let tiles: Vec<_> = tiles.collect();
    let parts: Vec<Part> = tiles
        .into_par_iter()
        .map(|(distances, of_mean)| {
            let mut part = Part { log_likelihood: 0.0, gradient: vec![0.0; log_variances.len()] };
            let mut terms = vec![0.0; log_variances.len()];
            for (row, mean) in distances.rows().into_iter().zip(of_mean) {
                for ((term, square), log) in terms.iter_mut().zip(row).zip(log_variances) {
                    *term = density(*square, *log, dim) - count;
                }
                terms[around] = density(*mean, log_variances[around], dim);
                let total = log_sum_exp(&terms);
                part.log_likelihood += total;
                let squares = row.iter().chain([mean]);
                for (((gradient, term), square), log) in
                    part.gradient.iter_mut().zip(&terms).zip(squares).zip(log_variances)
                {
                    let share = (term - total).exp();
                    *gradient += 0.5 * share * (f64::from(*square) * (-log).exp() - dim);
                }
            }
            part
        })
        .collect();
    let mut whole = Part { log_likelihood: 0.0, gradient: vec![0.0; log_variances.len()] };
    for part in parts {
        whole.log_likelihood += part.log_likelihood;
        whole.gradient.iter_mut().zip(part.gradient).for_each(|(sum, gradient)| *sum += gradient);
    }
    whole
}

/// The logarithm of an isotropic Gaussian's density.
fn density(square: f32, log_variance: f64, dim: f64) -> f64 {
    let of_scale = log_variance + (2.0 * std::f64::consts::PI).ln();
    -0.5 * (f64::from(square) * (-log_variance).exp() + dim * of_scale)
}

fn log_sum_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
}

/// `(rows, centres)`.
fn squared_distances(rows: ArrayView2<'_, f64>, centres: ArrayView2<'_, f64>) -> Array2<f32> {
    let lengths =
        |rows: ArrayView2<'_, f64>| -> Array1<f64> { rows.rows().into_iter().map(|r| r.dot(&r)).collect() };
    let (own, others) = (lengths(rows), lengths(centres));
    let mut squares = Array2::zeros((rows.nrows(), centres.nrows()));
    let tiles = squares.axis_chunks_iter_mut(Axis(0), TILE).zip(rows.axis_chunks_iter(Axis(0), TILE));
    for ((mut squares, rows), own) in tiles.zip(own.axis_chunks_iter(Axis(0), TILE)) {
        let products = cross(rows, centres);
        for ((i, j), square) in squares.indexed_iter_mut() {
            *square = (own[i] + others[j] - 2.0 * products[(i, j)]).max(0.0) as f32;
        }
    }
    squares
}

/// Adam with its usual constants.
struct Adam {
    step: i32,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Adam {
    fn new(count: usize) -> Self {
        Self { step: 0, first: vec![0.0; count], second: vec![0.0; count] }
    }

    fn step(&mut self, values: &mut [f64], gradient: impl Iterator<Item = f64>) {
        const BETA: [f64; 2] = [0.9, 0.999];
        self.step += 1;
        let correct = BETA.map(|beta| 1.0 - beta.powi(self.step));
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, (first, second)), gradient) in values.iter_mut().zip(moments).zip(gradient) {
            *first = BETA[0] * *first + (1.0 - BETA[0]) * gradient;
            *second = BETA[1] * *second + (1.0 - BETA[1]) * gradient * gradient;
            *value -= RATE * (*first / correct[0]) / ((*second / correct[1]).sqrt() + 1e-8);
        }
    }
}
