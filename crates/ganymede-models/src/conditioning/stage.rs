//! A normalisation and the activation after it, of all classes or of each.

use ganymede_tensor::{Builder, Init, Result, Tensor};

use crate::Mode;
use crate::io::Condition;
use crate::layers::activation::Activation;
use crate::layers::norm::conditional::ConditionalBatchNorm;
use crate::layers::norm::styled::StyledBatchNorm;
use crate::layers::norm::{Norm, NormConfig};
use crate::layers::pending::Pending;
use crate::layers::weight::LayerConfig;

/// What the gains and biases of a normalisation are made from.
#[derive(Clone, Copy)]
pub(crate) enum Told {
    /// Nothing: they are parameters.
    Nothing,
    /// One of so many classes.
    Classes(usize),
    /// A vector of such a length, by layers that start so.
    Vectors(usize, LayerConfig),
}

impl Told {
    /// Of so many classes, if there are some.
    pub(crate) fn classes(classes: Option<usize>) -> Self {
        classes.map_or(Self::Nothing, Self::Classes)
    }
}

/// The normalisation of a stage.
#[derive(Debug)]
pub(crate) enum StageNorm {
    Plain(Norm),
    OfClass(ConditionalBatchNorm, &'static str),
    OfVector(StyledBatchNorm, &'static str),
}

/// Standard deviation of a class's first gains about 1.
const GAIN_STD: f64 = 0.02;

impl StageNorm {
    /// `config`'s, or batch norm under what it is told; `who` asks for that.
    pub(crate) fn new(config: &NormConfig, told: Told, who: &'static str, builder: &Builder) -> Result<Self> {
        Ok(match told {
            Told::Nothing => Self::Plain(Norm::new(config, builder)?),
            Told::Classes(classes) => {
                let gain = Init::Normal { mean: 1.0, std: GAIN_STD };
                Self::OfClass(ConditionalBatchNorm::new(classes, config.channels, gain, builder)?, who)
            }
            Told::Vectors(dim, layer) => {
                Self::OfVector(StyledBatchNorm::new(dim, config.channels, &layer, builder)?, who)
            }
        })
    }

    /// Whether it leaves its input as it is.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::Plain(norm) if norm.is_none())
    }

    /// A convolution normalised, and an activation.
    pub(crate) fn after(
        &self,
        conv: &Pending,
        condition: &Condition,
        activation: Activation,
        mode: Mode,
    ) -> Result<Tensor> {
        if let Self::Plain(norm) = self {
            return norm.after(conv, activation, mode);
        }
        self.forward_activated(&conv.finish()?, condition, activation, mode)
    }

    /// The input normalised, and an activation.
    pub(crate) fn forward_activated(
        &self,
        x: &Tensor,
        condition: &Condition,
        activation: Activation,
        mode: Mode,
    ) -> Result<Tensor> {
        match self {
            Self::Plain(norm) if norm.is_none() => activation.forward(x),
            Self::Plain(norm) => norm.forward_activated(x, activation, mode),
            Self::OfClass(norm, who) => {
                let y = condition.classes(who, x.dim(0)?)?;
                activation.forward(&norm.forward(x, y, mode)?)
            }
            Self::OfVector(norm, who) => {
                let vectors = condition.vectors(who, x.dim(0)?)?;
                activation.forward(&norm.forward(x, vectors, mode)?)
            }
        }
    }
}
