//! The Inception Score.

use std::ops::Range;

use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use crate::{Ddof, MetricError, Result, Rows};

/// How rows are cut into splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// So many splits: split i of S has the rows ⌊iN/S⌋ to ⌊(i+1)N/S⌋: the authors' program, StyleGAN, torch-fidelity.
    Even(usize),
    /// So many splits of ⌊N/S⌋ rows; the rest at the end is left out: BigGAN, dgm-eval, GAN_stability.
    Floor(usize),
    /// Splits of so many rows; what is left at the end is one more, be it a single row: guided-diffusion.
    Chunks(usize),
}

impl Split {
    /// Into how many splits `count` rows are cut.
    fn splits(self, count: usize) -> usize {
        match self {
            Self::Even(splits) | Self::Floor(splits) => splits,
            Self::Chunks(0) => 0,
            Self::Chunks(rows) => count.div_ceil(rows),
        }
    }

    /// The fewest rows that can be cut.
    pub(crate) fn least(self) -> usize {
        match self {
            Self::Even(splits) | Self::Floor(splits) => splits,
            Self::Chunks(_) => 1,
        }
    }

    fn rows(self, i: usize, count: usize) -> Range<usize> {
        match self {
            Self::Even(splits) => i * count / splits..(i + 1) * count / splits,
            Self::Floor(splits) => i * (count / splits)..(i + 1) * (count / splits),
            Self::Chunks(rows) => i * rows..((i + 1) * rows).min(count),
        }
    }
}

/// An Inception Score over splits.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct InceptionScore {
    /// The mean over splits, from 1 to the number of classes.
    pub mean: f64,
    /// The deviation over splits; NaN for one split and [`Ddof::Sample`].
    pub std: f64,
    /// The score of each split.
    pub splits: Vec<f64>,
}

/// exp(E_x KL(p(y|x) ‖ p(y))) (Salimans et al., 2016, arXiv:1606.03498, section 4) from logits `(N, K)`, by splits in
/// the order of the rows; natural logarithm, in f64, by log-softmax: no probability underflows.
///
/// The common choice is [`Split::Even`] of 10 and [`Ddof::Population`]; StudioGAN has one split and [`Ddof::Sample`], which
/// is NaN. guided-diffusion's evaluator has chunks of 5,000 and prints their mean alone; its probabilities are in f32, and
/// one that underflows makes its score NaN. Logits are the 1,008 without bias of the Inception network of 2015-12-05 where scores
/// are to be compared with published ones; StudioGAN adds the bias. torch-fidelity and dgm-eval shuffle the rows first:
/// `order` is that permutation, or any other list of rows.
///
/// # Errors
/// No class, no split, fewer rows than splits, logits that are not finite, an `order` with a row that is not there.
pub fn inception_score<'a>(
    logits: impl Into<Rows<'a>>,
    order: Option<&[usize]>,
    split: Split,
    ddof: Ddof,
) -> Result<InceptionScore> {
    let logits = logits.into();
    logits.check_finite("logits", 0)?;
    let count = order.map_or(logits.count(), <[usize]>::len);
    let splits = split.splits(count);
    if logits.dim() == 0 || splits == 0 || count < splits {
        return Err(MetricError::Unfit(format!(
            "{count} rows of {} logits cannot be scored in {splits} splits: one row a split is the least",
            logits.dim()
        )));
    }
    if let Some(row) = order.unwrap_or_default().iter().find(|row| **row >= logits.count()) {
        return Err(MetricError::Invalid(format!("row {row} is asked for, of {}", logits.count())));
    }
    let scores: Vec<f64> = (0..splits)
        .map(|i| {
            let range = split.rows(i, count);
            score(match order {
                Some(order) => logits.select(&order[range]),
                None => logits.range(range),
            })
        })
        .collect();
    let mean = scores.iter().sum::<f64>() / splits as f64;
    let squares: f64 = scores.iter().map(|s| (s - mean) * (s - mean)).sum();
    Ok(InceptionScore { mean, std: (squares / ddof.divisor(splits as u64)).sqrt(), splits: scores })
}

fn score(logits: Array2<f64>) -> f64 {
    let log_p = log_softmax(logits);
    let p = log_p.mapv(f64::exp);
    let marginal = p.sum_axis(Axis(0)) / p.nrows() as f64;
    // A class that no row has any probability of adds nothing: 0 · (−∞ − (−∞)) is 0 here.
    let log_marginal: Array1<f64> = marginal.mapv(|q| if q > 0.0 { q.ln() } else { 0.0 });
    (divergences(p.view(), log_p.view(), &log_marginal) / p.nrows() as f64).exp()
}

/// Σ_x Σ_y p(y|x) (log p(y|x) − log p(y)).
fn divergences(p: ArrayView2<'_, f64>, log_p: ArrayView2<'_, f64>, log_marginal: &Array1<f64>) -> f64 {
    let of_row = |i: usize| -> f64 {
        let (p, log_p) = (p.slice(s![i, ..]), log_p.slice(s![i, ..]));
        p.iter()
            .zip(log_p)
            .zip(log_marginal)
            .map(|((p, lp), lq)| if *p > 0.0 { p * (lp - lq) } else { 0.0 })
            .sum()
    };
    (0..p.nrows()).map(of_row).sum()
}

fn log_softmax(mut logits: Array2<f64>) -> Array2<f64> {
    for mut row in logits.rows_mut() {
        let largest = row.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
        let sum: f64 = row.iter().map(|x| (x - largest).exp()).sum();
        let shift = largest + sum.ln();
        row.mapv_inplace(|x| x - shift);
    }
    logits
}
