//! DINOv2's vision transformers: Oquab et al. 2023 (arXiv:2304.07193).
//!
//! Stein et al. 2023 (arXiv:2306.04675) measured that the Fréchet distance of these features agrees
//! with people's judgement better than FID does.

use ganymede_tensor::{Device, Tensor};

use super::vit::{Block, Embedding, Mlp, Sizes, class_token};
use super::weights::Weights;
use crate::{FeatureExtractor, Features, Result, WeightsFile};

mod load;
mod positions;
#[cfg(test)]
mod tests;

/// Registers of those networks that have some.
const REGISTERS: usize = 4;

/// Which of DINOv2's networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DinoV2Size {
    /// ViT-S/14, 384 features.
    Small,
    /// ViT-B/14, 768 features.
    Base,
    /// ViT-L/14, 1024 features: what FD-DINOv2 means.
    Large,
    /// ViT-g/14, 1536 features.
    Giant,
}

impl DinoV2Size {
    /// With registers or without.
    pub(super) const fn architecture(self, registers: bool) -> Architecture {
        let (plain, with_registers, width, depth, heads) = match self {
            Self::Small => ("dinov2-vits14", "dinov2-vits14-reg", 384, 12, 6),
            Self::Base => ("dinov2-vitb14", "dinov2-vitb14-reg", 768, 12, 12),
            Self::Large => ("dinov2-vitl14", "dinov2-vitl14-reg", 1024, 24, 16),
            Self::Giant => ("dinov2-vitg14", "dinov2-vitg14-reg", 1536, 40, 24),
        };
        let mlp = if matches!(self, Self::Giant) { Mlp::SwiGlu } else { Mlp::Gelu };
        let sizes = Sizes { width, depth, heads, patch: 14, side: 224, mlp, eps: 1e-6 };
        if registers {
            Architecture { id: with_registers, sizes, registers: REGISTERS }
        } else {
            Architecture { id: plain, sizes, registers: 0 }
        }
    }
}

/// A network's name and sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Architecture {
    id: &'static str,
    pub(super) sizes: Sizes,
    /// Tokens between that of the class and those of the patches.
    registers: usize,
}

/// A DINOv2 network; features are the class token after the last normalisation.
///
/// Images of 224 pixels, 16 × 16 patches. The published position embedding of 37 × 37 patches is
/// interpolated as Meta's `torch.hub` code does, which dgm-eval uses: bicubic (a = −0.75), scale
/// (16 + 0.1)/37, no antialiasing. Hugging Face's `transformers` now leaves the 0.1 out, which
/// changes features somewhat. Input is normalised by ImageNet's mean and deviation.
///
/// The networks with registers have four tokens more, which take what the others put into patches of empty
/// background: Darcet et al. 2023 (arXiv:2309.16588). Their positions are interpolated with antialiasing
/// (a = −0.5) and without the 0.1, by Meta's code and by `transformers`. Other networks, other features.
///
/// Weights are Meta's `dinov2_vit{s,b,l,g}14_pretrain.pth` and `dinov2_vit{s,b,l,g}14_reg4_pretrain.pth`, or the
/// `model.safetensors` of `facebook/dinov2-{small,base,large,giant}` and
/// `facebook/dinov2-with-registers-{small,base,large,giant}`: either set of names is known.
pub struct DinoV2 {
    architecture: Architecture,
    embedding: Embedding,
    blocks: Vec<Block>,
    norm: [Tensor; 2],
    batch: usize,
    sha256: String,
}

impl DinoV2 {
    /// Loads weights of a network without registers from a file; `batch` images go through at a time.
    ///
    /// # Errors
    /// The file cannot be read; a tensor is missing, superfluous or of another shape, and the
    /// message names it, the file and both shapes; a batch of 0 images.
    pub fn load(file: &WeightsFile, size: DinoV2Size, batch: usize, device: &Device) -> Result<Self> {
        Self::open(file, size.architecture(false), batch, device)
    }

    /// As [`DinoV2::load`], of a network with four registers.
    ///
    /// # Errors
    /// As [`DinoV2::load`].
    pub fn load_with_registers(
        file: &WeightsFile,
        size: DinoV2Size,
        batch: usize,
        device: &Device,
    ) -> Result<Self> {
        Self::open(file, size.architecture(true), batch, device)
    }

    fn open(file: &WeightsFile, a: Architecture, batch: usize, device: &Device) -> Result<Self> {
        file.explain(
            Weights::open(file, &[load::META, load::HUGGING_FACE])
                .and_then(|weights| Self::build(weights, a, batch, device)),
        )
    }

    /// One pass over images `(N, 3, side, side)` to `(N, width)`.
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let sizes = self.architecture.sizes;
        let tokens = self.embedding.run(images)?;
        let tokens = self.blocks.iter().try_fold(tokens, |x, block| block.run(&x, sizes))?;
        class_token(&tokens, &self.norm, sizes)
    }
}

impl FeatureExtractor for DinoV2 {
    fn id(&self) -> &str {
        self.architecture.id
    }

    fn dim(&self) -> usize {
        self.architecture.sizes.width
    }

    fn input(&self) -> [usize; 3] {
        let side = self.architecture.sizes.side;
        [3, side, side]
    }

    fn weights_sha256(&self) -> &str {
        &self.sha256
    }

    fn settings(&self) -> String {
        self.architecture.sizes.settings()
    }

    fn features(&self, images: &Tensor) -> Result<Features> {
        super::in_batches(self, images, self.batch, |some| self.forward(some))
    }
}
