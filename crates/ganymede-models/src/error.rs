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
    /// The network is known, and some of its tensors are missing, too many or of other shapes.
    #[error("the weights are not all of a {model} {role}:{}", differences(missing, unexpected, shapes))]
    Misfit {
        /// The model, as configuration files name it.
        model: &'static str,
        /// `generator` or `discriminator`.
        role: &'static str,
        /// Tensors that are not there.
        missing: Vec<String>,
        /// Tensors that the network does not have.
        unexpected: Vec<String>,
        /// Tensors with both shapes.
        shapes: Vec<String>,
    },
    /// Weights are not named as a program names them.
    #[error("these are not the names of {dialect}'s {role}")]
    OtherDialect {
        /// The program.
        dialect: &'static str,
        /// `generator` or `discriminator`.
        role: &'static str,
    },
    /// A program has no such network.
    #[error("{dialect} has no such {model} to name the tensors of; --dialect native has all")]
    NoSuchDialect {
        /// The model, as configuration files name it.
        model: &'static str,
        /// The program.
        dialect: &'static str,
    },
    /// A tensor operation failed.
    #[error(transparent)]
    Tensor(#[from] Error),
}

/// The first few names of each list: a file of another model differs everywhere.
fn differences(missing: &[String], unexpected: &[String], shapes: &[String]) -> String {
    const SHOWN: usize = 8;
    let lists = [("missing", missing), ("unexpected", unexpected), ("other shapes", shapes)];
    let list = |(what, names): (&str, &[String])| {
        let more = names.len().saturating_sub(SHOWN);
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!(" {what}: {}{tail};", names[..names.len().min(SHOWN)].join(", "))
    };
    lists.into_iter().filter(|(_, names)| !names.is_empty()).map(list).collect()
}
