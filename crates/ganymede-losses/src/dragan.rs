//! The gradient penalty of DRAGAN: around real samples only.
//!
//! `lambda (||grad D(x + c std(x) u)||_2 - 1)^2` with `u ~ U(0, 1)` drawn for every element of the
//! batch, and `std(x)` one number: the population standard deviation over *all* elements of the
//! real batch (samples, channels and pixels together). The norm is `sqrt(sum + 1e-12)`.
//!
//! # References
//! Kodali et al., 2017, arXiv:1705.07215, section 2.3 (the DRAGAN penalty, lambda 10, k = 1).
//!
//! # Differs from the paper and from reference implementations
//! The paper's noise is `N(0, c I)`; its authors' programs, and the ones that follow them, use
//! `x + 0.5 std(x) u` with uniform `u` and NumPy's population deviation, which is this with
//! `c = 0.5`. On top of that several programs draw `alpha ~ U(0, 1)` a sample and take the point
//! `x + alpha c std(x) u` (PyTorch-StudioGAN, TorchGAN), which halves the mean perturbation.
//! google/compare_gan and programs derived from hwalsuk's collection multiply by the *variance*
//! where the deviation is meant. PyTorch's `std()` divides by n - 1, which matters for tiny batches
//! only. Noise of one sign moves brightness as well: it is what the recipes were tuned with.

use ganymede_tensor::Tensor;

use crate::scores::check_same_shape;
use crate::{Critic, LossError, PenaltyTerm, wgan_gp};

/// The norm that the penalty pulls to: the paper's k.
pub const TARGET: f64 = 1.0;

/// `real + c * std(real) * u`, detached.
///
/// # Arguments
/// * `real` — `(N, ..)`.
/// * `u` — of the shape of `real`, in `[0, 1)`.
/// * `c` — size of the neighbourhood in standard deviations of the batch.
///
/// # Errors
/// [`LossError::Shape`] if the shapes disagree.
pub fn perturb(real: &Tensor, u: &Tensor, c: f64) -> Result<Tensor, LossError> {
    check_same_shape("u", u, real)?;
    let real = real.detach();
    // The deviation stays on the device: a read-back here would stall every step.
    let centred = real.broadcast_sub(&real.mean_all()?)?;
    let std = centred.sqr()?.mean_all()?.sqrt()?;
    let noise = (u.detach() * c)?.broadcast_mul(&std)?;
    Ok((real + noise)?)
}

/// `lambda (||grad D(x + c std(x) u)|| - 1)^2` with a given `u`, see [`perturb`].
///
/// # Errors
/// [`LossError::Shape`] if shapes disagree or the critic does not give `(N,)` or `(N, P)`.
pub fn penalty(
    critic: &Critic<'_>,
    real: &Tensor,
    u: &Tensor,
    lambda: f64,
    c: f64,
) -> Result<PenaltyTerm, LossError> {
    wgan_gp::toward_target(critic, &perturb(real, u, c)?, lambda, TARGET)
}
