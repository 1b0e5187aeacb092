//! How probable changes are: moved until the discriminator is as sure of real samples as it should be.

use ganymede_tensor::{DType, Result, Tensor};
use serde::{Deserialize, Serialize};

use crate::AugmentError;

/// A number that says how far the discriminator has overfitted: 0 not at all, 1 wholly (Karras et al., 2020,
/// arXiv:2006.06676, equation 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Heuristic {
    /// r_t = E sign D(real). It needs no samples besides.
    #[serde(rename = "r_t")]
    Sign,
    /// r_v = (E D(real) − E D(held out)) / (E D(real) − E D(generated)), where held out are real samples that are never
    /// trained on.
    #[serde(rename = "r_v")]
    HeldOut,
}

/// Scores of a discriminator `(N,)` or `(N, P)` in one update.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Of real samples.
    pub real: &'a Tensor,
    /// Of generated samples.
    pub fake: &'a Tensor,
    /// Of real samples that are never trained on; only [`Heuristic::HeldOut`] looks at them.
    pub held_out: Option<&'a Tensor>,
    /// The score at which the discriminator is undecided; only [`Heuristic::Sign`] looks at it.
    pub undecided: f64,
}

impl Heuristic {
    /// The value to aim at unless another is given: 0.6 of r_t, 0.5 of r_v.
    #[must_use]
    pub fn usual_target(self) -> f64 {
        match self {
            Self::Sign => 0.6,
            Self::HeldOut => 0.5,
        }
    }

    /// The number of means that it is computed from.
    #[must_use]
    pub fn parts(self) -> usize {
        match self {
            Self::Sign => 1,
            Self::HeldOut => 3,
        }
    }

    /// The means of one update, f32 `(parts,)`, left on the device; those of several are averaged.
    ///
    /// # Errors
    /// No held out scores for [`Heuristic::HeldOut`].
    pub fn means(self, seen: Seen<'_>) -> Result<Tensor> {
        let mean = |scores: &Tensor| scores.detach().to_dtype(DType::F32)?.mean_all();
        let parts = match (self, seen.held_out) {
            (Self::Sign, _) => vec![mean(&(seen.real - seen.undecided)?.sign()?)?],
            (Self::HeldOut, Some(held_out)) => vec![mean(seen.real)?, mean(held_out)?, mean(seen.fake)?],
            (Self::HeldOut, None) => ganymede_tensor::bail!("r_v: there are no scores of held out samples"),
        };
        Tensor::stack(&parts, 0)
    }

    /// The heuristic of averaged means. A denominator of r_v below 1e-8 counts as 1e-8, as in the authors' program.
    ///
    /// # Panics
    /// There are not [`Heuristic::parts`] means.
    #[must_use]
    pub fn of(self, means: &[f64]) -> f64 {
        match self {
            Self::Sign => means[0],
            Self::HeldOut => (means[0] - means[1]) / (means[0] - means[2]).max(1e-8),
        }
    }
}

/// What the controller is set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// What it looks at.
    pub heuristic: Heuristic,
    /// The value of the heuristic to keep: below it p falls, above it p rises.
    pub target: f64,
    /// Thousands of real images shown in which p can go from 0 to 1, above 0.
    pub kimg: f64,
    /// Updates of the discriminator from one move to the next, at least 1.
    pub interval: u64,
}

/// The probability p of changes, moved as in StyleGAN2-ADA.
///
/// Differs from the authors' program: p is kept at 1 or below, where it grows without bound there and takes as long to come
/// back; the first move is made behind the first `interval` updates, there behind the first update.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AdaController {
    p: f64,
}

impl AdaController {
    /// A controller that stands at `p`; 0 is where training begins.
    ///
    /// # Errors
    /// [`AugmentError::Setting`]: `p` is not a number from 0 to 1.
    pub fn at(p: f64) -> std::result::Result<Self, AugmentError> {
        if (0.0..=1.0).contains(&p) {
            return Ok(Self { p });
        }
        Err(AugmentError::Setting {
            setting: "p",
            reason: format!("found {p}, expected a number from 0 to 1"),
        })
    }

    /// The probability, in [0, 1]: all of the controller's state.
    #[must_use]
    pub fn p(self) -> f64 {
        self.p
    }

    /// Moves p by `sign(r − target)·images/(1000·kimg)`, to within [0, 1], for so many real `images` shown since the last
    /// move. A heuristic that is not a number moves nothing.
    pub fn adjust(&mut self, to: &Adaptive, r: f64, images: u64) {
        let stride = images as f64 / (1000.0 * to.kimg);
        let direction = match r.partial_cmp(&to.target) {
            Some(std::cmp::Ordering::Greater) => 1.0,
            Some(std::cmp::Ordering::Less) => -1.0,
            _ => 0.0,
        };
        self.p = (self.p + direction * stride).clamp(0.0, 1.0);
    }
}
