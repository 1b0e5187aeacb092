//! CLIP's image encoders: Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"
//! (arXiv:2103.00020).
//!
//! Jayasumana et al. 2024, "Rethinking FID" (arXiv:2401.09603), compare images by the larger one's embeddings.

use ganymede_tensor::{Device, Tensor, linear};

use super::vit::{Block, Embedding, Mlp, Sizes, class_token, normalised};
use super::weights::Weights;
use crate::{FeatureExtractor, Features, Result, WeightsFile};

mod load;
#[cfg(test)]
mod tests;

/// Which of CLIP's image encoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClipModel {
    /// ViT-B/32, images of 224 pixels, 512 features.
    VitB32,
    /// ViT-L/14, images of 336 pixels, 768 features: CMMD's.
    VitL14At336,
}

impl ClipModel {
    pub(super) const fn architecture(self) -> Architecture {
        let (mlp, eps) = (Mlp::QuickGelu, 1e-5);
        match self {
            Self::VitB32 => Architecture {
                id: "clip-vit-b32",
                sizes: Sizes { width: 768, depth: 12, heads: 12, patch: 32, side: 224, mlp, eps },
                features: 512,
            },
            Self::VitL14At336 => Architecture {
                id: "clip-vit-l14-336",
                sizes: Sizes { width: 1024, depth: 24, heads: 16, patch: 14, side: 336, mlp, eps },
                features: 768,
            },
        }
    }
}

/// A network's name and sizes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Architecture {
    id: &'static str,
    pub(super) sizes: Sizes,
    /// Numbers in an embedding.
    pub(super) features: usize,
}

/// An image encoder of CLIP; features are the projected class token after the last normalisation.
///
/// x₀ = LN(patches and class token + positions), xₗ₊₁ as in any vision transformer with QuickGELU x·σ(1.702·x), and
/// the features are P·LN(class token of the last x). They are not divided by their norm, which CLIP does before it
/// compares them with texts, and CMMD before its kernel. Levels of `0..=255` are divided by 255 and normalised by
/// CLIP's own mean and deviation.
///
/// How images reach 224 or 336 pixels is [`Resize`](crate::Resize)'s affair: `cmmd` is what CMMD does, `clip` what CLIP
/// itself does, `pil-bicubic` what dgm-eval does.
///
/// Weights are OpenAI's state dict (also that which open_clip saves), with or without the text encoder, under `visual.`
/// or no prefix, or Hugging Face's `pytorch_model.bin` or `model.safetensors` of `openai/clip-vit-base-patch32` and
/// `openai/clip-vit-large-patch14-336`: either set of names is known. OpenAI's `.pt` files are programs (TorchScript),
/// which are not read; `torch.save(torch.jit.load("ViT-B-32.pt").state_dict(), "clip.pth")` saves their weights alone.
/// open_clip has weights of the same shapes that were trained with GELU in the place of QuickGELU, which no name
/// tells: of these the features are wrong.
pub struct Clip {
    architecture: Architecture,
    embedding: Embedding,
    norm_before: [Tensor; 2],
    blocks: Vec<Block>,
    norm_after: [Tensor; 2],
    /// P `(F, D)`.
    projection: Tensor,
    batch: usize,
    sha256: String,
}

impl Clip {
    /// Loads weights from a file; `batch` images go through at a time.
    ///
    /// # Errors
    /// The file cannot be read; a tensor is missing, superfluous, not finite or of another shape, and the message names
    /// it, the file and both shapes; the file is not the published one that it was taken for; a batch of 0 images.
    pub fn load(file: &WeightsFile, model: ClipModel, batch: usize, device: &Device) -> Result<Self> {
        file.explain(
            Weights::open_beside(file, &[load::OPEN_AI, load::HUGGING_FACE], load::is_beside)
                .and_then(|weights| Self::build(weights, model.architecture(), batch, device)),
        )
    }

    /// Images `(N, 3, side, side)` to the tokens `(N, 1 + T, D)` that the first layer takes.
    fn embed(&self, images: &Tensor) -> Result<Tensor> {
        normalised(&self.embedding.run(images)?, &self.norm_before, self.architecture.sizes)
    }

    /// Tokens after the last layer to features `(N, F)`.
    fn project(&self, tokens: &Tensor) -> Result<Tensor> {
        let class = class_token(tokens, &self.norm_after, self.architecture.sizes)?;
        Ok(linear(&class, &self.projection, None)?)
    }

    /// One pass over images to `(N, F)`.
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let sizes = self.architecture.sizes;
        let tokens = self.embed(images)?;
        self.project(&self.blocks.iter().try_fold(tokens, |x, block| block.run(&x, sizes))?)
    }
}

impl FeatureExtractor for Clip {
    fn id(&self) -> &str {
        self.architecture.id
    }

    fn dim(&self) -> usize {
        self.architecture.features
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
