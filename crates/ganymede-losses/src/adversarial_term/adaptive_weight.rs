//! The adaptive weight of VQGAN.

use ganymede_tensor::{Tensor, l2_norm};
use serde::{Deserialize, Serialize};

use crate::error::{check_non_negative, check_positive};
use crate::{LossError, scores};

/// The constants of [`adaptive_weight`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdaptiveWeight {
    /// Added to the adversarial gradient's norm, above 0; 1e-4.
    pub epsilon: f64,
    /// The largest weight, at least 0; 1e4.
    pub ceiling: f64,
}

impl Default for AdaptiveWeight {
    /// 1e-4 and 1e4, as in taming-transformers.
    fn default() -> Self {
        Self { epsilon: 1e-4, ceiling: 1e4 }
    }
}

/// `min(‖∇rec‖ / (‖∇adv‖ + ε), ceiling)`, a scalar, detached: with this weight the adversarial loss moves the last layer as much as
/// the reconstruction does.
///
/// A fixed weight and a factor of a warm-up are multiplied to it. It stays on the device.
///
/// # Arguments
/// * `reconstruction`, `adversarial` — the gradients of both losses in the weight of the decoder's last layer, of one
///   shape, any, not empty.
///
/// # Errors
/// [`LossError::Shape`] if the shapes disagree or are empty, [`LossError::Parameter`] if a constant is out of range.
///
/// # References
/// Esser et al., 2021, arXiv:2012.09841, eq. 7; there δ is 1e-6, in its program 1e-4, with a weight of 0.8 besides.
///
/// # Differs from reference implementations
/// RAE's program has 1e-6 and the ceiling 1e4, VA-VAE's a second one for its alignment with the ceiling 1e8.
pub fn adaptive_weight(
    reconstruction: &Tensor,
    adversarial: &Tensor,
    constants: AdaptiveWeight,
) -> Result<Tensor, LossError> {
    check_positive("adaptive weight epsilon", constants.epsilon)?;
    check_non_negative("adaptive weight ceiling", constants.ceiling)?;
    if reconstruction.elem_count() == 0 {
        let got = reconstruction.dims().to_vec();
        return Err(LossError::Shape { what: "reconstruction", got, expected: "one element or more".into() });
    }
    scores::check_same_shape("adversarial", adversarial, reconstruction)?;
    let norm = |gradient: &Tensor| l2_norm(&gradient.detach().flatten_all()?.unsqueeze(0)?, 0.0)?.squeeze(0);
    let weight = (norm(reconstruction)? / (norm(adversarial)? + constants.epsilon)?)?;
    Ok(weight.minimum(constants.ceiling)?)
}
