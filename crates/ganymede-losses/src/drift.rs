//! The drift of a critic's scores away from 0.
//!
//! `r²`
//!
//! What a Wasserstein critic minimises beside its loss, which knows differences of scores alone: without it nothing
//! keeps scores from drifting off, all together.
//!
//! # References
//! Karras et al., 2018, arXiv:1710.10196, appendix A.1: `ε_drift E[D(x)²]` of real samples, with a weight of 0.001.

use ganymede_tensor::Tensor;

use crate::LossError;
use crate::scores::{check_scores, per_sample};

/// `r²` of raw scores, shape `(N,)`, to minimise.
///
/// # Arguments
/// * `real` — scores of real samples, `(N,)`, or `(N, P)` of patches or heads, whose squares are meaned.
///
/// # Errors
/// [`LossError::Shape`] unless the scores are `(N,)` or `(N, P)`.
pub fn drift(real: &Tensor) -> Result<Tensor, LossError> {
    check_scores("real", real)?;
    Ok(per_sample(&real.sqr()?)?)
}
