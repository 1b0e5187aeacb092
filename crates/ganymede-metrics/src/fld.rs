//! The feature likelihood divergence.

mod mixture;

use ganymede_tensor::Rng;
use ndarray::{Array1, Array2, Axis};

use crate::rows::check_pair;
use crate::{MetricError, Result, Rows};
use mixture::Mixture;

/// At most so many generated samples are centres of the mixture.
const CENTRES: usize = 10_000;

/// What [`fld`] gives.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Fld {
    /// 100 × (negative log-likelihood of the test samples a feature, in nats, less that of the baseline). Lower is
    /// better; near 0 for samples as good as real ones.
    pub fld: f64,
    /// The same of the training samples.
    pub train: f64,
    /// 100 × (that of the training samples less that of the test samples): well below 0 where the generator repeats its
    /// training set.
    pub generalisation_gap: f64,
    /// The negative log-likelihood of the test samples a feature under real samples.
    pub baseline: f64,
}

/// FLD: how likely unseen real samples are under Gaussians around the generated ones, so that quality, variety and
/// novelty are in one number: a copy of a training sample gets a Gaussian as narrow as can be, which no unseen sample
/// lies in.
///
/// The features are moved and scaled by mean and deviation (n − 1) of the test samples. Each of at most 10,000 generated
/// samples is the centre of an isotropic Gaussian of weight 1/M. Their variances are fitted to the *training* samples:
/// log σ² begins at log((least squared distance + 10⁻³)/d) and goes 50 steps of Adam, rate 0.5, down the negative
/// log-likelihood divided by d, with one Gaussian more around the training samples' mean, whose squared distances are
/// taken 0.81 times, for samples that are far from all; it stays within ±40; the steps end early where the likelihood
/// rests. Then the likelihood of the test samples is taken without that Gaussian. The baseline is the same of half of
/// the training samples, min(M, N/2), with variances fitted to the other half.
///
/// Memory: 4 bytes for each pair of a training sample and a centre.
///
/// Of more than 10,000 training samples a step looks at 10,000 of them. Draws and their order are `seed`'s.
///
/// Jiralerspong, Bose, Gemp, Qin, Bachrach and Gidel, 2023, "Feature likelihood divergence: evaluating the generalization
/// of generative models using samples", arXiv:2302.04440; the constants are those of the authors' program, which
/// computes in f32.
///
/// # Errors
/// Fewer than 4 training, 2 test or 1 generated sample, different dimensions, numbers that are not finite, test samples
/// that are all the same.
pub fn fld<'a, 'b, 'c>(
    train: impl Into<Rows<'a>>,
    test: impl Into<Rows<'b>>,
    generated: impl Into<Rows<'c>>,
    seed: u64,
) -> Result<Fld> {
    let (train, test, generated) = (train.into(), test.into(), generated.into());
    check_pair(train, generated, 1)?;
    check_pair(test, generated, 1)?;
    if train.count() < 4 || test.count() < 2 {
        return Err(MetricError::Unfit(format!(
            "{} training and {} test samples: a likelihood needs at least 4 and 2",
            train.count(),
            test.count()
        )));
    }
    let mut rng = Rng::stream(seed, "fld");
    let scale = Standard::of(test.to_f64())?;
    let test = scale.apply(test.to_f64());
    let train = shuffled(scale.apply(train.to_f64()), train.count(), &mut rng);
    let generated = shuffled(scale.apply(generated.to_f64()), CENTRES, &mut rng);
    let half = generated.nrows().min(train.nrows() / 2);
    let (of_real, others) = train.view().split_at(Axis(0), half);
    let baseline = Mixture::fitted(of_real, others).mean_nll(test.view());
    let mixture = Mixture::fitted(generated.view(), train.view());
    let (of_train, of_test) = (mixture.mean_nll(train.view()), mixture.mean_nll(test.view()));
    let percent = |nll: f64, from: f64| 100.0 * (nll - from);
    Ok(Fld {
        fld: percent(of_test, baseline),
        train: percent(of_train, baseline),
        generalisation_gap: percent(of_train, of_test),
        baseline,
    })
}

/// At most `most` rows in random order.
fn shuffled(rows: Array2<f64>, most: usize, rng: &mut Rng) -> Array2<f64> {
    let mut order = rng.permutation(rows.nrows());
    order.truncate(most);
    rows.select(Axis(0), &order)
}

/// Mean and deviation of each feature.
struct Standard {
    mean: Array1<f64>,
    deviation: Array1<f64>,
}

impl Standard {
    fn of(rows: Array2<f64>) -> Result<Self> {
        let mean = rows.mean_axis(Axis(0)).expect("there are rows");
        let mut deviation = rows.std_axis(Axis(0), 1.0);
        if deviation.iter().all(|deviation| *deviation == 0.0) {
            return Err(MetricError::Unfit("all test samples are the same".into()));
        }
        // A feature that never varies says nothing, and must not become infinite.
        deviation.mapv_inplace(|deviation| if deviation == 0.0 { 1.0 } else { deviation });
        Ok(Self { mean, deviation })
    }

    fn apply(&self, mut rows: Array2<f64>) -> Array2<f64> {
        rows.rows_mut().into_iter().for_each(|mut row| {
            row -= &self.mean;
            row /= &self.deviation;
        });
        rows
    }
}
