//! Scores of pairs are held around 0.
//!
//! `(r + f)²`
//!
//! What a discriminator minimises beside a relativistic loss, which knows the differences of scores alone: nothing else keeps
//! all of them from drifting off together. Where [`drift`](crate::drift) pulls real scores to 0, this pulls the middle of
//! a real and a generated score there, and leaves their distance alone.
//!
//! # References
//! Lin et al., 2025, arXiv:2511.22475 (AFM), whose program adds it with a weight of 0.01.

use ganymede_tensor::Tensor;

use crate::LossError;
use crate::scores::{Scores, per_sample};

/// `(r + f)²` of raw scores, shape `(N,)`, to minimise.
///
/// # Arguments
/// * `scores` — of as many real as generated samples, `(N,)`, or `(N, P)` of patches or heads, over which it is meaned.
///
/// # Errors
/// [`LossError::Shape`] unless both scores are `(N,)` or `(N, P)`, alike.
pub fn logit_centring(scores: Scores<'_>) -> Result<Tensor, LossError> {
    scores.check()?;
    Ok(per_sample(&(scores.real + scores.fake)?.sqr()?)?)
}
