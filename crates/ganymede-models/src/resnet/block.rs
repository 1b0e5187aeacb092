//! The two residual blocks.

use std::f64::consts::SQRT_2;

use ganymede_tensor::{Builder, Result, Tensor, avg_pool2d, upsample_bilinear2d, upsample_nearest2d};
use serde::{Deserialize, Serialize};

use super::Initialisation;
use super::layout::Step;
use crate::Mode;
use crate::conditioning::{StageNorm, Told};
use crate::io::Condition;
use crate::layers::activation::Activation;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::norm::{NormConfig, NormKind};

/// How a generator's block doubles its image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upsampling {
    /// Between pixel centres, as torch-mimicry.
    #[default]
    Bilinear,
    /// Each pixel four times, as the authors' code.
    Nearest,
}

impl Upsampling {
    fn double(self, x: &Tensor) -> Result<Tensor> {
        let (_, _, h, w) = x.dims4()?;
        match self {
            Self::Bilinear => upsample_bilinear2d(x, [2 * h, 2 * w]),
            Self::Nearest => upsample_nearest2d(x, 2),
        }
    }
}

/// What the blocks of a network have in common.
pub(super) struct BlockConfig {
    pub(super) norm: NormKind,
    /// What each normalisation is told.
    pub(super) told: Told,
    pub(super) init: Initialisation,
    pub(super) activation: Activation,
    pub(super) spectral: bool,
    /// Who asks for the classes.
    pub(super) who: &'static str,
}

impl BlockConfig {
    fn conv(&self, [from, to]: [usize; 2], kernel: usize, builder: &Builder) -> Result<Conv2d> {
        // Glorot's rule has a gain before a ReLU; orthogonal weights have none in BigGAN.
        let gain = if kernel == 1 { 1.0 } else { SQRT_2 };
        let config = Conv2dConfig::new(from, to, kernel).with_stride(1, kernel / 2);
        Conv2d::new(&config.with_layer(self.init.layer(gain, self.spectral)), builder)
    }

    pub(super) fn norm(&self, channels: usize, builder: &Builder) -> Result<StageNorm> {
        StageNorm::new(&NormConfig::new(self.norm, channels), self.told, self.who, builder)
    }
}

/// norm, activation, doubling, convolution, norm, activation, convolution; beside it doubling and a 1×1 convolution.
#[derive(Debug)]
pub(super) struct UpBlock {
    b1: StageNorm,
    c1: Conv2d,
    b2: StageNorm,
    c2: Conv2d,
    shortcut: Conv2d,
    activation: Activation,
    upsampling: Upsampling,
}

impl UpBlock {
    pub(super) fn new(
        config: &BlockConfig,
        upsampling: Upsampling,
        step: &Step,
        at: &Builder,
    ) -> Result<Self> {
        let (from, to) = (step.from, step.to);
        Ok(Self {
            c1: config.conv([from, to], 3, &at.pp("c1"))?,
            c2: config.conv([to, to], 3, &at.pp("c2"))?,
            b1: config.norm(from, &at.pp("b1"))?,
            b2: config.norm(to, &at.pp("b2"))?,
            shortcut: config.conv([from, to], 1, &at.pp("c_sc"))?,
            activation: config.activation,
            upsampling,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, condition: &Condition, mode: Mode) -> Result<Tensor> {
        let h = self.b1.forward_activated(x, condition, self.activation, mode)?;
        let h = self.c1.forward(&self.upsampling.double(&h)?, mode)?;
        let h = self.b2.forward_activated(&h, condition, self.activation, mode)?;
        let h = self.c2.forward(&h, mode)?;
        // The references double first, which is the same at four times the cost: the weights of every pixel add up to 1.
        h + self.upsampling.double(&self.shortcut.forward(x, mode)?)?
    }
}

/// \[norm,\] activation, convolution, \[norm,\] activation, convolution, halving; beside it a 1×1 convolution and halving
/// where the shape changes.
#[derive(Debug)]
pub(super) struct DownBlock {
    /// Nothing at the image itself, which is not activated.
    b1: Option<StageNorm>,
    c1: Conv2d,
    b2: StageNorm,
    c2: Conv2d,
    shortcut: Option<Conv2d>,
    /// Whether the shortcut takes the activated input, as torch-mimicry, whose first activation writes over it.
    activated_shortcut: bool,
    activation: Activation,
    halves: bool,
}

impl DownBlock {
    /// The `first` block sees the image.
    pub(super) fn new(
        config: &BlockConfig,
        step: &Step,
        [first, activated_shortcut]: [bool; 2],
        at: &Builder,
    ) -> Result<Self> {
        let Step { from, inner, to, sides, .. } = *step;
        let halves = sides[0] != sides[1];
        let shortcut = (first || halves || from != to)
            .then(|| config.conv([from, to], 1, &at.pp("c_sc")))
            .transpose()?;
        // Without normalisation in the first block, as the authors of both papers.
        let inner_norm = if first { &BlockConfig { norm: NormKind::None, ..*config } } else { config };
        Ok(Self {
            c1: config.conv([from, inner], 3, &at.pp("c1"))?,
            c2: config.conv([inner, to], 3, &at.pp("c2"))?,
            b1: (!first).then(|| config.norm(from, &at.pp("b1"))).transpose()?,
            b2: inner_norm.norm(inner, &at.pp("b2"))?,
            shortcut,
            activated_shortcut: activated_shortcut && !first,
            activation: config.activation,
            halves,
        })
    }

    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let nothing = Condition::none();
        let h = match &self.b1 {
            Some(norm) => norm.forward_activated(x, nothing, self.activation, mode)?,
            None => x.clone(),
        };
        let mut beside = if self.activated_shortcut { h.clone() } else { x.clone() };
        let h = if self.b2.is_none() {
            self.c1.forward_activated(&h, self.activation, mode)?
        } else {
            self.b2.forward_activated(&self.c1.forward(&h, mode)?, nothing, self.activation, mode)?
        };
        let mut h = self.c2.forward(&h, mode)?;
        if self.halves {
            // The shortcut's convolution comes after, as in `UpBlock`.
            (h, beside) = (avg_pool2d(&h, 2)?, avg_pool2d(&beside, 2)?);
        }
        match &self.shortcut {
            Some(conv) => h + conv.forward(&beside, mode)?,
            None => h + beside,
        }
    }
}
