//! Relativistic average GAN (RaGAN, in its standard form RaSGAN).
//!
//! Each sample is compared with the average score of the other side. With
//! `sp(x) = log(1 + exp(x))` and means over the batch:
//!
//! * discriminator: `sp(-(r - mean f)) + sp(f - mean r)`
//! * generator: `sp(-(f - mean r)) + sp(r - mean f)`, the same with the sides exchanged
//!
//! The generator needs real scores. The means are part of the graph: every score gets gradient from
//! every entry, as in the paper's own program. Adding a constant to all scores changes nothing. Of
//! scores `(N, P)` the means are those of each patch or head over the batch.
//!
//! # References
//! Jolicoeur-Martineau, 2018, arXiv:1807.00734, the losses of RaSGAN.
//!
//! # Differs from reference implementations
//! AlexiaJM/RelativisticGAN halves both losses; the paper's formula, and this, do not. ESRGAN
//! halves as well. With Adam the factor matters only beside other loss terms and penalties.

use ganymede_tensor::{Tensor, softplus};

use crate::scores::per_sample;
use crate::{LossError, Scores};

/// `sp(-(r - mean f)) + sp(f - mean r)`, shape `(N,)`, to minimise.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`.
pub fn discriminator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check()?;
    prefer(scores.real, scores.fake)
}

/// `sp(-(f - mean r)) + sp(r - mean f)`, shape `(N,)`, to minimise. Reads the real scores.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or both `(N, P)`.
pub fn generator(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check()?;
    prefer(scores.fake, scores.real)
}

/// Small where `winner` scores above the average `loser`, and `loser` below the average `winner`.
fn prefer(winner: &Tensor, loser: &Tensor) -> Result<Tensor, LossError> {
    let winner_lead = winner.broadcast_sub(&loser.mean_keepdim(0)?)?;
    let loser_lead = loser.broadcast_sub(&winner.mean_keepdim(0)?)?;
    Ok(per_sample(&(softplus(&winner_lead.neg()?)? + softplus(&loser_lead)?)?)?)
}
