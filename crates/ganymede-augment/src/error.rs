//! What can go wrong in an augmentation.

/// A setting that makes no sense, or images that cannot be changed so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AugmentError {
    /// A setting is out of its range, or means nothing beside another.
    #[error("{setting}: {reason}")]
    Setting {
        /// The setting, as in a configuration.
        setting: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Images of another shape than the augmentation can change.
    #[error("images of shape {got:?}: {reason}")]
    Images {
        /// Their shape.
        got: Vec<usize>,
        /// What they should be.
        reason: String,
    },
    /// An operation on tensors failed.
    #[error(transparent)]
    Tensor(#[from] ganymede_tensor::Error),
}

/// Lets `?` carry an [`AugmentError`] out of a function that returns a tensor `Result`, such as a pass of a
/// discriminator.
impl From<AugmentError> for ganymede_tensor::Error {
    fn from(error: AugmentError) -> Self {
        match error {
            AugmentError::Tensor(inner) => inner,
            other => Self::wrap(other),
        }
    }
}
