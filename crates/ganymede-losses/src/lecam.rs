//! LeCam regularisation: scores do not run away from where they were.
//!
//! `max(r − a_f, 0)² + max(a_r − f, 0)²`
//!
//! with anchors `a_r` and `a_f`, moving means of the scores of real and of generated samples. A discriminator that learns a
//! few real samples by heart is held back as soon as it scores real ones higher, or generated ones lower, than it scored the
//! others before. The name is that of the divergence that a Wasserstein loss with this term comes to.
//!
//! # References
//! Tseng et al., 2021, arXiv:2104.03310, section 3. The paper squares the differences; the authors' program takes the
//! positive parts first, as this does: a real score *below* the generated ones' anchor is no sign of learning by heart.

use ganymede_tensor::{Tensor, relu};

use crate::LossError;
use crate::scores::{Scores, check_scores, per_sample};

/// Moving means of scores.
#[derive(Clone, Copy, Debug)]
pub struct Anchors<'a> {
    /// Of real samples: a scalar, a constant.
    pub real: &'a Tensor,
    /// Of generated samples, likewise.
    pub fake: &'a Tensor,
}

/// `max(r − a_f, 0)² + max(a_r − f, 0)²` of raw scores, shape `(N,)`, to minimise.
///
/// # Arguments
/// * `scores` — of as many real as generated samples, `(N,)`, or `(N, P)` of patches or heads, over which it is meaned.
/// * `anchors` — scalars of the scores' dtype, detached here.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or `(N, P)`, alike.
pub fn lecam(scores: Scores<'_>, anchors: Anchors<'_>) -> Result<Tensor, LossError> {
    check_scores("real", scores.real)?;
    check_scores("fake", scores.fake)?;
    let above = relu(&scores.real.broadcast_sub(&anchors.fake.detach())?)?;
    let below = relu(&anchors.real.detach().broadcast_sub(scores.fake)?)?;
    Ok(per_sample(&(above.sqr()? + below.sqr()?)?)?)
}
