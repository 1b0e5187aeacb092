//! The critic's gradient in its input.

use ganymede_tensor::{Graph, Tensor, grad, l2_norm, watch};

use crate::LossError;
use crate::scores::{check_same_shape, per_sample};

/// A critic as penalties see it: samples `(N, ..)` to raw scores `(N,)`, or `(N, P)` of patches or heads.
///
/// What is differentiated is one number a sample, the mean of its `P` scores: the penalty is that of the
/// critic whose score is this mean, and its weights mean the same for every `P`. Differs:
/// junyanz/pytorch-CycleGAN-and-pix2pix differentiates the sum over patches, so that its norm is `P` times
/// this one.
///
/// A closure over the model, its labels and its mode, so that no model type appears here. It must
/// treat samples independently: with batch normalisation the gradient of the summed scores is not
/// the gradient of each sample's own score, and every penalty of this crate loses its meaning
/// (Gulrajani et al., section 4, recommend layer normalisation instead). It must not change any
/// state either: penalties evaluate it at points that are not data.
pub type Critic<'a> = dyn Fn(&Tensor) -> ganymede_tensor::Result<Tensor> + 'a;

/// Added under the square root, so that the norm has a gradient where the critic is flat.
pub(crate) const NORM_EPS: f64 = 1e-12;

/// The gradient of each sample's score, the mean of its scores if there are several, in that sample: shape
/// of `x`.
///
/// `x` is detached first. With [`Graph::Create`] the result can be differentiated again, in the
/// critic's parameters, which is what a penalty does; with [`Graph::Discard`] it is for looking at.
///
/// # Errors
/// [`LossError::Shape`] if `x` has fewer than two axes or no samples, or if the critic does not
/// give `(N,)` or `(N, P)`; whatever the critic returns as an error.
pub fn input_gradient(critic: &Critic<'_>, x: &Tensor, graph: Graph) -> Result<Tensor, LossError> {
    check_samples(x)?;
    let x = watch(&x.detach())?;
    let mut gradients = grad(&sample_scores(critic, &x)?, &[&x], graph)?;
    Ok(gradients.remove(0))
}

/// One score a sample, `(N,)`: the mean of its scores if there are several.
///
/// # Errors
/// As [`input_gradient`].
pub(crate) fn sample_scores(critic: &Critic<'_>, x: &Tensor) -> Result<Tensor, LossError> {
    let n = check_samples(x)?;
    let scores = critic(x)?;
    let fits = match *scores.dims() {
        [m] => m == n,
        [m, p] => m == n && p > 0,
        _ => false,
    };
    if !fits {
        return Err(LossError::Shape {
            what: "critic(samples)",
            got: scores.dims().to_vec(),
            expected: format!(
                "({n},): one score a sample, or ({n}, P): one for each of P >= 1 patches or heads"
            ),
        });
    }
    Ok(per_sample(&scores)?)
}

/// The number of samples, of which there is one at least.
fn check_samples(x: &Tensor) -> Result<usize, LossError> {
    match x.dims() {
        &[n, _, ..] if n > 0 => Ok(n),
        dims => Err(LossError::Shape {
            what: "samples",
            got: dims.to_vec(),
            expected: "(N, ..) with N >= 1 and at least one more axis".into(),
        }),
    }
}

/// `||grad_x D(x)||_2` of each sample, shape `(N,)`, detached: for logs, not for training.
///
/// Computed as `sqrt(sum + 1e-12)` over all axes but the first, as in the penalties, so that a flat
/// critic reads 1e-6.
///
/// # Errors
/// Those of [`input_gradient`].
pub fn gradient_norm(critic: &Critic<'_>, x: &Tensor) -> Result<Tensor, LossError> {
    let gradient = input_gradient(critic, x, Graph::Discard)?;
    Ok(l2_norm(&gradient, NORM_EPS)?.detach())
}

/// A scalar whose gradient in `output` is `gradient`, whatever its value: `Σ output · gradient`.
///
/// What brings a gradient that was changed on its way (scaled by [`AdversarialGradientNormaliser`], put together by
/// [`Balancer`]) to the parameters that `output` was made with.
///
/// [`AdversarialGradientNormaliser`]: crate::AdversarialGradientNormaliser
/// [`Balancer`]: crate::adversarial_term::Balancer
///
/// # Errors
/// [`LossError::Shape`] if the shapes disagree.
pub fn with_gradient(output: &Tensor, gradient: &Tensor) -> Result<Tensor, LossError> {
    check_same_shape("gradient", gradient, output)?;
    Ok(output.mul(&gradient.detach())?.sum_all()?)
}

/// Sum of squares of each sample, shape `(N,)`.
pub(crate) fn squared_norm(gradient: &Tensor) -> Result<Tensor, LossError> {
    Ok(gradient.sqr()?.flatten_from(1)?.sum(1)?)
}
