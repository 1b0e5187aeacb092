//! The saturating original GAN loss.
//!
//! With `sp(x) = log(1 + exp(x))`, so that `-log sigmoid(x) = sp(-x)` and
//! `-log(1 - sigmoid(x)) = sp(x)`:
//!
//! * discriminator: `sp(-r) + sp(f)`
//! * generator: `log(1 - sigmoid(f)) = -sp(f)`
//!
//! Its gradient in `f` is `-sigmoid(f)`, which vanishes when the discriminator is sure that the
//! sample is fake: it *saturates*, which is why the [non-saturating](crate::non_saturating) form is
//! the usual one. Kept because it is the game that the theory speaks of.
//!
//! # References
//! Goodfellow et al., 2014, arXiv:1406.2661, eq. 1.
//!
//! # Differs from reference implementations
//! Many programs call the non-saturating generator "minimax" or "vanilla" (torch-mimicry's
//! `minimax_loss_gen` is one); this one is the printed minimax. PyTorch-StudioGAN's `vanilla`
//! discriminator takes `log sigmoid(1 - f)` on the fake side where the formula has
//! `log sigmoid(-f)`.

use ganymede_tensor::{Tensor, softplus};

use crate::scores::per_sample;
use crate::{LabelSmoothing, LossError, Scores};

/// `t sp(-r) + (1 - t) sp(r) + sp(f)`, shape `(N,)`, to minimise.
///
/// This is binary cross-entropy on raw scores with target `t = smoothing.real` for real samples and
/// 0 for fakes. The [non-saturating](crate::non_saturating) loss has the same discriminator.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`; [`LossError::Parameter`] for a
/// target outside `(0, 1]`.
pub fn discriminator(scores: Scores<'_>, smoothing: LabelSmoothing) -> Result<Tensor, LossError> {
    smoothing.validate()?;
    scores.check()?;
    let mut real = softplus(&scores.real.neg()?)?;
    if !smoothing.is_off() {
        let t = smoothing.real;
        real = ((real * t)? + (softplus(scores.real)? * (1.0 - t))?)?;
    }
    Ok(per_sample(&(real + softplus(scores.fake)?)?)?)
}

/// `-sp(f)`, shape `(N,)`, to minimise. Real scores are not read.
///
/// # Errors
/// [`LossError::Shape`] unless the fake scores are `(N,)` or `(N, P)`.
pub fn generator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check_fake()?;
    Ok(per_sample(&softplus(scores.fake)?.neg()?)?)
}
