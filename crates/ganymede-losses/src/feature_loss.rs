//! The closed set of losses between features.

use std::fmt;

use ganymede_tensor::{Rng, Tensor};

use crate::cramer::{self, CramerFeatures};
use crate::error::check_positive;
use crate::mmd::{self, Estimator, Kernel};
use crate::sliced_wasserstein::{directions, sliced_wasserstein};
use crate::{Features, LossError, sinkhorn};

/// What both players minimise where a critic gives features `(N, K)` in place of scores: a distance between two batches, which
/// the generator brings down and the critic up.
///
/// | loss | the generator minimises | the critic minimises |
/// |---|---|---|
/// | `mmd` | [`mmd::generator`] | [`mmd::critic`], λ = −1 |
/// | `mmd-repulsive` | [`mmd::generator`] | [`mmd::critic`], λ = 1 |
/// | `cramer` | [`cramer::generator`] | [`cramer::critic`] |
/// | `sinkhorn` | [`sinkhorn`](crate::sinkhorn::sinkhorn) | its negative |
/// | `sliced-wasserstein` | [`sliced_wasserstein`] along directions that are drawn anew | its negative |
///
/// Each needs a constraint on the critic, whose features would else grow for ever. The first three have a
/// [`witness`](Self::witness), one number a sample, that a gradient penalty takes for the score.
///
/// # Differs from the papers
/// Bellemare et al. draw a second batch of generated samples for the Cramér loss. Here `y'` of sample i is another one of the same
/// batch, a number of places on that is drawn, from 1 to N − 1, and the same for all: as independent of sample i, so that the mean
/// of each value is the same, for one pass less.
#[derive(Clone, Debug, PartialEq)]
pub enum FeatureLoss {
    /// MMD-GAN, or with `repulsive` features of real samples that are pushed apart, see [`mmd`].
    Mmd {
        /// The family of kernels.
        kernel: KernelKind,
        /// Its bandwidths or exponents.
        scales: Vec<f64>,
        /// How pairs of one side are counted.
        estimator: Estimator,
        /// Whether λ of the critic is 1, not −1.
        repulsive: bool,
    },
    /// Cramér GAN, see [`cramer`].
    Cramer,
    /// Optimal transport with an entropy, see [`sinkhorn`](crate::sinkhorn).
    Sinkhorn {
        /// The weight of the entropy, in units of squared distances.
        epsilon: f64,
        /// Iterations of both potentials.
        iterations: usize,
    },
    /// Optimal transport along lines, see [`sliced_wasserstein`](crate::sliced_wasserstein).
    SlicedWasserstein {
        /// How many.
        directions: usize,
    },
}

/// A family of kernels, without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelKind {
    /// [`Kernel::Gaussian`], whose numbers are bandwidths.
    Gaussian,
    /// [`Kernel::RationalQuadratic`], whose numbers are exponents.
    RationalQuadratic,
}

impl KernelKind {
    /// Every family.
    pub const ALL: &'static [Self] = &[Self::Gaussian, Self::RationalQuadratic];

    /// The name that a configuration uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gaussian => "gaussian",
            Self::RationalQuadratic => "rational-quadratic",
        }
    }

    /// The numbers of [`Kernel::GAUSSIAN`] or [`Kernel::RATIONAL_QUADRATIC`].
    #[must_use]
    pub fn usual_scales(self) -> &'static [f64] {
        match self {
            Self::Gaussian => mmd::BANDWIDTHS,
            Self::RationalQuadratic => mmd::EXPONENTS,
        }
    }

    /// The mixture with such numbers.
    #[must_use]
    pub fn of(self, scales: &[f64]) -> Kernel<'_> {
        match self {
            Self::Gaussian => Kernel::Gaussian(scales),
            Self::RationalQuadratic => Kernel::RationalQuadratic(scales),
        }
    }
}

