//! Consistency regularisation: a discriminator that does not mind small changes, and a generator that does.
//!
//! | regularisation | minimised by | value |
//! |---|---|---|
//! | CR | the discriminator | `(D(T(x)) − D(x))²`, x real |
//! | bCR | the discriminator | CR, and `(D(T(G(z))) − D(G(z)))²` |
//! | zCR | the discriminator | `(D(G(z + δ)) − D(G(z)))²` |
//! | | the generator | `−mean_i (G(z + δ)_i − G(z)_i)²` |
//!
//! with a random change `T` of images and a small `δ` from `N(0, σ² I)`. ICR is bCR and zCR together. What is random is
//! the caller's: [`discriminator`] takes scores, [`generator`] samples.
//!
//! # References
//! CR: Zhang et al., 2020, arXiv:1910.12027, eq. 3 and algorithm 1, with a weight of 10. bCR and zCR: Zhao et al., 2021,
//! arXiv:2002.04724, algorithms 1 and 2, with weights of 10 on real and on generated samples, and of its own for either side
//! of zCR.
//!
//! # Differs from reference implementations
//! The second paper writes the generator's side as a squared norm. Here it is the mean over the numbers of a sample, as
//! in programs that use `mse_loss`, so that its weight does not depend on the resolution. That side has no lower bound: a
//! generator can always win by larger differences, as far as its output goes.

use ganymede_tensor::Tensor;

use crate::LossError;
use crate::scores::{check_same_shape, check_scores, per_sample};

/// `(changed − scores)²`, shape `(N,)`, to minimise by the discriminator: one term of CR, bCR or zCR.
///
/// # Arguments
/// * `scores` — raw, of samples, `(N,)`, or `(N, P)` of patches or heads, over which it is meaned.
/// * `changed` — of the same samples, changed; neither is detached.
///
/// # Errors
/// [`LossError::Shape`] unless both are `(N,)` or `(N, P)`, alike.
pub fn discriminator(scores: &Tensor, changed: &Tensor) -> Result<Tensor, LossError> {
    check_scores("scores", scores)?;
    check_same_shape("changed", changed, scores)?;
    Ok(per_sample(&(changed - scores)?.sqr()?)?)
}

/// `−mean_i (changed_i − samples_i)²`, shape `(N,)`, to minimise by the generator: its side of zCR.
///
/// # Arguments
/// * `samples` — G(z), `(N, ..)` with `N >= 1`.
/// * `changed` — G(z + δ), of the same shape; neither is detached.
///
/// # Errors
/// [`LossError::Shape`] if they have fewer than two axes, no elements, or different shapes.
pub fn generator(samples: &Tensor, changed: &Tensor) -> Result<Tensor, LossError> {
    if samples.rank() < 2 || samples.elem_count() == 0 {
        return Err(LossError::Shape {
            what: "samples",
            got: samples.dims().to_vec(),
            expected: "(N, ..) with N >= 1 and at least one element a sample".into(),
        });
    }
    check_same_shape("changed", changed, samples)?;
    Ok((changed - samples)?.flatten_from(1)?.sqr()?.mean(1)?.neg()?)
}
