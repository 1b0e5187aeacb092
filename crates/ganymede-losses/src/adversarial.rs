//! The closed set of adversarial losses.

use std::fmt;

use ganymede_tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::{
    LabelSmoothing, LossError, Scores, hinge, least_squares, minimax, non_saturating, relativistic_average,
    relativistic_paired, wasserstein,
};

/// What the discriminator and the generator minimise.
///
/// With `r` the raw score of a real and `f` that of a generated sample, `t` the real target (1
/// without smoothing), and `sp(x) = log(1 + exp(x))`:
///
/// | loss | discriminator | generator |
/// |---|---|---|
/// | `minimax` | `t sp(-r) + (1 - t) sp(r) + sp(f)` | `-sp(f)` |
/// | `non-saturating` | as `minimax` | `sp(-f)` |
/// | `least-squares` | `(r - t)^2 / 2 + f^2 / 2` | `(f - 1)^2 / 2` |
/// | `wasserstein` | `f - r` | `-f` |
/// | `hinge` | `max(0, 1 - r) + max(0, 1 + f)` | `-f` |
/// | `relativistic-average` | `sp(-(r - mean f)) + sp(f - mean r)` | `sp(-(f - mean r)) + sp(r - mean f)` |
/// | `relativistic-paired` | `sp(-(r - f))` | `sp(-(f - r))` |
///
/// All are finite, with finite gradients, at scores of ±100 and far beyond. Scores are raw: never
/// apply a sigmoid to them. Of critics that give several scores a sample, the table holds for each score.
///
/// In a configuration the names are those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdversarialLoss {
    /// The saturating original, see [`minimax`].
    Minimax,
    /// The usual form of the original, see [`non_saturating`].
    NonSaturating,
    /// LSGAN, see [`least_squares`].
    LeastSquares,
    /// WGAN, see [`wasserstein`]. Needs a Lipschitz constraint: a penalty or weight clipping.
    Wasserstein,
    /// The geometric / spectral-normalisation loss, see [`hinge`].
    Hinge,
    /// RaGAN, see [`relativistic_average`]. The generator needs real scores.
    RelativisticAverage,
    /// RpGAN as in R3GAN, see [`relativistic_paired`]. The generator needs real scores.
    RelativisticPaired,
}

impl AdversarialLoss {
    /// Every loss, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::Minimax,
        Self::NonSaturating,
        Self::LeastSquares,
        Self::Wasserstein,
        Self::Hinge,
        Self::RelativisticAverage,
        Self::RelativisticPaired,
    ];

    /// The name that a configuration uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Minimax => "minimax",
            Self::NonSaturating => "non-saturating",
            Self::LeastSquares => "least-squares",
            Self::Wasserstein => "wasserstein",
            Self::Hinge => "hinge",
            Self::RelativisticAverage => "relativistic-average",
            Self::RelativisticPaired => "relativistic-paired",
        }
    }

    /// Whether [`generator`](Self::generator) looks at the real scores.
    ///
    /// True for the relativistic losses: the generator step must then score a batch of real samples
    /// with the same critic. For the others `scores.real` is not read at all, and the fake scores
    /// can be given in its place.
    #[must_use]
    pub fn needs_real_for_generator(self) -> bool {
        matches!(self, Self::RelativisticAverage | Self::RelativisticPaired)
    }

    /// Whether the loss has labels, so that [`LabelSmoothing`] applies.
    #[must_use]
    pub fn supports_label_smoothing(self) -> bool {
        matches!(self, Self::Minimax | Self::NonSaturating | Self::LeastSquares)
    }

    /// Refuses a smoothing that this loss cannot have, before any training.
    ///
    /// # Errors
    /// [`LossError::Parameter`] for a target outside `(0, 1]`, [`LossError::SmoothingUnsupported`]
    /// for a target other than 1 with a loss without labels.
    pub fn check_smoothing(self, smoothing: LabelSmoothing) -> Result<(), LossError> {
        smoothing.validate()?;
        if smoothing.is_off() || self.supports_label_smoothing() {
            return Ok(());
        }
        Err(LossError::SmoothingUnsupported { loss: self.name(), real: smoothing.real })
    }

    /// What the discriminator minimises.
    ///
    /// # Arguments
    /// * `scores` — raw, both `(N,)` or both `(N, P)`, see [`Scores`]. The fake samples should be detached
    ///   from the generator.
    /// * `smoothing` — [`LabelSmoothing::OFF`] for losses without labels.
    ///
    /// # Returns
    /// `(N,)`, one value a sample: entry i belongs to real sample i and fake sample i together, and is the
    /// mean over their patches or heads.
    ///
    /// # Errors
    /// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`; those of
    /// [`check_smoothing`](Self::check_smoothing).
    pub fn discriminator(self, scores: Scores<'_>, smoothing: LabelSmoothing) -> Result<Tensor, LossError> {
        self.check_smoothing(smoothing)?;
        match self {
            Self::Minimax | Self::NonSaturating => minimax::discriminator(scores, smoothing),
            Self::LeastSquares => least_squares::discriminator(scores, smoothing),
            Self::Wasserstein => wasserstein::discriminator(scores),
            Self::Hinge => hinge::discriminator(scores),
            Self::RelativisticAverage => relativistic_average::discriminator(scores),
            Self::RelativisticPaired => relativistic_paired::discriminator(scores),
        }
    }

    /// What the generator minimises. Labels are never smoothed here.
    ///
    /// # Arguments
    /// * `scores` — raw, `(N,)` or `(N, P)`, see [`Scores`]. `real` is read only where
    ///   [`needs_real_for_generator`](Self::needs_real_for_generator) is true.
    ///
    /// # Returns
    /// `(N,)`, one value a sample, the mean over its patches or heads.
    ///
    /// # Errors
    /// [`LossError::Shape`] unless the scores that are read are `(N,)` or `(N, P)`, and of one shape.
    pub fn generator(self, scores: Scores<'_>) -> Result<Tensor, LossError> {
        match self {
            Self::Minimax => minimax::generator(scores),
            Self::NonSaturating => non_saturating::generator(scores),
            Self::LeastSquares => least_squares::generator(scores),
            Self::Wasserstein => wasserstein::generator(scores),
            Self::Hinge => hinge::generator(scores),
            Self::RelativisticAverage => relativistic_average::generator(scores),
            Self::RelativisticPaired => relativistic_paired::generator(scores),
        }
    }
}

impl fmt::Display for AdversarialLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
