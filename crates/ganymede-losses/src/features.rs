//! Features of both sides, and the distances between them.

use ganymede_tensor::Tensor;

use crate::LossError;
use crate::scores::check_same_shape;

/// What a critic gives of a batch of real and of a batch of generated samples where it gives vectors, not scores.
///
/// Both `(N, K)`, with the same `N >= 1` and `K >= 1`, dtype and device. Neither is detached.
#[derive(Clone, Copy, Debug)]
pub struct Features<'a> {
    /// Of real samples, `(N, K)`.
    pub real: &'a Tensor,
    /// Of generated samples, `(N, K)`.
    pub fake: &'a Tensor,
}

impl Features<'_> {
    /// The number of samples of either side; refuses all but two matrices of one shape.
    pub(crate) fn check(self) -> Result<usize, LossError> {
        let n = check_features("features.real", self.real)?;
        check_same_shape("features.fake", self.fake, self.real)?;
        Ok(n)
    }
}

/// The number of rows of a matrix of features.
pub(crate) fn check_features(what: &'static str, features: &Tensor) -> Result<usize, LossError> {
    match *features.dims() {
        [n, k] if n > 0 && k > 0 => Ok(n),
        _ => {
            let expected = "(N, K) with N, K >= 1".into();
            Err(LossError::Shape { what, got: features.dims().to_vec(), expected })
        }
    }
}

/// `‖a_i − b_j‖²`, shape `(N, M)`.
///
/// From differences, not from products, which lose the distance of features that lie close together and far from 0. N·M·K
/// numbers are held.
pub(crate) fn squared_distances(a: &Tensor, b: &Tensor) -> ganymede_tensor::Result<Tensor> {
    a.unsqueeze(1)?.broadcast_sub(&b.unsqueeze(0)?)?.sqr()?.sum(2)
}
