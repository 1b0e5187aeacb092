//! The two sides of the game, by name.

use ganymede_tensor::Tensor;

use crate::LossError;

/// Raw critic scores (logits, no sigmoid) of a batch of real and a batch of generated samples.
///
/// Both have shape `(N,)`, or `(N, P)` where a critic judges each of `P` patches of a sample (PatchGAN) or
/// has `P` heads; with the same `N >= 1` and `P >= 1`, and the same dtype and device. A loss is computed at
/// every score, and a sample's value is the mean over its `P`. What looks across the batch, the means of
/// [`relativistic_average`](crate::relativistic_average), does so for each patch or head apart.
///
/// A map of patches `(N, 1, H, W)` is flattened first, `flatten_from(1)`. Mixed ranks are refused: `(N, 1)`
/// against `(N,)` would broadcast to `(N, N)` without a word.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// Scores of real samples, `(N,)` or `(N, P)`.
    pub real: &'a Tensor,
    /// Scores of generated samples, of the shape of `real`.
    pub fake: &'a Tensor,
}

/// A batch of real and a batch of generated samples, as penalties take them.
///
/// Images `(N, C, H, W)` or points `(N, F)`: anything whose first axis counts samples. Penalties
/// detach both, so that no gradient reaches the generator.
#[derive(Clone, Copy, Debug)]
pub struct Samples<'a> {
    /// Real samples, `(N, ..)`.
    pub real: &'a Tensor,
    /// Generated samples, `(N, ..)`.
    pub fake: &'a Tensor,
}

impl Scores<'_> {
    /// Refuses all but two batches of scores of the same shape.
    pub(crate) fn check(self) -> Result<(), LossError> {
        check_scores("scores.real", self.real)?;
        check_same_shape("scores.fake", self.fake, self.real)
    }

    /// Refuses fake scores that are no batch of scores; the real ones are not looked at.
    pub(crate) fn check_fake(self) -> Result<(), LossError> {
        check_scores("scores.fake", self.fake)
    }
}

pub(crate) fn check_scores(what: &'static str, scores: &Tensor) -> Result<(), LossError> {
    match scores.dims() {
        &[n] if n > 0 => Ok(()),
        &[n, p] if n > 0 && p > 0 => Ok(()),
        dims => Err(LossError::Shape {
            what,
            got: dims.to_vec(),
            expected: "(N,) or (N, P) with N, P >= 1; flatten a map of patches from its second axis".into(),
        }),
    }
}

/// What belongs to a sample where something belongs to each of its scores: `(N,)` from `(N,)`, which stays
/// as it is, or from `(N, P)`, the mean over `P`.
///
/// All that this crate does with patches and heads: losses take the mean of their values, penalties that of
/// the scores which they differentiate.
pub(crate) fn per_sample(values: &Tensor) -> ganymede_tensor::Result<Tensor> {
    if values.rank() == 2 { values.mean(1) } else { Ok(values.clone()) }
}

/// Refuses a tensor that does not have the shape of another.
pub(crate) fn check_same_shape(
    what: &'static str,
    tensor: &Tensor,
    reference: &Tensor,
) -> Result<(), LossError> {
    if tensor.dims() == reference.dims() {
        return Ok(());
    }
    Err(LossError::Shape {
        what,
        got: tensor.dims().to_vec(),
        expected: format!("{:?}, the shape of its counterpart", reference.dims()),
    })
}
