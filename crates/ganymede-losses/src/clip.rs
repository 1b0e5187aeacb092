//! Weight clipping of the original WGAN.

use ganymede_tensor::Params;

use crate::LossError;

/// Clamps every parameter to `[-c, c]`, in place; buffers (running statistics, …) are left alone.
///
/// Called after each optimiser step of the critic. A value that is not a number stays one, so that
/// divergence is seen and not hidden.
///
/// # Arguments
/// * `c` — above 0; the paper uses 0.01.
///
/// # Errors
/// [`LossError::Parameter`] if `c` is not above 0 and finite.
///
/// # References
/// Arjovsky et al., 2017, arXiv:1701.07875, algorithm 1. Like the paper's own program this clips
/// *all* parameters, biases and the gains of normalisation layers too; some programs clip
/// convolution and linear weights only.
pub fn clip_weights(params: &Params, c: f64) -> Result<(), LossError> {
    if !(c.is_finite() && c > 0.0) {
        return Err(LossError::Parameter {
            parameter: "weight clip c",
            value: c,
            expected: "finite and above 0; the paper uses 0.01",
        });
    }
    for param in params.params() {
        param.set(&param.get().detach().clamp(-c, c)?)?;
    }
    Ok(())
}
