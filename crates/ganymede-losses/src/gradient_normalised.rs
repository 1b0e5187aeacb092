//! A critic whose gradient is normalised: GN-GAN.
//!
//! `D̂(x) = D(x) / (‖∇D(x)‖₂ + |D(x)|)`
//!
//! lies in [−1, 1], and of a network of linear pieces its gradient has a norm of at most 1 wherever it is: a Lipschitz
//! constraint on the whole critic instead of on each layer. It stands in the place of D in any loss. The norm is
//! `sqrt(sum + 1e-12)` over all axes but the first.
//!
//! # References
//! Wu et al., 2021, arXiv:2109.02235, eq. 11 and theorem 5.
//!
//! # Differs from reference implementations
//! The authors' program adds nothing under the root: a critic that is flat at 0 gives NaN there, and 0 here.

use ganymede_tensor::{Graph, Tensor, grad, l2_norm, relu, watch};

use crate::gradient::{NORM_EPS, sample_scores};
use crate::{Critic, LossError};

/// `D(x) / (‖∇D(x)‖ + |D(x)|)`, shape `(N,)`.
///
/// Can be differentiated in the critic's parameters and in `x`, which is *not* detached: what made `x` learns through it,
/// by second derivatives of the critic for either player. Of critics that give several scores a sample their mean is
/// normalised.
///
/// # Arguments
/// * `critic` — samples `(N, ..)` to raw scores `(N,)` or `(N, P)`, see [`Critic`].
/// * `x` — samples `(N, ..)`, real or generated.
///
/// # Errors
/// [`LossError::Shape`] if `x` has fewer than two axes or no samples, or if the critic does not give `(N,)` or `(N, P)`.
pub fn gradient_normalised(critic: &Critic<'_>, x: &Tensor) -> Result<Tensor, LossError> {
    let x = watch(x)?;
    let scores = sample_scores(critic, &x)?;
    let slope = grad(&scores, &[&x], Graph::Create)?.remove(0);
    // Not `abs`, whose derivative at 0 is 1.
    let size = (relu(&scores)? + relu(&scores.neg()?)?)?;
    Ok((scores / (l2_norm(&slope, NORM_EPS)? + size)?)?)
}
