//! k-means.

use ganymede_tensor::Rng;
use ndarray::{Array2, ArrayView2, Axis};

use crate::linalg::cross;

/// Rows whose distances are computed at a time.
const TILE: usize = 4096;
/// Nearly always fewer are needed.
const ROUNDS: usize = 100;

/// Clusters of rows.
pub(crate) struct Clusters {
    /// `(K, D)`.
    pub(crate) centres: Array2<f64>,
    /// The cluster of each row.
    pub(crate) labels: Vec<usize>,
    /// The sum of squared distances to the centres.
    inertia: f64,
}

/// The best of `restarts` runs of Lloyd's algorithm, each from centres that k-means++ draws (Arthur & Vassilvitskii, 2007).
/// A cluster that loses all of its rows is given the row that is farthest from its centre. There are at least `k` rows.
pub(crate) fn k_means(rows: ArrayView2<'_, f64>, k: usize, restarts: usize, rng: &mut Rng) -> Clusters {
    let all = (0..restarts.max(1)).map(|_| lloyd(rows, first_centres(rows, k, rng)));
    let best = all.min_by(|a, b| a.inertia.total_cmp(&b.inertia));
    best.expect("there is at least one run")
}

fn first_centres(rows: ArrayView2<'_, f64>, k: usize, rng: &mut Rng) -> Array2<f64> {
    let mut chosen = vec![rng.below(rows.nrows())];
    let mut squares = vec![f64::INFINITY; rows.nrows()];
    while chosen.len() < k {
        let last = rows.row(chosen[chosen.len() - 1]);
        for (square, row) in squares.iter_mut().zip(rows.rows()) {
            let distance: f64 = row.iter().zip(last).map(|(a, b)| (a - b) * (a - b)).sum();
            *square = square.min(distance);
        }
        chosen.push(drawn(&squares, rng));
    }
    rows.select(Axis(0), &chosen)
}

/// A row, drawn with these weights; any one where all are 0.
fn drawn(weights: &[f64], rng: &mut Rng) -> usize {
    let total: f64 = weights.iter().sum();
    if total == 0.0 {
        return rng.below(weights.len());
    }
    let mut left = rng.unit() * total;
    let found = weights.iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    found.unwrap_or_else(|| weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0))
}

fn lloyd(rows: ArrayView2<'_, f64>, mut centres: Array2<f64>) -> Clusters {
    let (mut labels, mut squares) = nearest_centres(rows, centres.view());
    for _ in 0..ROUNDS {
        centres = means(rows, &labels, &mut squares, centres.nrows());
        let (next, next_squares) = nearest_centres(rows, centres.view());
        let is_done = next == labels;
        (labels, squares) = (next, next_squares);
        if is_done {
            break;
        }
    }
    Clusters { centres, inertia: squares.iter().sum(), labels }
}

fn means(rows: ArrayView2<'_, f64>, labels: &[usize], squares: &mut [f64], k: usize) -> Array2<f64> {
    let (mut centres, mut counts) = (Array2::zeros((k, rows.ncols())), vec![0_usize; k]);
    for (row, label) in rows.rows().into_iter().zip(labels) {
        let mut centre = centres.row_mut(*label);
        centre += &row;
        counts[*label] += 1;
    }
    for (mut centre, count) in centres.rows_mut().into_iter().zip(&counts) {
        if *count > 0 {
            centre /= *count as f64;
            continue;
        }
        let farthest = (0..squares.len()).max_by(|a, b| squares[*a].total_cmp(&squares[*b]));
        let farthest = farthest.expect("there are rows");
        centre.assign(&rows.row(farthest));
        squares[farthest] = 0.0;
    }
    centres
}

/// For each row its nearest centre, the first of equally near ones, and the squared distance to it.
pub(crate) fn nearest_centres(
    rows: ArrayView2<'_, f64>,
    centres: ArrayView2<'_, f64>,
) -> (Vec<usize>, Vec<f64>) {
    let lengths: Vec<f64> = centres.rows().into_iter().map(|centre| centre.dot(&centre)).collect();
    let (mut labels, mut squares) = (Vec::new(), Vec::new());
    for tile in rows.axis_chunks_iter(Axis(0), TILE) {
        let products = cross(tile, centres);
        for (row, products) in tile.rows().into_iter().zip(products.rows()) {
            let distances = products.iter().zip(&lengths).map(|(product, length)| length - 2.0 * product);
            let nearest = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
            let (label, distance) = nearest.expect("there are centres");
            labels.push(label);
            squares.push((distance + row.dot(&row)).max(0.0));
        }
    }
    (labels, squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_far_apart_are_found_whatever_the_seed() {
        let mut rng = Rng::new(1);
        let rows = Array2::from_shape_fn((90, 2), |(i, j)| {
            let centre = [[0.0, 0.0], [50.0, 0.0], [0.0, 80.0]][i % 3][j];
            centre + rng.standard_normal()
        });
        for seed in 0..20 {
            let found = k_means(rows.view(), 3, 4, &mut Rng::new(seed));
            assert!((0..90).all(|i| found.labels[i] == found.labels[i % 3]), "seed {seed}");
            let alike = |i: usize, j: usize| found.labels[i] == found.labels[j];
            assert!(!alike(0, 1) && !alike(0, 2) && !alike(1, 2));
        }
    }

    #[test]
    fn copies_leave_no_cluster_without_a_centre() {
        let rows = Array2::from_shape_fn((6, 1), |(i, _)| if i < 5 { 1.0 } else { 2.0 });
        let found = k_means(rows.view(), 3, 1, &mut Rng::new(0));
        assert!(found.centres.iter().all(|centre| *centre == 1.0 || *centre == 2.0));
        assert_eq!(found.inertia, 0.0);
    }
}
