//! The non-saturating GAN loss: the usual form of the original.
//!
//! * discriminator: that of [`minimax`](crate::minimax)
//! * generator: `-log sigmoid(f) = sp(-f)` with `sp(x) = log(1 + exp(x))`
//!
//! The fixed point is that of the minimax game, but the gradient, `-sigmoid(-f)`, is largest where
//! the generator is worst.
//!
//! # References
//! Goodfellow et al., 2014, arXiv:1406.2661, section 3 (the text after eq. 1).
//!
//! # Differs from reference implementations
//! torch-mimicry computes `-log(sigmoid(f) + 1e-8)`, whose gradient dies below a score of about
//! -18; StyleGAN uses softplus as here.

use ganymede_tensor::{Tensor, softplus};

use crate::scores::per_sample;
use crate::{LossError, Scores};

/// `sp(-f)`, shape `(N,)`, to minimise. Real scores are not read.
///
/// # Errors
/// [`LossError::Shape`] unless the fake scores are `(N,)` or `(N, P)`.
pub fn generator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check_fake()?;
    Ok(per_sample(&softplus(&scores.fake.neg()?)?)?)
}
