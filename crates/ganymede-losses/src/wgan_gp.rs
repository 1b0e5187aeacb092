//! The gradient penalty of WGAN-GP.
//!
//! `lambda (||grad D(x_hat)||_2 - target)^2` at `x_hat = epsilon x + (1 - epsilon) x_tilde`, where
//! `x` is real, `x_tilde` generated, and `epsilon ~ U(0, 1)` is drawn once a sample. The norm is
//! `sqrt(sum + 1e-12)` over all axes but the first.
//!
//! # References
//! Gulrajani et al., 2017, arXiv:1704.00028, eq. 3 and algorithm 1 (lambda 10, target 1).
//!
//! # Differs from reference implementations
//! igul222/improved_wgan_training has no epsilon under the root (a flat critic gives NaN) and puts
//! its random number on the fake side, which is the same distribution; google/compare_gan adds
//! 1e-4 under the root; PyTorch's `norm(2)` has gradient 0 at 0. A program that draws one epsilon
//! for the whole batch, or one for every pixel, samples other points. Some leave the factor out and
//! weigh the loss elsewhere: lambda here is the whole factor, with no half.

use ganymede_tensor::{Graph, Tensor, l2_norm};

use crate::gradient::NORM_EPS;
use crate::scores::check_same_shape;
use crate::{Critic, LossError, PenaltyTerm, Samples, input_gradient};

/// `epsilon * real + (1 - epsilon) * fake`, detached.
///
/// # Arguments
/// * `samples` — both `(N, ..)`, of one shape.
/// * `epsilon` — `(N,)`, in `[0, 1]`: 1 is the real sample.
///
/// # Errors
/// [`LossError::Shape`] if the shapes disagree.
pub fn interpolate(samples: Samples<'_>, epsilon: &Tensor) -> Result<Tensor, LossError> {
    check_same_shape("samples.fake", samples.fake, samples.real)?;
    let (real, fake) = (samples.real.detach(), samples.fake.detach());
    let n = real.dims().first().copied().unwrap_or(0);
    if epsilon.dims() != [n] {
        return Err(LossError::Shape {
            what: "epsilon",
            got: epsilon.dims().to_vec(),
            expected: format!("({n},): one number a sample"),
        });
    }
    let mut per_sample = vec![1; real.rank()];
    per_sample[0] = n;
    let epsilon = epsilon.reshape(per_sample)?;
    let real_part = real.broadcast_mul(&epsilon)?;
    let fake_part = fake.broadcast_mul(&epsilon.affine(-1.0, 1.0)?)?;
    Ok((real_part + fake_part)?)
}

/// `lambda (||grad D(x_hat)|| - target)^2` with a given `epsilon`, see [`interpolate`].
///
/// # Errors
/// [`LossError::Shape`] if shapes disagree or the critic does not give `(N,)` or `(N, P)`.
pub fn penalty(
    critic: &Critic<'_>,
    samples: Samples<'_>,
    epsilon: &Tensor,
    lambda: f64,
    target: f64,
) -> Result<PenaltyTerm, LossError> {
    let between = interpolate(samples, epsilon)?;
    toward_target(critic, &between, lambda, target)
}

/// `lambda (||grad D(at)|| - target)^2` at the given points.
pub(crate) fn toward_target(
    critic: &Critic<'_>,
    at: &Tensor,
    lambda: f64,
    target: f64,
) -> Result<PenaltyTerm, LossError> {
    let gradient = input_gradient(critic, at, Graph::Create)?;
    let norm = l2_norm(&gradient, NORM_EPS)?;
    let value = ((&norm - target)?.sqr()? * lambda)?;
    Ok(PenaltyTerm { value, grad_norm: norm.detach() })
}
