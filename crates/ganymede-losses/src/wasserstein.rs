//! Wasserstein GAN (WGAN).
//!
//! * critic: `f - r`
//! * generator: `-f`
//!
//! The mean of `r - f`, the negative of the critic's loss, estimates the Wasserstein-1 distance up
//! to the critic's Lipschitz constant. It means something only if that constant is bounded: pair it
//! with [`clip_weights`](crate::clip_weights) or a gradient [`Penalty`](crate::Penalty).
//!
//! # References
//! Arjovsky et al., 2017, arXiv:1701.07875, eq. 2 and algorithm 1.
//!
//! # Differs from reference implementations
//! The paper's critic *maximises* `r - f`, and martinarjovsky/WassersteinGAN descends `r - f`
//! (the critic's sign is free, its generator then descends `f`). Here real samples score high, as
//! with every other loss.

use ganymede_tensor::Tensor;

use crate::scores::per_sample;
use crate::{LossError, Scores};

/// `f - r`, shape `(N,)`, to minimise.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`.
pub fn discriminator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check()?;
    Ok(per_sample(&(scores.fake - scores.real)?)?)
}

/// `-f`, shape `(N,)`, to minimise. Real scores are not read.
///
/// # Errors
/// [`LossError::Shape`] unless the fake scores are `(N,)` or `(N, P)`.
pub fn generator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check_fake()?;
    Ok(per_sample(&scores.fake.neg()?)?)
}
