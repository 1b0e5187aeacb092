//! What can go wrong in a loss or a penalty.

/// A loss or penalty that could not be computed, or a setting that makes no sense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LossError {
    /// Label smoothing was asked of a loss that has no labels to smooth.
    #[error(
        "label smoothing (real = {real}) does not apply to the `{loss}` loss, which has no labels: \
         use real = 1.0, or one of minimax, non-saturating, least-squares"
    )]
    SmoothingUnsupported {
        /// Name of the loss, as in a configuration.
        loss: &'static str,
        /// The real target asked for.
        real: f64,
    },
    /// A setting is out of its range, infinite or not a number.
    #[error("{parameter} = {value}: must be {expected}")]
    Parameter {
        /// The setting, e.g. `r1 gamma`.
        parameter: &'static str,
        /// The value that it was given.
        value: f64,
        /// The range that it must lie in.
        expected: &'static str,
    },
    /// A tensor has another shape than it must have.
    #[error("{what} has shape {got:?}: expected {expected}")]
    Shape {
        /// Which tensor.
        what: &'static str,
        /// Its shape.
        got: Vec<usize>,
        /// The shape that it should have.
        expected: String,
    },
    /// A label that names no class.
    #[error("label {label} of sample {sample}: the classes are 0 to {}", classes.saturating_sub(1))]
    Label {
        /// The label.
        label: u32,
        /// Whose label it is, counted from 0 in the batch.
        sample: usize,
        /// The number of classes.
        classes: usize,
    },
    /// An operation on tensors failed.
    #[error(transparent)]
    Tensor(#[from] ganymede_tensor::Error),
}

/// Lets `?` carry a [`LossError`] out of a function that returns a tensor `Result`, such as a
/// closure handed to a gradient check.
impl From<LossError> for ganymede_tensor::Error {
    fn from(error: LossError) -> Self {
        match error {
            LossError::Tensor(inner) => inner,
            other => Self::wrap(other),
        }
    }
}

/// Refuses a setting that is not finite and at least zero.
pub(crate) fn check_non_negative(parameter: &'static str, value: f64) -> Result<(), LossError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(LossError::Parameter { parameter, value, expected: "finite and at least 0" })
}

/// Refuses a setting that is not finite and above zero.
pub(crate) fn check_positive(parameter: &'static str, value: f64) -> Result<(), LossError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(LossError::Parameter { parameter, value, expected: "finite and above 0" })
}
