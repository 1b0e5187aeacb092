//! What a discriminator makes of the class, and of its last feature map.

mod auxiliary;
mod concat;
mod plain;
mod projection;

use std::fmt;

use ganymede_tensor::{Builder, Result, Tensor};
use serde::{Deserialize, Serialize};

use crate::io::Condition;
use crate::layers::spectral::SpectralConfig;
use crate::{Critique, Mode};

/// How a [`DcganDiscriminator`](super::DcganDiscriminator) judges the class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscriminatorConditioning {
    /// Not at all.
    #[default]
    None,
    /// The score has a part ⟨embed(y), φ(x)⟩ (Miyato and Koyama, 2018, arXiv:1802.05637, equation 3).
    Projection,
    /// A channel of the class beside the image (Mirza and Osindero, 2014, arXiv:1411.1784, section 3.2).
    Concat,
    /// A classifier beside the score, in place of being told (AC-GAN: Odena et al., 2017, arXiv:1610.09585).
    Auxiliary,
}

impl DiscriminatorConditioning {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::None, Self::Projection, Self::Concat, Self::Auxiliary];

    /// Its head.
    pub(super) fn head(self) -> &'static Head {
        match self {
            Self::None => &plain::HEAD,
            Self::Projection => &projection::HEAD,
            Self::Concat => &concat::HEAD,
            Self::Auxiliary => &auxiliary::HEAD,
        }
    }
}

/// One way to judge the class.
pub(super) struct Head {
    /// Whether it is told the class of what it judges.
    pub(super) conditional: bool,
    /// Whether it says the class of what it judges.
    pub(super) classifies: bool,
    /// Channels beside those of the image.
    pub(super) extra_channels: usize,
    /// Weights of its own, which are one layer.
    pub(super) weights: fn(&Parts) -> u128,
    pub(super) build: fn(&Parts, &Builder) -> Result<Box<dyn Judge>>,
}

/// What a head is built from.
pub(super) struct Parts {
    /// The number of classes K; 0 where there are none.
    pub(super) classes: usize,
    /// Channels of the last feature map, which has 4×4 positions.
    pub(super) channels: usize,
    /// The side of the image.
    pub(super) side: usize,
    pub(super) spectral: Option<SpectralConfig>,
}

/// A head that is built.
pub(super) trait Judge: fmt::Debug + Send + Sync {
    /// What the first layer sees of images `(N, C, R, R)`.
    fn see(&self, x: &Tensor, _condition: &Condition, _mode: Mode) -> Result<Tensor> {
        Ok(x.clone())
    }

    /// What is said of the last feature map `(N, C, 4, 4)`, whose own score is `(N,)`.
    fn judge(&self, features: &Tensor, scores: Tensor, condition: &Condition, mode: Mode)
    -> Result<Critique>;
}

/// Who asks for the classes.
const WHO: &str = "dcgan discriminator";
