//! Choices in which programs differ.

use ganymede_tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::Result;

/// Where features are taken, as pytorch-fid's `--dims`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InceptionTap {
    /// After the first max pool, 64 channels.
    Pool64,
    /// After the second max pool, 192 channels.
    Pool192,
    /// After the last block of 17 × 17, 768 channels.
    Pool768,
    /// After the last block, 2048 channels: what FID means.
    #[default]
    Pool2048,
}

impl InceptionTap {
    /// All of them, in the order of the network.
    pub const ALL: [Self; 4] = [Self::Pool64, Self::Pool192, Self::Pool768, Self::Pool2048];

    /// Numbers in a row of features.
    pub const fn dim(self) -> usize {
        match self {
            Self::Pool64 => 64,
            Self::Pool192 => 192,
            Self::Pool768 => 768,
            Self::Pool2048 => 2048,
        }
    }

    /// How provenance names the network with this tap. Only the last is called by the plain name:
    /// an FID of 64 features is no FID.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Pool64 => "inception2015-64",
            Self::Pool192 => "inception2015-192",
            Self::Pool768 => "inception2015-768",
            Self::Pool2048 => "inception2015",
        }
    }
}

/// Of which block of 17 × 17 the spatial features are: its first 7 channels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpatialTap {
    /// The last one, `Mixed_6e`, channel by channel: dgm-eval.
    #[default]
    LastBlock,
    /// The one before, `Mixed_6d`, pixel by pixel: Nash et al. and guided-diffusion. They take TensorFlow's tensor
    /// `mixed_6/conv`, which is the first branch of that block after its activation, and begins the block's output.
    Mixed6,
}

/// How grey levels become the network's input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InceptionRange {
    /// `(x − 128)/128`, as the network was trained: TTUR, torch-fidelity, StyleGAN, clean-fid.
    #[default]
    Centred128,
    /// `2x/255 − 1`: pytorch-fid and dgm-eval.
    Unit255,
}

impl InceptionRange {
    fn name(self) -> &'static str {
        match self {
            Self::Centred128 => "centred-128",
            Self::Unit255 => "unit-255",
        }
    }

    pub(super) fn apply(self, levels: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Self::Centred128 => levels.affine(1.0 / 128.0, -1.0)?,
            Self::Unit255 => levels.affine(2.0 / 255.0, -1.0)?,
        })
    }
}

/// How [`Inception`](super::Inception) is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InceptionConfig {
    /// Where features are taken. The pass ends there: taps before the last give no logits, and
    /// those before [`InceptionTap::Pool768`] no spatial features.
    pub tap: InceptionTap,
    /// How grey levels become the network's input.
    pub range: InceptionRange,
    /// Whether logits include the bias. Without: OpenAI's Inception Score, StyleGAN, mimicry,
    /// torch-fidelity (`logits_unbiased`). With: StudioGAN.
    pub logit_bias: bool,
    /// Where spatial features are taken, 2023 more numbers an image; `None` for not at all.
    pub spatial: Option<SpatialTap>,
    /// Images in one pass: memory is about 9 MB each.
    pub batch: usize,
}

impl InceptionConfig {
    /// What changes the numbers, in one line. The tap is part of the name.
    pub(super) fn settings(&self) -> String {
        let bias = if self.logit_bias { "with" } else { "without" };
        let spatial = match self.spatial {
            None => "no",
            Some(SpatialTap::LastBlock) => "yes",
            Some(SpatialTap::Mixed6) => "mixed-6",
        };
        format!("range={} logits={bias}-bias spatial={spatial}", self.range.name())
    }
}

impl Default for InceptionConfig {
    fn default() -> Self {
        Self {
            tap: InceptionTap::default(),
            range: InceptionRange::default(),
            logit_bias: false,
            spatial: None,
            batch: 16,
        }
    }
}