impl FeatureLoss {
    /// The names, in the order of the table.
    pub const NAMES: &'static [&'static str] =
        &["mmd", "mmd-repulsive", "cramer", "sinkhorn", "sliced-wasserstein"];

    /// The name that a configuration uses.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mmd { repulsive: false, .. } => "mmd",
            Self::Mmd { repulsive: true, .. } => "mmd-repulsive",
            Self::Cramer => "cramer",
            Self::Sinkhorn { .. } => "sinkhorn",
            Self::SlicedWasserstein { .. } => "sliced-wasserstein",
        }
    }

    /// Samples that a batch has to have: two where samples of one side meet one another.
    #[must_use]
    pub fn least_batch(&self) -> usize {
        match self {
            Self::Mmd { estimator: Estimator::Biased, .. } => 1,
            Self::Mmd { .. } | Self::Cramer => 2,
            Self::Sinkhorn { .. } | Self::SlicedWasserstein { .. } => 1,
        }
    }

    /// Refuses settings that are out of range.
    ///
    /// # Errors
    /// [`LossError::Parameter`], naming the setting.
    pub fn validate(&self) -> Result<(), LossError> {
        let at_least_1 = |parameter, n: usize| match n {
            0 => Err(LossError::Parameter { parameter, value: 0.0, expected: "1 or more" }),
            _ => Ok(()),
        };
        match self {
            Self::Mmd { kernel, scales, .. } => kernel.of(scales).check(),
            Self::Cramer => Ok(()),
            Self::Sinkhorn { epsilon, iterations } => {
                check_positive("sinkhorn epsilon", *epsilon)?;
                at_least_1("sinkhorn iterations", *iterations)
            }
            Self::SlicedWasserstein { directions } => {
                at_least_1("sliced-wasserstein directions", *directions)
            }
        }
    }

    /// What the critic minimises, shape `(N,)`; a batch whose mean is meant.
    ///
    /// # Arguments
    /// * `features` — both `(N, K)`; the fake samples should be detached from the generator.
    /// * `rng` — draws the directions of `sliced-wasserstein`, and who is whose partner in `cramer`; the others draw nothing.
    ///
    /// # Errors
    /// [`LossError::Shape`] unless both are `(N, K)`, alike, of [`least_batch`](Self::least_batch) samples; those of
    /// [`validate`](Self::validate).
    pub fn critic(&self, features: Features<'_>, rng: &mut Rng) -> Result<Tensor, LossError> {
        match self {
            Self::Mmd { kernel, scales, estimator, repulsive } => {
                let lambda = if *repulsive { 1.0 } else { -1.0 };
                mmd::critic(features, kernel.of(scales), *estimator, lambda)
            }
            Self::Cramer => cramer::critic(CramerFeatures {
                real: features.real,
                fake: features.fake,
                other: &others(features.fake, rng)?,
            }),
            Self::Sinkhorn { .. } | Self::SlicedWasserstein { .. } => {
                Ok(self.generator(features, rng)?.neg()?)
            }
        }
    }

    /// What the generator minimises, shape `(N,)`; a batch whose mean is meant.
    ///
    /// # Errors
    /// As [`critic`](Self::critic).
    pub fn generator(&self, features: Features<'_>, rng: &mut Rng) -> Result<Tensor, LossError> {
        self.validate()?;
        match self {
            Self::Mmd { kernel, scales, estimator, .. } => {
                mmd::generator(features, kernel.of(scales), *estimator)
            }
            Self::Cramer => cramer::generator(CramerFeatures {
                real: features.real,
                fake: features.fake,
                other: &others(features.fake, rng)?,
            }),
            Self::Sinkhorn { epsilon, iterations } => sinkhorn::sinkhorn(features, *epsilon, *iterations),
            Self::SlicedWasserstein { directions: count } => {
                features.check()?;
                let (k, real) = (features.real.dim(1)?, features.real);
                sliced_wasserstein(features, &directions(rng, *count, k, real.dtype(), real.device())?)
            }
        }
    }

    /// Whether there is a [`witness`](Self::witness).
    #[must_use]
    pub fn has_witness(&self) -> bool {
        matches!(self, Self::Mmd { .. } | Self::Cramer)
    }

    /// What stands for the score of a sample with features `at`: larger where samples are more as the real ones of this batch.
    /// Shape `(N,)`; nothing of a transport plan, which is no function of one sample.
    ///
    /// | loss | witness of features h |
    /// |---|---|
    /// | `mmd`, `mmd-repulsive` | `mean_j k(h, x_j) − mean_j k(h, y_j)` ([`mmd::witness`]) |
    /// | `cramer` | `‖h − y'‖ − ‖h‖` ([`cramer::score`]) |
    ///
    /// Its gradient in the sample behind `at` is what the papers' penalties hold at 1: Bińkowski et al., 2018, arXiv:1801.01401,
    /// section 2.2, and Bellemare et al., 2017, arXiv:1705.10743, algorithm 1. Nothing is detached.
    ///
    /// # Arguments
    /// * `at` — `(N, K)`, of samples of any kind.
    /// * `features` — of the batch's real and generated samples, both `(N, K)`.
    /// * `rng` — draws what it draws for [`critic`](Self::critic).
    ///
    /// # Errors
    /// [`LossError::Shape`] unless all are `(N, K)`, alike; [`LossError::Parameter`] where a kernel has no numbers, or one that is
    /// not above 0.
    pub fn witness(
        &self,
        at: &Tensor,
        features: Features<'_>,
        rng: &mut Rng,
    ) -> Result<Option<Tensor>, LossError> {
        match self {
            Self::Mmd { kernel, scales, .. } => mmd::witness(at, features, kernel.of(scales)).map(Some),
            Self::Cramer => {
                features.check()?;
                cramer::score(at, &others(features.fake, rng)?).map(Some)
            }
            Self::Sinkhorn { .. } | Self::SlicedWasserstein { .. } => Ok(None),
        }
    }
}

impl fmt::Display for FeatureLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// For each sample the features of another one, as many places on for all, around the end. The number is drawn: a batch may come
/// in an order, as that of a mixture of generators does.
fn others(features: &Tensor, rng: &mut Rng) -> Result<Tensor, LossError> {
    match *features.dims() {
        [n, _] if n > 1 => {
            let on = 1 + rng.below(n - 1);
            Ok(Tensor::cat(&[&features.narrow(0, on, n - on)?, &features.narrow(0, 0, on)?], 0)?)
        }
        _ => Err(LossError::Shape {
            what: "features.fake",
            got: features.dims().to_vec(),
            expected: "(N, K) with N >= 2, for pairs of two samples".into(),
        }),
    }
}
