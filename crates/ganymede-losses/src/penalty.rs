//! The closed set of gradient penalties.

use ganymede_tensor::{Rng, Tensor};
use serde::{Deserialize, Serialize};

use crate::error::{check_non_negative, check_positive};
use crate::{Critic, LossError, Samples, dragan, first_order, wgan_gp, zero_centered};

/// A penalty on the critic's gradient in its input, added to the discriminator's loss.
///
/// | kind | value of a sample, to minimise | at |
/// |---|---|---|
/// | `wgan-gp` | `lambda (norm - target)^2` | between a real and a generated sample |
/// | `dragan` | `lambda (norm - 1)^2` | a real sample with uniform noise |
/// | `r1` | `gamma / 2 * norm^2` | a real sample |
/// | `r2` | `gamma / 2 * norm^2` | a generated sample |
/// | `first-order-r1` | `gamma / 2 * slope^2` | a real sample |
/// | `first-order-r2` | `gamma / 2 * slope^2` | a generated sample |
///
/// where `norm` is the Euclidean norm of the gradient of the raw score over all of a sample's
/// elements, and `slope` estimates it by the difference `(D(x + epsilon n) - D(x)) / epsilon` along one random direction;
/// the score is the mean where a critic gives several ([`Critic`]). Formulas, papers and how other programs differ:
/// [`wgan_gp`], [`dragan`], [`zero_centered`], [`first_order`].
///
/// Serialised, the kind ([`Penalty::NAMES`]) is the one key of a map, and its settings are the map below
/// it: that way the path of a faulty one can be told. Settings left out have the defaults below, unknown
/// ones are refused.
///
/// ```
/// use ganymede_losses::Penalty;
/// #[derive(serde::Deserialize)]
/// struct File {
///     penalty: Penalty,
/// }
/// let file: File = toml::from_str("[penalty.wgan-gp]\nlambda = 1.0")?;
/// assert_eq!(file.penalty, Penalty::WganGp { lambda: 1.0, target: 1.0 });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Penalty {
    /// The two-sided penalty of WGAN-GP, see [`wgan_gp`].
    WganGp {
        /// Weight, at least 0. Default 10.
        #[serde(default = "ten")]
        lambda: f64,
        /// The norm to pull to, at least 0. Default 1; 0 is the zero-centred variant.
        #[serde(default = "one")]
        target: f64,
    },
    /// The penalty around real samples of DRAGAN, see [`dragan`].
    Dragan {
        /// Weight, at least 0. Default 10.
        #[serde(default = "ten")]
        lambda: f64,
        /// Size of the neighbourhood, in standard deviations of the batch, at least 0. Default 0.5.
        #[serde(default = "half")]
        c: f64,
    },
    /// R1, on real samples, see [`zero_centered`].
    R1 {
        /// Weight, at least 0; the factor is gamma / 2. Default 10.
        #[serde(default = "ten")]
        gamma: f64,
    },
    /// R2, on generated samples, see [`zero_centered`].
    R2 {
        /// Weight, at least 0; the factor is gamma / 2. Default 10.
        #[serde(default = "ten")]
        gamma: f64,
    },
    /// R1 by a difference, without gradients of gradients, see [`first_order`].
    FirstOrderR1 {
        /// Weight, at least 0; the factor is gamma / 2. Default 10.
        #[serde(default = "ten")]
        gamma: f64,
        /// The step, above 0, in units of the samples. Default 0.01.
        #[serde(default = "hundredth")]
        epsilon: f64,
    },
    /// R2 by a difference, without gradients of gradients, see [`first_order`].
    FirstOrderR2 {
        /// Weight, at least 0; the factor is gamma / 2. Default 10.
        #[serde(default = "ten")]
        gamma: f64,
        /// The step, above 0, in units of the samples. Default 0.01.
        #[serde(default = "hundredth")]
        epsilon: f64,
    },
}

/// What a penalty gives: the term of the loss, and the norm that it saw.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PenaltyTerm {
    /// Unreduced values `(N,)`, to minimise; can be differentiated in the critic's parameters.
    pub value: Tensor,
    /// `||grad D||_2` of each sample `(N,)` where the penalty looked, detached, for logs; of the first-order penalties
    /// their estimate `|slope|`, whose mean is √(2/π) of it.
    pub grad_norm: Tensor,
}

