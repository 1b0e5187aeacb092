//! Maximum mean discrepancy of features, in place of scores: MMD-GAN.
//!
//! `MMD² = E k(x, x') + E k(y, y') − 2 E k(x, y)`
//!
//! of real features `x` and generated ones `y`. The generator minimises it; the critic, whose features these are, minimises
//!
//! `λ E k(x, x') − (λ − 1) E k(x, y) − E k(y, y')`
//!
//! which is `−MMD²` for λ = −1, as in MMD-GAN, and the repulsive loss for λ = 1: real features are pushed apart and
//! generated ones pulled together, where the attractive one does the opposite and loses what tells real samples apart.
//!
//! Values are shared out to samples: entry i has the means over j of the pairs of real sample i and of generated sample i
//! with all others, and the mean over the batch is the estimate.
//!
//! # References
//! Li et al., 2017, arXiv:1705.08584 (MMD-GAN); Bińkowski et al., 2018, arXiv:1801.01401, section 2 and appendix (mixtures of
//! kernels, the unbiased estimate, gradient penalties); Wang et al., 2019, arXiv:1812.09916, section 3 (the repulsive loss,
//! and λ).
//!
//! # Differs from reference implementations
//! Mixtures are sums, as in the programs of all three. The program of Bińkowski et al. adds the kernel `x·y` to the mixture
//! in `mix_rq_dot`, and that of Wang et al. bounds distances in the critic's loss (`rep_b`); neither is here. The critic
//! wants a constraint: a gradient penalty, or spectral normalisation.

use ganymede_tensor::Tensor;

use crate::LossError;
use crate::error::check_positive;
use crate::features::{Features, check_features, squared_distances};

pub(crate) const BANDWIDTHS: &[f64] = &[2.0, 5.0, 10.0, 20.0, 40.0, 80.0];
pub(crate) const EXPONENTS: &[f64] = &[0.2, 0.5, 1.0, 2.0, 5.0];

/// A mixture of kernels of the distance `d` of two feature vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel<'a> {
    /// `Σ_σ exp(−d² / (2 σ²))`, over bandwidths σ above 0.
    Gaussian(&'a [f64]),
    /// `Σ_α (1 + d² / (2 α))^−α`, over exponents α above 0: heavier tails, so that far features have a gradient.
    RationalQuadratic(&'a [f64]),
}

impl Kernel<'static> {
    /// Bandwidths 2, 5, 10, 20, 40 and 80.
    pub const GAUSSIAN: Self = Self::Gaussian(BANDWIDTHS);
    /// Exponents 0.2, 0.5, 1, 2 and 5.
    pub const RATIONAL_QUADRATIC: Self = Self::RationalQuadratic(EXPONENTS);
}

impl Kernel<'_> {
    pub(crate) fn check(self) -> Result<(), LossError> {
        let (parameter, numbers) = match self {
            Self::Gaussian(numbers) => ("mmd bandwidth", numbers),
            Self::RationalQuadratic(numbers) => ("mmd exponent", numbers),
        };
        if numbers.is_empty() {
            let expected = "one or more of them";
            return Err(LossError::Parameter { parameter, value: f64::NAN, expected });
        }
        numbers.iter().try_for_each(|&number| check_positive(parameter, number))
    }

    /// Of squared distances, elementwise.
    fn of(self, squared: &Tensor) -> ganymede_tensor::Result<Tensor> {
        let one = |i: usize| match self {
            Self::Gaussian(bandwidths) => (squared * (-0.5 / (bandwidths[i] * bandwidths[i])))?.exp(),
            // By the logarithm, which has derivatives of any order.
            Self::RationalQuadratic(exponents) => {
                let alpha = exponents[i];
                ((squared * (0.5 / alpha))? + 1.0)?.log()?.affine(-alpha, 0.0)?.exp()
            }
        };
        let count = match self {
            Self::Gaussian(numbers) | Self::RationalQuadratic(numbers) => numbers.len(),
        };
        (1..count).try_fold(one(0)?, |sum, i| sum + one(i)?)
    }
}

/// How means over the pairs of one side are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// Over all N² pairs, those of a sample with itself included: never negative, too large by about 1/N.
    Biased,
    /// Over the N(N − 1) pairs of two samples, of which there have to be two: right on average.
    Unbiased,
}

