//! DINOv2's vision transformers: Oquab et al. 2023 (arXiv:2304.07193).
//!
//! Stein et al. 2023 (arXiv:2306.04675) measured that the Fréchet distance of these features agrees
//! with people's judgement better than FID does.

use ganymede_tensor::{
    ConvConfig, DType, Device, Tensor, add_channel_bias, conv2d, gelu, layer_norm, linear, self_attention,
};
use ndarray::Array2;

use super::rows::Rows;
use super::weights::Weights;
use crate::{FeatureExtractor, Features, Result, WeightsFile};

mod load;
mod positions;
#[cfg(test)]
mod tests;

/// ε of every layer normalisation.
const EPS: f64 = 1e-6;

/// Which of DINOv2's networks, without registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DinoV2Size {
    /// ViT-S/14, 384 features.
    Small,
    /// ViT-B/14, 768 features.
    Base,
    /// ViT-L/14, 1024 features: what FD-DINOv2 means.
    Large,
}

impl DinoV2Size {
    pub(super) const fn architecture(self) -> Architecture {
        let (id, width, depth, heads) = match self {
            Self::Small => ("dinov2-vits14", 384, 12, 6),
            Self::Base => ("dinov2-vitb14", 768, 12, 12),
            Self::Large => ("dinov2-vitl14", 1024, 24, 16),
        };
        Architecture { id, width, depth, heads, patch: 14, side: 224 }
    }
}

/// Sizes of a vision transformer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Architecture {
    id: &'static str,
    pub(super) width: usize,
    depth: usize,
    heads: usize,
    patch: usize,
    /// Side of the images.
    pub(super) side: usize,
}

/// A DINOv2 network; features are the class token after the last normalisation.
///
/// Images of 224 pixels, 16 × 16 patches. The published position embedding of 37 × 37 patches is
/// interpolated as Meta's `torch.hub` code does, which dgm-eval uses: bicubic (a = −0.75), scale
/// (16 + 0.1)/37, no antialiasing. Hugging Face's `transformers` now leaves the 0.1 out, which
/// changes features somewhat. Input is normalised by ImageNet's mean and deviation.
///
/// Weights are Meta's `dinov2_vit{s,b,l}14_pretrain.pth` or the `model.safetensors` of
/// `facebook/dinov2-{small,base,large}`: either set of names is known.
pub struct DinoV2 {
    architecture: Architecture,
    /// Patches to tokens; the normalisation of the input is folded in.
    patches: [Tensor; 2],
    class_token: Tensor,
    positions: Tensor,
    blocks: Vec<Block>,
    norm: [Tensor; 2],
    device: Device,
    batch: usize,
    sha256: String,
}

/// One layer: weight and bias of each of its maps. The queries' scale and the layer scales are
/// folded in.
struct Block {
    norm1: [Tensor; 2],
    qkv: [Tensor; 2],
    projection: [Tensor; 2],
    norm2: [Tensor; 2],
    up: [Tensor; 2],
    down: [Tensor; 2],
}

impl Block {
    /// Tokens `(N, T, D)` to tokens.
    fn run(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        let (n, t, d) = x.dims3()?;
        let flat = |x: &Tensor| x.reshape((n * t, x.elem_count() / (n * t)));
        let normed = layer_norm(x, &self.norm1[0], &self.norm1[1], EPS)?;
        let qkv = map(&flat(&normed)?, &self.qkv)?.reshape((n, t, 3 * d))?;
        let mixed = map(&flat(&self_attention(&qkv, heads)?)?, &self.projection)?;
        let x = (flat(x)? + mixed)?;
        let normed = layer_norm(&x, &self.norm2[0], &self.norm2[1], EPS)?;
        let hidden = gelu(&map(&normed, &self.up)?)?;
        Ok((x + map(&hidden, &self.down)?)?.reshape((n, t, d))?)
    }
}

fn map(x: &Tensor, [weight, bias]: &[Tensor; 2]) -> Result<Tensor> {
    Ok(linear(x, weight, Some(bias))?)
}

impl DinoV2 {
    /// Loads weights from a file; `batch` images go through at a time.
    ///
    /// # Errors
    /// The file cannot be read; a tensor is missing, superfluous or of another shape, and the
    /// message names it, the file and both shapes; a batch of 0 images.
    pub fn load(file: &WeightsFile, size: DinoV2Size, batch: usize, device: &Device) -> Result<Self> {
        file.explain(
            Weights::open(file, &[load::META, load::HUGGING_FACE])
                .and_then(|weights| Self::build(weights, size.architecture(), batch, device)),
        )
    }

    /// One pass over images `(N, 3, side, side)` to `(N, width)`.
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let Architecture { width, heads, patch, .. } = self.architecture;
        // Detached: a network that is only read needs no graph.
        let levels = images.detach().to_device(&self.device)?.to_dtype(DType::F32)?;
        let config = ConvConfig { stride: [patch; 2], ..ConvConfig::default() };
        let [weight, bias] = &self.patches;
        let patches = add_channel_bias(&conv2d(&levels, weight, config)?, bias)?;
        let patches = patches.flatten_from(2)?.transpose(1, 2)?.contiguous()?;
        let n = patches.dim(0)?;
        let class = self.class_token.broadcast_as((n, 1, width))?.contiguous()?;
        let mut x = Tensor::cat(&[class, patches], 1)?.broadcast_add(&self.positions)?;
        for block in &self.blocks {
            x = block.run(&x, heads)?;
        }
        let class = x.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?;
        Ok(layer_norm(&class, &self.norm[0], &self.norm[1], EPS)?)
    }
}

impl FeatureExtractor for DinoV2 {
    fn id(&self) -> &str {
        self.architecture.id
    }

    fn dim(&self) -> usize {
        self.architecture.width
    }

    fn input(&self) -> [usize; 3] {
        [3, self.architecture.side, self.architecture.side]
    }

    fn weights_sha256(&self) -> &str {
        &self.sha256
    }

    fn settings(&self) -> String {
        let Architecture { patch, side, .. } = self.architecture;
        format!("side={side} patch={patch}")
    }

    fn features(&self, images: &Tensor) -> Result<Features> {
        let n = super::check_input(self, images)?;
        let mut rows = Rows::default();
        for from in (0..n).step_by(self.batch) {
            let chunk = images.narrow(0, from, self.batch.min(n - from))?;
            rows.append(Some(self.forward(&chunk)?))?;
        }
        let pool = rows.into_array(n)?.unwrap_or_else(|| Array2::zeros((0, self.dim())));
        Ok(Features { pool, logits: None, spatial: None })
    }
}
