//! Zero-centred gradient penalties on the samples themselves: R1 and R2.
//!
//! `gamma / 2 * ||grad D(x)||_2^2`, on real samples for R1, on generated ones for R2. There is no
//! square root, hence no epsilon.
//!
//! # References
//! Mescheder et al., 2018, arXiv:1801.04406, eq. 9 (R1) and eq. 10 (R2).
//!
//! # Differs from reference implementations
//! The half is the paper's, and is in StyleGAN2/3 (`r1_gamma / 2`) and R3GAN (`Gamma / 2`). The
//! paper's own program, LMescheder/GAN_stability, multiplies by `reg_param` *without* the half: its
//! 10 is gamma 20 here. PyTorch-StudioGAN has the half inside and multiplies by lambda: its lambda
//! is gamma.

use ganymede_tensor::{Graph, Tensor};

use crate::gradient::{NORM_EPS, squared_norm};
use crate::{Critic, LossError, PenaltyTerm, input_gradient};

/// R1: `gamma / 2 * ||grad D(real)||^2`, shape `(N,)`.
///
/// # Errors
/// [`LossError::Shape`] if `real` has fewer than two axes or the critic does not give `(N,)` or `(N, P)`.
pub fn r1(critic: &Critic<'_>, real: &Tensor, gamma: f64) -> Result<PenaltyTerm, LossError> {
    penalty(critic, real, gamma)
}

/// R2: `gamma / 2 * ||grad D(fake)||^2`, shape `(N,)`.
///
/// # Errors
/// [`LossError::Shape`] if `fake` has fewer than two axes or the critic does not give `(N,)` or `(N, P)`.
pub fn r2(critic: &Critic<'_>, fake: &Tensor, gamma: f64) -> Result<PenaltyTerm, LossError> {
    penalty(critic, fake, gamma)
}

fn penalty(critic: &Critic<'_>, at: &Tensor, gamma: f64) -> Result<PenaltyTerm, LossError> {
    let squared = squared_norm(&input_gradient(critic, at, Graph::Create)?)?;
    let grad_norm = (squared.detach() + NORM_EPS)?.sqrt()?;
    Ok(PenaltyTerm { value: (squared * (gamma / 2.0))?, grad_norm })
}
