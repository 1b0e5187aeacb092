//! The energy distance of features: Cramér GAN.
//!
//! | minimised by | value |
//! |---|---|
//! | the generator | `‖x − y‖ + ‖x − y'‖ − ‖y − y'‖` |
//! | the critic | `f(y) − f(x)`, with `f(h) = ‖h − y'‖ − ‖h‖` |
//!
//! of features `x` of real samples and `y`, `y'` of two independent batches of generated ones. The generator's value is an
//! estimate of the energy distance whose gradient is right on average for any batch, which that of the Wasserstein
//! distance is not. The critic's is a stand-in that takes `‖h‖` for the distance to a second batch of real samples, so that
//! few of those are needed. Norms are `sqrt(sum + 1e-12)`.
//!
//! # References
//! Bellemare et al., 2017, arXiv:1705.10743, section 4.2 and algorithm 1. There the critic also has the penalty
//! `λ (‖∇f‖ − 1)²` with λ = 10 between real and generated samples: [`wgan_gp::penalty`](crate::wgan_gp::penalty) of a
//! closure that ends in [`score`].

use ganymede_tensor::{Tensor, l2_norm};

use crate::LossError;
use crate::features::check_features;
use crate::gradient::NORM_EPS;
use crate::scores::check_same_shape;

/// Features of a batch of real and of two batches of generated samples, all `(N, K)`.
#[derive(Clone, Copy, Debug)]
pub struct CramerFeatures<'a> {
    /// Of real samples.
    pub real: &'a Tensor,
    /// Of generated samples.
    pub fake: &'a Tensor,
    /// Of as many generated samples, from other latent vectors.
    pub other: &'a Tensor,
}

impl CramerFeatures<'_> {
    fn check(self) -> Result<(), LossError> {
        check_features("features.real", self.real)?;
        check_same_shape("features.fake", self.fake, self.real)?;
        check_same_shape("features.other", self.other, self.real)
    }
}

/// `f(h) = ‖h − y'‖ − ‖h‖`, shape `(N,)`: what the critic of features scores.
///
/// # Arguments
/// * `features` — h, `(N, K)`.
/// * `other` — y', of generated samples, of the shape of `features`.
///
/// # Errors
/// [`LossError::Shape`] unless both are `(N, K)`, alike.
pub fn score(features: &Tensor, other: &Tensor) -> Result<Tensor, LossError> {
    check_features("features", features)?;
    check_same_shape("other", other, features)?;
    Ok((apart(features, other)? - l2_norm(features, NORM_EPS)?)?)
}

/// What the generator minimises: `‖x − y‖ + ‖x − y'‖ − ‖y − y'‖`, shape `(N,)`.
///
/// # Errors
/// [`LossError::Shape`] unless all are `(N, K)`, alike.
pub fn generator(features: CramerFeatures<'_>) -> Result<Tensor, LossError> {
    features.check()?;
    let CramerFeatures { real, fake, other } = features;
    Ok(((apart(real, fake)? + apart(real, other)?)? - apart(fake, other)?)?)
}

/// What the critic minimises: `f(y) − f(x)`, shape `(N,)`.
///
/// # Errors
/// As [`generator`].
pub fn critic(features: CramerFeatures<'_>) -> Result<Tensor, LossError> {
    features.check()?;
    Ok((score(features.fake, features.other)? - score(features.real, features.other)?)?)
}

fn apart(a: &Tensor, b: &Tensor) -> ganymede_tensor::Result<Tensor> {
    l2_norm(&(a - b)?, NORM_EPS)
}
