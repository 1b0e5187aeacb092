//! A normalisation and the activation after it, of all classes or of each.

use ganymede_tensor::{Builder, Init, Result, Tensor};

use crate::Mode;
use crate::io::Condition;
use crate::layers::activation::Activation;
use crate::layers::norm::conditional::ConditionalBatchNorm;
use crate::layers::norm::{Norm, NormConfig};

/// The normalisation of a stage.
#[derive(Debug)]
pub(crate) enum StageNorm {
    Plain(Norm),
    OfClass(ConditionalBatchNorm, &'static str),
}

/// Standard deviation of a class's first gains about 1.
const GAIN_STD: f64 = 0.02;

impl StageNorm {
    /// That of each class where there are classes, or else `config`'s; `who` asks for the classes.
    pub(crate) fn new(
        config: &NormConfig,
        classes: Option<usize>,
        who: &'static str,
        builder: &Builder,
    ) -> Result<Self> {
        let Some(classes) = classes else { return Ok(Self::Plain(Norm::new(config, builder)?)) };
        let gain = Init::Normal { mean: 1.0, std: GAIN_STD };
        Ok(Self::OfClass(ConditionalBatchNorm::new(classes, config.channels, gain, builder)?, who))
    }

    /// Whether it leaves its input as it is.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::Plain(norm) if norm.is_none())
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
        }
    }
}
