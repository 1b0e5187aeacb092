//! What a discriminator makes of the class or the vector that a sample is said to be of, and of the feature map that it
//! judges.

mod auxiliary;
mod concat;
mod plain;
mod projection;

use std::fmt;

use ganymede_tensor::{Builder, Init, Result, Tensor};
use serde::{Deserialize, Serialize};

use super::{of_classes, of_classes_or_vectors};
use crate::io::{Condition, ConditionShape, Io};
use crate::layers::spectral::SpectralConfig;
use crate::spec::Problem;
use crate::{Critique, Mode};

/// How a discriminator judges the class, or the vector, that a sample is said to be of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscriminatorConditioning {
    /// Not at all.
    #[default]
    None,
    /// The score has a part ⟨embed(y), φ(x)⟩ (Miyato and Koyama, 2018, arXiv:1802.05637, equation 3), or ⟨V·y, φ(x)⟩ of
    /// a vector y.
    Projection,
    /// A channel of the class, or of the vector, beside the image (Mirza and Osindero, 2014, arXiv:1411.1784,
    /// section 3.2).
    Concat,
    /// A classifier beside the score, in place of being told (AC-GAN: Odena et al., 2017, arXiv:1610.09585).
    Auxiliary,
}

impl DiscriminatorConditioning {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::None, Self::Projection, Self::Concat, Self::Auxiliary];

    /// What keeps it from such data.
    pub(crate) fn fits(self, io: &Io) -> Vec<Problem> {
        match self {
            Self::None => Vec::new(),
            Self::Projection | Self::Concat => of_classes_or_vectors(io),
            Self::Auxiliary => of_classes(io),
        }
    }

    /// Its head.
    pub(crate) fn head(self) -> &'static Head {
        match self {
            Self::None => &plain::HEAD,
            Self::Projection => &projection::HEAD,
            Self::Concat => &concat::HEAD,
            Self::Auxiliary => &auxiliary::HEAD,
        }
    }
}

/// One way to judge the class.
pub(crate) struct Head {
    /// Whether it is told what it judges.
    pub(crate) conditional: bool,
    /// Whether it says the class of what it judges.
    pub(crate) classifies: bool,
    /// Channels beside those of the image.
    pub(crate) extra_channels: usize,
    /// Weights of its own, which are one layer.
    pub(crate) weights: fn(&Parts) -> u128,
    pub(crate) build: fn(&Parts, &Builder) -> Result<Box<dyn Judge>>,
}

impl Head {
    /// How often a sample is multiplied by the weights: once by a classifier's, and by those that a vector is told with.
    /// Other weights are vectors that are looked up.
    pub(crate) fn products(&self, io: &Io) -> u128 {
        u128::from(self.classifies || matches!(io.condition, ConditionShape::Vectors(_)))
    }
}

/// What a head is built from.
pub(crate) struct Parts {
    /// What is said of a sample.
    pub(crate) told: ConditionShape,
    /// Channels of the feature map that is judged.
    pub(crate) channels: usize,
    /// Its side.
    pub(crate) feature_side: usize,
    /// The side of the image.
    pub(crate) side: usize,
    pub(crate) spectral: Option<SpectralConfig>,
    /// How its weights start.
    pub(crate) init: Init,
    /// What the reference calls the vectors that are projected on.
    pub(crate) embedding: &'static str,
    /// Who asks for the condition.
    pub(crate) who: &'static str,
}

impl Parts {
    /// The number of classes K; 0 where there are none.
    fn classes(&self) -> usize {
        match self.told {
            ConditionShape::Classes(classes) => classes,
            _ => 0,
        }
    }
}

/// A head that is built.
pub(crate) trait Judge: fmt::Debug + Send + Sync {
    /// What the first layer sees of images `(N, C, R, R)`.
    fn see(&self, x: &Tensor, _condition: &Condition, _mode: Mode) -> Result<Tensor> {
        Ok(x.clone())
    }

    /// What is said of the feature map `(N, C, S, S)`, whose own score is `(N,)`.
    fn judge(&self, features: &Tensor, scores: Tensor, condition: &Condition, mode: Mode)
    -> Result<Critique>;
}
