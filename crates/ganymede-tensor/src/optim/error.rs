//! What can be wrong with an optimiser.

use candle_core::DType;

/// Why an optimiser could not be made, stepped or loaded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimizerError {
    /// A hyper-parameter outside of its range.
    #[error("{optimizer}: {name} is {value}, it must be {range}")]
    HyperParameter {
        /// The optimiser.
        optimizer: &'static str,
        /// The hyper-parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The values that are possible.
        range: &'static str,
    },
    /// Two parameters of one name, or one parameter twice.
    #[error("parameter `{0}` is given to the optimiser twice")]
    DuplicateParameter(String),
    /// A parameter of integers.
    #[error("parameter `{name}` is {dtype:?}; only floating-point parameters can be optimised")]
    NotFloat {
        /// The parameter.
        name: String,
        /// Its dtype.
        dtype: DType,
    },
    /// Not one gradient for each parameter.
    #[error("{found} gradients for {expected} parameters")]
    GradientCount {
        /// The number of parameters.
        expected: usize,
        /// The number of gradients.
        found: usize,
    },
    /// A gradient of another shape, dtype or device than its parameter.
    #[error("gradient of `{name}`: expected {expected}, got {found}")]
    Gradient {
        /// The parameter.
        name: String,
        /// Its shape, dtype and device.
        expected: String,
        /// Those of the gradient.
        found: String,
    },
    /// Hyper-parameters of another kind than that of the optimiser.
    #[error("{optimizer}: its moments are of no use to {asked}; make a new optimiser for that")]
    Kind {
        /// The optimiser.
        optimizer: &'static str,
        /// The kind that was asked for.
        asked: &'static str,
    },
    /// Hyper-parameters that need other moments than those that are kept.
    #[error(
        "{optimizer}: with this {name} its moments are [{}], those at hand [{}]; make a new optimiser for that, \
         or leave {name} as it was",
        needed.join(", "),
        kept.join(", ")
    )]
    OtherMoments {
        /// The optimiser.
        optimizer: &'static str,
        /// The hyper-parameter that decides which moments there are: `momentum` or `centered`.
        name: &'static str,
        /// The moments that are kept for each parameter, under PyTorch's names.
        kept: Vec<&'static str>,
        /// The moments that were asked for.
        needed: Vec<&'static str>,
    },
    /// A state of other parameters or of another optimiser.
    #[error("the optimiser state does not fit: {0}")]
    State(String),
}
