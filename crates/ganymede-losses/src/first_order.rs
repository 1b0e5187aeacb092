//! R1 and R2 without a second derivative: the gradient along one random direction, by a difference.
//!
//! `gamma / 2 * ((D(x + epsilon n) - D(x)) / epsilon)^2` with `n ~ N(0, I)`, on real samples for R1, on generated ones
//! for R2. Over `n` the square of `n·grad D` has the mean `||grad D||^2`, so that gamma means what it means in
//! [`zero_centered`](crate::zero_centered); what a curved critic adds is of the order of epsilon^2. One pass forward is
//! added and no gradient of a gradient, which attention kernels, for one, often do not have.
//!
//! One `n` a sample estimates a sample's `||grad D||^2` with a relative deviation of √2; over a batch and over steps the
//! estimates average out, which makes the penalty as strong as R1, but noisier.
//!
//! # Rounding
//! The difference of two scores loses the bits that they share. Where a score `s` is rounded to a part `u` of itself, the
//! quotient is off by about `u |s| / epsilon`: with epsilon 0.01 and f32 (`u` is 6e-8, several times that behind a deep
//! network) about 1e-5 of the score, which is nothing beside a gradient norm of 0.1; a hundredth of that epsilon makes it a
//! part in a thousand. Numbers of 16 bits need a larger epsilon: bfloat16 (`u` is 4e-3) loses half of the score at 0.01.
//!
//! # References
//! Lin et al., 2025, arXiv:2501.08316 (APT), section 3.4, which regularises by it where gradients of gradients are not
//! available; Lin et al., 2025, arXiv:2511.22475 (AFM).
//!
//! # Differs from reference implementations
//! AFM's program has no half: its `gp_scale` 0.25 is gamma 0.5 here; it takes a quarter of the batch. APT's formula does
//! not divide by epsilon: its lambda is gamma / (2 epsilon^2).

use ganymede_tensor::Tensor;

use crate::gradient::sample_scores;
use crate::scores::{check_same_shape, per_sample};
use crate::{Critic, LossError, PenaltyTerm};

/// First-order R1: `gamma / 2 * ((D(real + epsilon n) - D(real)) / epsilon)^2`, shape `(N,)`.
///
/// # Arguments
/// * `real` — `(N, ..)`, detached.
/// * `n` — of the shape of `real`, from N(0, 1); both passes are with one `n`.
/// * `epsilon` — the step, above 0, in units of the samples.
///
/// The critic is called twice, first at `real`; what it draws by itself (dropout, augmentation) has to be the same in both.
///
/// # Errors
/// [`LossError::Shape`] if shapes disagree, `real` has fewer than two axes or the critic does not give `(N,)` or
/// `(N, P)`.
pub fn r1(
    critic: &Critic<'_>,
    real: &Tensor,
    n: &Tensor,
    gamma: f64,
    epsilon: f64,
) -> Result<PenaltyTerm, LossError> {
    penalty(critic, real, n, None, (gamma, epsilon))
}

/// First-order R2: `gamma / 2 * ((D(fake + epsilon n) - D(fake)) / epsilon)^2`, shape `(N,)`; as [`r1`].
///
/// # Errors
/// As [`r1`].
pub fn r2(
    critic: &Critic<'_>,
    fake: &Tensor,
    n: &Tensor,
    gamma: f64,
    epsilon: f64,
) -> Result<PenaltyTerm, LossError> {
    penalty(critic, fake, n, None, (gamma, epsilon))
}

/// Where the scores of `at` are `known`, with their graph, the critic is called once.
pub(crate) fn penalty(
    critic: &Critic<'_>,
    at: &Tensor,
    n: &Tensor,
    known: Option<&Tensor>,
    (gamma, epsilon): (f64, f64),
) -> Result<PenaltyTerm, LossError> {
    check_same_shape("n", n, at)?;
    let at = at.detach();
    let here = match known {
        Some(scores) => per_sample(scores)?,
        None => sample_scores(critic, &at)?,
    };
    let there = sample_scores(critic, &(&at + (n.detach() * epsilon)?)?)?;
    check_same_shape("known", &here, &there)?;
    let slope = ((there - here)? * (1.0 / epsilon))?;
    let grad_norm = slope.detach().abs()?;
    Ok(PenaltyTerm { value: (slope.sqr()? * (gamma / 2.0))?, grad_norm })
}
