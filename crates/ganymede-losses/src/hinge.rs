//! The hinge loss of geometric GAN, SNGAN, SAGAN and BigGAN.
//!
//! * discriminator: `max(0, 1 - r) + max(0, 1 + f)`
//! * generator: `-f`
//!
//! The discriminator's gradient is 0 for samples beyond the margin; at the kink itself (a score of
//! exactly ±1) it is 0 too, as in PyTorch.
//!
//! # References
//! Lim and Ye, 2017, arXiv:1705.02894; Miyato et al., 2018, arXiv:1802.05957, eq. 16 and 17 (there
//! as an objective to maximise).
//!
//! # Differs from reference implementations
//! torch-mimicry takes `(fake, real)` here and `(real, fake)` for the Wasserstein loss; see
//! [`Scores`]. Some programs give the generator a hinge as well; the papers do not.

use ganymede_tensor::{Tensor, relu};

use crate::scores::per_sample;
use crate::{LossError, Scores};

/// `max(0, 1 - r) + max(0, 1 + f)`, shape `(N,)`, to minimise.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`.
pub fn discriminator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check()?;
    let real = relu(&scores.real.affine(-1.0, 1.0)?)?;
    let fake = relu(&scores.fake.affine(1.0, 1.0)?)?;
    Ok(per_sample(&(real + fake)?)?)
}

/// `-f`, shape `(N,)`, to minimise. Real scores are not read.
///
/// # Errors
/// [`LossError::Shape`] unless the fake scores are `(N,)` or `(N, P)`.
pub fn generator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check_fake()?;
    Ok(per_sample(&scores.fake.neg()?)?)
}
