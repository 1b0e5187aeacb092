//! Least-squares GAN (LSGAN) with targets real 1, fake 0, generator 1.
//!
//! * discriminator: `(r - 1)^2 / 2 + f^2 / 2`
//! * generator: `(f - 1)^2 / 2`
//!
//! # References
//! Mao et al., 2016, arXiv:1611.04076, eq. 2 with the 0-1 coding of eq. 9 (a = 0, b = c = 1).
//!
//! # Differs from reference implementations
//! The ½ is the paper's; CycleGAN-style programs and AlexiaJM/RelativisticGAN leave it out, which
//! doubles loss and gradient, so halve the loss weight (or the learning rate of SGD) of a recipe
//! that comes from there. The -1, 1, 0 coding of eq. 8 is not offered.

use ganymede_tensor::Tensor;

use crate::scores::per_sample;
use crate::{LabelSmoothing, LossError, Scores};

/// `(r - t)^2 / 2 + f^2 / 2` with `t = smoothing.real`, shape `(N,)`, to minimise.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`; [`LossError::Parameter`] for a
/// target outside `(0, 1]`.
pub fn discriminator(scores: Scores<'_>, smoothing: LabelSmoothing) -> Result<Tensor, LossError> {
    smoothing.validate()?;
    scores.check()?;
    let real = half_squared_distance(scores.real, smoothing.real)?;
    let fake = half_squared_distance(scores.fake, 0.0)?;
    Ok(per_sample(&(real + fake)?)?)
}

/// `(f - 1)^2 / 2`, shape `(N,)`, to minimise. Real scores are not read.
///
/// # Errors
/// [`LossError::Shape`] unless the fake scores are `(N,)` or `(N, P)`.
pub fn generator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check_fake()?;
    Ok(per_sample(&half_squared_distance(scores.fake, 1.0)?)?)
}

fn half_squared_distance(scores: &Tensor, target: f64) -> Result<Tensor, LossError> {
    Ok(((scores - target)?.sqr()? * 0.5)?)
}