/// What the generator minimises: `MMD²`, shape `(N,)`; a batch whose mean is meant.
///
/// # Errors
/// [`LossError::Shape`] unless both sides are `(N, K)`, alike, with two samples or more for the unbiased estimate;
/// [`LossError::Parameter`] for a kernel of no numbers, or of one that is not above 0.
pub fn generator(
    features: Features<'_>,
    kernel: Kernel<'_>,
    estimator: Estimator,
) -> Result<Tensor, LossError> {
    let Means { real, fake, across } = means(features, kernel, estimator)?;
    Ok((real + fake)?.sub(&across)?)
}

/// What the critic minimises: `λ k(x, x') − (λ − 1) k(x, y) − k(y, y')`, shape `(N,)`; a batch whose mean is meant.
///
/// # Arguments
/// * `lambda` — −1 for the loss of MMD-GAN, 1 for the repulsive one.
///
/// # Errors
/// As [`generator`]; [`LossError::Parameter`] if `lambda` is not finite.
pub fn critic(
    features: Features<'_>,
    kernel: Kernel<'_>,
    estimator: Estimator,
    lambda: f64,
) -> Result<Tensor, LossError> {
    if !lambda.is_finite() {
        return Err(LossError::Parameter {
            parameter: "mmd lambda",
            value: lambda,
            expected: "a finite number",
        });
    }
    let Means { real, fake, across } = means(features, kernel, estimator)?;
    let real_and_across = ((real * lambda)? - (across * ((lambda - 1.0) / 2.0))?)?;
    Ok((real_and_across - fake)?)
}

/// The witness of features `h`: `mean_j k(h, x_j) − mean_j k(h, y_j)`, shape `(N,)`, larger where real features are denser
/// (Bińkowski et al., section 2.2; the mean over all real ones less that over all generated ones is the biased `MMD²`).
///
/// # Arguments
/// * `at` — h, `(M, K)`.
/// * `features` — x and y, both `(N, K)`.
///
/// # Errors
/// As [`generator`]; [`LossError::Shape`] unless `at` has vectors of the same length.
pub fn witness(at: &Tensor, features: Features<'_>, kernel: Kernel<'_>) -> Result<Tensor, LossError> {
    kernel.check()?;
    features.check()?;
    check_features("at", at)?;
    let k = features.real.dim(1)?;
    if at.dim(1)? != k {
        return Err(LossError::Shape {
            what: "at",
            got: at.dims().to_vec(),
            expected: format!("(M, {k}), as long as the others"),
        });
    }
    let near = |side: &Tensor| -> Result<Tensor, LossError> {
        Ok(kernel.of(&squared_distances(at, side)?)?.mean(1)?)
    };
    Ok((near(features.real)? - near(features.fake)?)?)
}

/// Means of the kernel over the pairs that a sample is in, each `(N,)`.
struct Means {
    /// Of real sample i with real ones.
    real: Tensor,
    /// Of generated sample i with generated ones.
    fake: Tensor,
    /// Of real sample i with generated ones, and of generated sample i with real ones: the sum of both.
    across: Tensor,
}

fn means(features: Features<'_>, kernel: Kernel<'_>, estimator: Estimator) -> Result<Means, LossError> {
    kernel.check()?;
    let n = features.check()?;
    let within = |side: &Tensor| -> Result<Tensor, LossError> {
        let pairs = kernel.of(&squared_distances(side, side)?)?;
        match estimator {
            Estimator::Biased => Ok(pairs.mean(1)?),
            Estimator::Unbiased if n > 1 => {
                let others = (1.0 - Tensor::eye(n, pairs.dtype(), pairs.device())?)?;
                Ok((pairs.mul(&others)?.sum(1)? * (1.0 / (n as f64 - 1.0)))?)
            }
            Estimator::Unbiased => Err(LossError::Shape {
                what: "features.real",
                got: side.dims().to_vec(),
                expected: "(N, K) with N >= 2, for pairs of two samples".into(),
            }),
        }
    };
    let (real, fake) = (within(features.real)?, within(features.fake)?);
    let pairs = kernel.of(&squared_distances(features.real, features.fake)?)?;
    Ok(Means { real, fake, across: (pairs.mean(1)? + pairs.mean(0)?)? })
}
