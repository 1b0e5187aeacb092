//! Why a model cannot be built.

use ganymede_tensor::Error;

/// A configuration that no model can be built from, or weights that fit none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A field of a configuration has a value that cannot be used.
    #[error("{model}: {field} = {value} cannot be used: {fix}")]
    InvalidField {
        /// The model, as configuration files name it.
        model: &'static str,
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What to write instead.
        fix: String,
    },
    /// No model has this name.
    #[error("there is no model named {name:?}{}; known are {known}", nearest.map(|n| format!(", did you mean {n:?}?")).unwrap_or_default())]
    UnknownModel {
        /// The name asked for.
        name: String,
        /// The known name closest to it, if one is close.
        nearest: Option<&'static str>,
        /// All known names.
        known: String,
    },
    /// A state dict does not tell the configuration of the model it belongs to.
    #[error("the configuration of a {model} cannot be read off these weights: {reason}; {fix}")]
    NotInferable {
        /// The model, as configuration files name it.
        model: &'static str,
        /// What was found.
        reason: String,
        /// What to do.
        fix: &'static str,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] Error),
}

impl ModelError {
    pub(crate) fn field(
        model: &'static str,
        field: &'static str,
        value: impl ToString,
        fix: impl Into<String>,
    ) -> Self {
        Self::InvalidField { model, field, value: value.to_string(), fix: fix.into() }
    }
}

/// Sizes beyond this are slips of the keyboard, and would end in a failed allocation.
const LARGEST_SIZE: usize = 65_536;

/// Refuses sizes that are 0 or absurd.
pub(crate) fn check_sizes(model: &'static str, fields: &[(&'static str, usize)]) -> Result<(), ModelError> {
    match fields.iter().find(|(_, value)| !(1..=LARGEST_SIZE).contains(value)) {
        Some(&(field, value)) => {
            Err(ModelError::field(model, field, value, format!("use 1 to {LARGEST_SIZE}")))
        }
        None => Ok(()),
    }
}
