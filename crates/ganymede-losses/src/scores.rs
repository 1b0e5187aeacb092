//! The two sides of the game, by name.

use ganymede_tensor::Tensor;

use crate::LossError;

/// Raw critic scores (logits, no sigmoid) of a batch of real and a batch of generated samples.
///
/// Both have shape `(N,)` with the same `N >= 1`, and the same dtype and device. A model whose
/// last layer gives `(N, 1)` or `(N, 1, 1, 1)` must be flattened first: a `(N, 1)` against a
/// `(N,)` would broadcast to `(N, N)` without a word.
#[derive(Clone, Copy, Debug)]
pub struct Scores<'a> {
    /// Scores of real samples, `(N,)`.
    pub real: &'a Tensor,
    /// Scores of generated samples, `(N,)`.
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
    /// Refuses all but two non-empty vectors of the same length.
    pub(crate) fn check(self) -> Result<(), LossError> {
        check_scores("scores.real", self.real)?;
        check_same_shape("scores.fake", self.fake, self.real)
    }

    /// Refuses fake scores that are not a non-empty vector; the real ones are not looked at.
    pub(crate) fn check_fake(self) -> Result<(), LossError> {
        check_scores("scores.fake", self.fake)
    }
}

fn check_scores(what: &'static str, scores: &Tensor) -> Result<(), LossError> {
    match scores.dims() {
        &[n] if n > 0 => Ok(()),
        dims => Err(LossError::Shape {
            what,
            got: dims.to_vec(),
            expected: "(N,) with N >= 1; flatten the critic's output to one score a sample".into(),
        }),
    }
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
