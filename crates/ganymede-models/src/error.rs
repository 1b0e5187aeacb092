//! Why a model cannot be built.

use ganymede_tensor::Error;

use crate::spec::Fault;

/// A configuration that no model can be built from, or weights that fit none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A field of a configuration has a value that cannot be used.
    #[error("{model}: {field} = {value} cannot be used: expected {expected}")]
    InvalidField {
        /// The model, as configuration files name it.
        model: &'static str,
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What to write instead.
        expected: String,
    },
    /// A key that a model does not have, or a value of another type.
    #[error("{model}: {fault}")]
    Settings {
        /// The model, as configuration files name it.
        model: &'static str,
        /// Where, and what.
        fault: Fault,
    },
    /// No model has this name.
    #[error("there is no {role} named {name:?}{}; known are {known}", nearest.map(|n| format!(", did you mean {n:?}?")).unwrap_or_default())]
    UnknownModel {
        /// `generator` or `discriminator`.
        role: &'static str,
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