impl Penalty {
    /// The kinds, in the order of the table, as they are serialised.
    pub const NAMES: &'static [&'static str] =
        &["wgan-gp", "dragan", "r1", "r2", "first-order-r1", "first-order-r2"];

    /// Every kind with its default settings.
    pub const DEFAULTS: &'static [Self] = &[
        Self::WganGp { lambda: 10.0, target: 1.0 },
        Self::Dragan { lambda: 10.0, c: 0.5 },
        Self::R1 { gamma: 10.0 },
        Self::R2 { gamma: 10.0 },
        Self::FirstOrderR1 { gamma: 10.0, epsilon: 0.01 },
        Self::FirstOrderR2 { gamma: 10.0, epsilon: 0.01 },
    ];

    /// The kind, one of [`Penalty::NAMES`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WganGp { .. } => "wgan-gp",
            Self::Dragan { .. } => "dragan",
            Self::R1 { .. } => "r1",
            Self::R2 { .. } => "r2",
            Self::FirstOrderR1 { .. } => "first-order-r1",
            Self::FirstOrderR2 { .. } => "first-order-r2",
        }
    }

    /// Whether the penalty looks at generated samples and at no real ones: true for R2, of either order.
    ///
    /// A critic that takes labels is then given those of the generated samples, else those of the real
    /// ones. WGAN-GP's points lie between a real and a generated sample; as for DRAGAN's, their labels are
    /// those of the real one, so that conditional WGAN-GP wants generated samples of the same labels.
    #[must_use]
    pub fn looks_at_fake(self) -> bool {
        matches!(self, Self::R2 { .. } | Self::FirstOrderR2 { .. })
    }

    /// Whether it compares two passes of the critic in place of differentiating in its input, and is spared one by scores that
    /// are known ([`evaluate_knowing`](Self::evaluate_knowing)).
    #[must_use]
    pub fn is_difference(self) -> bool {
        matches!(self, Self::FirstOrderR1 { .. } | Self::FirstOrderR2 { .. })
    }

    /// What a difference stands for: the penalty of the same strength that differentiates. Nothing of one that does so itself.
    #[must_use]
    pub fn exact(self) -> Option<Self> {
        match self {
            Self::FirstOrderR1 { gamma, .. } => Some(Self::R1 { gamma }),
            Self::FirstOrderR2 { gamma, .. } => Some(Self::R2 { gamma }),
            _ => None,
        }
    }

    /// Refuses settings that are negative, infinite or not numbers, and a step of 0.
    ///
    /// # Errors
    /// [`LossError::Parameter`], naming the setting.
    pub fn validate(self) -> Result<(), LossError> {
        match self {
            Self::WganGp { lambda, target } => {
                check_non_negative("wgan-gp lambda", lambda)?;
                check_non_negative("wgan-gp target", target)
            }
            Self::Dragan { lambda, c } => {
                check_non_negative("dragan lambda", lambda)?;
                check_non_negative("dragan c", c)
            }
            Self::R1 { gamma } => check_non_negative("r1 gamma", gamma),
            Self::R2 { gamma } => check_non_negative("r2 gamma", gamma),
            Self::FirstOrderR1 { gamma, epsilon } => {
                check_non_negative("first-order-r1 gamma", gamma)?;
                check_positive("first-order-r1 epsilon", epsilon)
            }
            Self::FirstOrderR2 { gamma, epsilon } => {
                check_non_negative("first-order-r2 gamma", gamma)?;
                check_positive("first-order-r2 epsilon", epsilon)
            }
        }
    }

    /// The penalty on one batch.
    ///
    /// # Arguments
    /// * `critic` — samples `(N, ..)` to raw scores `(N,)` or `(N, P)`; its parameters must not be
    ///   frozen. See [`Critic`] for what it must not do.
    /// * `samples` — detached here. R1 and DRAGAN read `real` only, R2 `fake` only.
    /// * `rng` — draws one number a sample for WGAN-GP, one an element for DRAGAN and the first-order penalties, none
    ///   for R1, R2.
    ///
    /// # Returns
    /// Values `(N,)` whose gradient in the critic's parameters is exact, and the norms.
    ///
    /// # Errors
    /// [`LossError::Parameter`] for settings that [`validate`](Self::validate) refuses,
    /// [`LossError::Shape`] if shapes disagree or the critic does not give `(N,)` or `(N, P)`.
    pub fn evaluate(
        self,
        critic: &Critic<'_>,
        samples: Samples<'_>,
        rng: &mut Rng,
    ) -> Result<PenaltyTerm, LossError> {
        self.evaluate_knowing(critic, samples, None, rng)
    }

    /// As [`evaluate`](Self::evaluate), where the critic has been asked already: `known` are its scores of the samples that the
    /// penalty looks at, with their graph, by the very function that `critic` is. Differences save a pass by it; others do not
    /// need it.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_knowing(
        self,
        critic: &Critic<'_>,
        samples: Samples<'_>,
        known: Option<&Tensor>,
        rng: &mut Rng,
    ) -> Result<PenaltyTerm, LossError> {
        self.validate()?;
        let real = samples.real;
        match self {
            Self::WganGp { lambda, target } => {
                let n = real.dim(0)?;
                let epsilon = rng.uniform(0.0, 1.0, n, real.dtype(), real.device())?;
                wgan_gp::penalty(critic, samples, &epsilon, lambda, target)
            }
            Self::Dragan { lambda, c } => {
                let u = rng.uniform(0.0, 1.0, real.shape(), real.dtype(), real.device())?;
                dragan::penalty(critic, real, &u, lambda, c)
            }
            Self::R1 { gamma } => zero_centered::r1(critic, real, gamma),
            Self::R2 { gamma } => zero_centered::r2(critic, samples.fake, gamma),
            Self::FirstOrderR1 { gamma, epsilon } | Self::FirstOrderR2 { gamma, epsilon } => {
                let at = if self.looks_at_fake() { samples.fake } else { real };
                let n = rng.normal(at.shape(), at.dtype(), at.device())?;
                first_order::penalty(critic, at, &n, known, (gamma, epsilon))
            }
        }
    }
}

fn ten() -> f64 {
    10.0
}

fn one() -> f64 {
    1.0
}

fn half() -> f64 {
    0.5
}

fn hundredth() -> f64 {
    0.01
}
