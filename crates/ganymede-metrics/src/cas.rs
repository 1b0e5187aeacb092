//! The classification accuracy score.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, Axis};
use ndarray_linalg::{FactorizeInto, Solve};

use crate::linalg::{add_gram, mirror};
use crate::rows::check_pair;
use crate::{MetricError, Result, Rows};

/// What the squared weights are multiplied by in the fit.
const RIDGE: f64 = 1.0;

/// What [`classification_accuracy_score`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct AccuracyScore {
    /// Accuracy on all real samples of a classifier that was fitted to the generated ones, in `0..=1`.
    pub accuracy: f64,
    /// Accuracy on every second real sample of a classifier that was fitted to the others: what generated samples are
    /// measured by.
    pub of_real: f64,
}

/// CAS: how well a classifier that has seen generated samples only recognises real ones. It falls where classes are
/// mixed up and where their variety is missing, which FID and precision do not see within a class.
///
/// The classifier is ridge regression of the features on the classes, ±1 each: features centred on their mean,
/// an intercept, and weights W that minimise ‖XW − Y‖² + ‖W‖²; the largest score wins, the lowest class of equals. It has
/// no randomness and a closed form. Ravuri and Vinyals train a ResNet-50 on the images: numbers of theirs are not to be
/// compared with these. Generated samples are all trained on, real ones all tested on.
///
/// Ravuri and Vinyals, 2019, "Classification accuracy score for conditional generative models", arXiv:1905.10887.
///
/// # Errors
/// Different dimensions, numbers that are not finite, labels that are not as many as their rows, fewer than 2 classes
/// among the generated samples or among either half of the real ones.
pub fn classification_accuracy_score<'a, 'b>(
    real: impl Into<Rows<'a>>,
    real_labels: &[u32],
    generated: impl Into<Rows<'b>>,
    generated_labels: &[u32],
) -> Result<AccuracyScore> {
    let (real, generated) = (real.into(), generated.into());
    check_pair(real, generated, 2)?;
    let counts = [real.count(), generated.count()];
    for (what, count, labels) in
        [("real", counts[0], real_labels), ("generated", counts[1], generated_labels)]
    {
        if count != labels.len() {
            let reason = format!("{} labels for {count} {what} samples", labels.len());
            return Err(MetricError::Invalid(reason));
        }
    }
    let (real, generated) = (real.to_f64(), generated.to_f64());
    let halves = halves(real_labels);
    let [first, second] = &halves;
    let half = |rows: &[usize]| -> (Array2<f64>, Vec<u32>) {
        (real.select(Axis(0), rows), rows.iter().map(|row| real_labels[*row]).collect())
    };
    let ((seen, seen_labels), (unseen, unseen_labels)) = (half(first), half(second));
    Ok(AccuracyScore {
        accuracy: Ridge::fit(generated, generated_labels)?.accuracy(&real, real_labels),
        of_real: Ridge::fit(seen, &seen_labels)?.accuracy(&unseen, &unseen_labels),
    })
}

/// Every second row of each class, and the others.
fn halves(labels: &[u32]) -> [Vec<usize>; 2] {
    let (mut halves, mut seen) = ([Vec::new(), Vec::new()], BTreeMap::<u32, usize>::new());
    for (row, label) in labels.iter().enumerate() {
        let count = seen.entry(*label).or_default();
        halves[*count % 2].push(row);
        *count += 1;
    }
    halves
}

/// One score a class, linear in the features.
struct Ridge {
    classes: Vec<u32>,
    mean: Array1<f64>,
    /// `(D, K)`.
    weights: Array2<f64>,
    intercepts: Array1<f64>,
}

impl Ridge {
    fn fit(mut rows: Array2<f64>, labels: &[u32]) -> Result<Self> {
        let mut classes = labels.to_vec();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() < 2 {
            let reason = format!("a classifier needs at least 2 classes, there are {}", classes.len());
            return Err(MetricError::Unfit(reason));
        }
        let mean = rows.mean_axis(Axis(0)).expect("there are rows");
        rows -= &mean;
        let targets = Array2::from_shape_fn((labels.len(), classes.len()), |(row, class)| {
            if labels[row] == classes[class] { 1.0 } else { -1.0 }
        });
        let intercepts = targets.mean_axis(Axis(0)).expect("there are rows");
        let mut gram = Array2::zeros((rows.ncols(), rows.ncols()));
        add_gram(rows.view(), &mut gram);
        mirror(&mut gram);
        gram.diag_mut().mapv_inplace(|square| square + RIDGE);
        let algebra = |error: ndarray_linalg::error::LinalgError| MetricError::Algebra {
            what: "the fit of a classifier".into(),
            reason: error.to_string(),
        };
        let factor = gram.factorize_into().map_err(algebra)?;
        let mut weights = rows.t().dot(&(&targets - &intercepts));
        for mut column in weights.columns_mut() {
            let solution = factor.solve(&column).map_err(algebra)?;
            column.assign(&solution);
        }
        Ok(Self { classes, mean, weights, intercepts })
    }

    fn accuracy(&self, rows: &Array2<f64>, labels: &[u32]) -> f64 {
        let scores = (rows - &self.mean).dot(&self.weights) + &self.intercepts;
        let right = scores.rows().into_iter().zip(labels).filter(|(scores, label)| {
            let best = (0..scores.len()).rev().max_by(|a, b| scores[*a].total_cmp(&scores[*b]));
            best.is_some_and(|best| self.classes[best] == **label)
        });
        right.count() as f64 / labels.len() as f64
    }
}
