//! Bringing images to the size of a network: the choice that moves an FID more than most models do.
//!
//! Programs of the literature resize differently, and a network sees it. Parmar et al., "On Aliased Resizing
//! and Surprising Subtleties in GAN Evaluation", CVPR 2022, measure by how much.

use serde::{Deserialize, Serialize};

/// How images come to the size that a network takes.
///
/// All of them work on each channel in f32, horizontally first, and never round to whole grey levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// Bicubic (a = −0.5) with antialiasing, as PIL does on float channels (mode `F`), clipped to `0..=255`:
    /// clean-fid's `clean`, and the only one here that does not alias.
    #[default]
    Clean,
    /// Bilinear without antialiasing, half-pixel centres: PyTorch's
    /// `interpolate(mode="bilinear", align_corners=False)`, as pytorch-fid does.
    LegacyPytorch,
    /// Bilinear without antialiasing, no half-pixel centres: source = target · (old size / new size), as
    /// TensorFlow 1 and hence TTUR's program, torch-fidelity and StyleGAN do.
    LegacyTensorflow,
    /// Bilinear with antialiasing, as PIL does on float channels: what StudioGAN calls `friendly` for its
    /// Inception network.
    PilBilinear,
}

impl Resize {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Clean, Self::LegacyPytorch, Self::LegacyTensorflow, Self::PilBilinear];

    /// Its name in configurations and provenance, such as `legacy-pytorch`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::LegacyPytorch => "legacy-pytorch",
            Self::LegacyTensorflow => "legacy-tensorflow",
            Self::PilBilinear => "pil-bilinear",
        }
    }
}

impl std::fmt::Display for Resize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
