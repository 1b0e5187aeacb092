//! The test for copies of the training set.

use ganymede_tensor::Rng;
use ndarray::{Array2, ArrayView2, Axis};

use crate::kmeans::{Clusters, k_means, nearest_centres};
use crate::linalg::principal_axes;
use crate::neighbours::{FeatureSets, Look, Seen, Side};
use crate::rows::check_pair;
use crate::{MetricError, Result, Rows};

/// Directions of most variance that are looked at.
const AXES: usize = 64;
const CELLS: usize = 3;
/// Runs of k-means.
const RESTARTS: usize = 10;
/// Generated samples below which a cell says nothing.
const LEAST_IN_A_CELL: usize = 20;

/// What [`data_copying`] gives.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct DataCopying {
    /// C_T, in standard deviations: well below 0 (−3) where generated samples lie nearer to the training set than unseen
    /// real ones do, well above 0 where they lie farther away.
    pub c_t: f64,
    /// Of each cell that has enough generated samples: its share of the test samples, and its own deviation.
    pub cells: Vec<(f64, f64)>,
}

/// C_T: whether generated samples are nearer to the training samples than unseen real ones are.
///
/// All are brought to the training samples' 64 directions of most variance, where there are more features. Within each
/// of 3 cells (k-means of the training samples, the best of 10 runs) the distances to the nearest training sample
/// of that cell are compared by the Mann–Whitney test: U counts the pairs of a generated and a test sample in which the
/// generated one is farther, halves for ties; Z = (U − nm/2 + 1/2)/√(nm(n + m + 1)/12). C_T is the mean over cells with
/// more than 20 generated samples, weighted by their shares of the test samples.
///
/// Meehan, Chaudhuri and Dasgupta, 2020, "A non-parametric test to detect data-copying in generative models",
/// arXiv:2004.05675, section 4; the constants are dgm-eval's.
///
/// # Errors
/// Different dimensions, numbers that are not finite, a cell without training or test samples, no cell with enough
/// generated ones.
pub fn data_copying<'a, 'b, 'c>(
    train: impl Into<Rows<'a>>,
    test: impl Into<Rows<'b>>,
    generated: impl Into<Rows<'c>>,
    seed: u64,
) -> Result<DataCopying> {
    let (train, test, generated) = (train.into(), test.into(), generated.into());
    check_pair(train, generated, 1)?;
    check_pair(test, generated, 1)?;
    if train.count() < 2 * CELLS {
        let reason = format!("{} training samples are too few for {CELLS} cells", train.count());
        return Err(MetricError::Unfit(reason));
    }
    let (mut train, mut test, mut generated) = (train.to_f64(), test.to_f64(), generated.to_f64());
    if train.ncols() > AXES {
        let (mean, axes) = principal_axes(train.view(), AXES)?;
        for rows in [&mut train, &mut test, &mut generated] {
            *rows = (&*rows - &mean).dot(&axes.t());
        }
    }
    let cells = k_means(train.view(), CELLS, RESTARTS, &mut Rng::stream(seed, "copying"));
    let Clusters { centres, labels, .. } = cells;
    let of = |rows: &Array2<f64>| nearest_centres(rows.view(), centres.view()).0;
    let (of_test, of_generated) = (of(&test), of(&generated));
    let mut found = Vec::new();
    for cell in 0..CELLS {
        let generated = in_cell(&generated, &of_generated, cell);
        if generated.nrows() <= LEAST_IN_A_CELL {
            continue;
        }
        let (train, here) = (in_cell(&train, &labels, cell), in_cell(&test, &of_test, cell));
        if train.is_empty() || here.is_empty() {
            return Err(MetricError::Unfit(format!(
                "cell {cell} of {CELLS} has {} training and {} test samples: give more real ones",
                train.nrows(),
                here.nrows()
            )));
        }
        let z = mann_whitney(
            &to_nearest(train.view(), generated.view())?,
            &to_nearest(train.view(), here.view())?,
        );
        found.push((here.nrows() as f64 / test.nrows() as f64, z));
    }
    let total: f64 = found.iter().map(|(share, _)| share).sum();
    if found.is_empty() {
        return Err(MetricError::Unfit(format!(
            "no cell has more than {LEAST_IN_A_CELL} of the {} generated samples: give more",
            generated.nrows()
        )));
    }
    Ok(DataCopying { c_t: found.iter().map(|(share, z)| share * z).sum::<f64>() / total, cells: found })
}

fn in_cell(rows: &Array2<f64>, labels: &[usize], cell: usize) -> Array2<f64> {
    let there: Vec<usize> = (0..labels.len()).filter(|row| labels[*row] == cell).collect();
    rows.select(Axis(0), &there)
}

/// The distance of each row to the nearest training sample.
fn to_nearest(train: ArrayView2<'_, f64>, rows: ArrayView2<'_, f64>) -> Result<Vec<f64>> {
    let seen = Seen::of(FeatureSets { real: train, generated: rows }, &[Look::Across(Side::Generated, 1)])?;
    Ok(seen.across(Side::Generated).distance.column(0).to_vec())
}

/// In standard deviations, how much larger the first values are than the second ones.
fn mann_whitney(first: &[f64], second: &[f64]) -> f64 {
    let mut sorted = second.to_vec();
    sorted.sort_by(f64::total_cmp);
    let u: f64 = first
        .iter()
        .map(|value| {
            let (below, up_to) =
                (sorted.partition_point(|x| x < value), sorted.partition_point(|x| x <= value));
            (below + up_to) as f64 / 2.0
        })
        .sum();
    let (n, m) = (second.len() as f64, first.len() as f64);
    (u - (n * m / 2.0 - 0.5)) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}
