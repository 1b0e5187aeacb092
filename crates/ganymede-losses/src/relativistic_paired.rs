//! Relativistic paired GAN (RpGAN), the loss of R3GAN.
//!
//! Real sample i is compared with fake sample i. With `sp(x) = log(1 + exp(x))`:
//!
//! * discriminator: `sp(-(r - f))`
//! * generator: `sp(-(f - r))`
//!
//! The generator needs real scores. Alone it does not converge; R3GAN adds R1 on real and R2 on
//! generated samples ([`Penalty::R1`](crate::Penalty::R1), [`Penalty::R2`](crate::Penalty::R2)) with
//! the same gamma.
//!
//! # References
//! Jolicoeur-Martineau, 2018, arXiv:1807.00734 (RSGAN); Huang et al., 2025, arXiv:2501.05441, eq. 2
//! with `f(t) = -log(1 + exp(-t))`, written there as what the discriminator maximises.
//!
//! # Differs from reference implementations
//! None known: brownvc/R3GAN computes the same softplus.

use ganymede_tensor::{Tensor, softplus};

use crate::scores::per_sample;
use crate::{LossError, Scores};

/// `sp(-(r - f))`, shape `(N,)`, to minimise.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`.
pub fn discriminator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check()?;
    Ok(per_sample(&softplus(&(scores.fake - scores.real)?)?)?)
}

/// `sp(-(f - r))`, shape `(N,)`, to minimise. Reads the real scores.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`.
pub fn generator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check()?;
    Ok(per_sample(&softplus(&(scores.real - scores.fake)?)?)?)
}
