//! What the vision transformers have in common: Dosovitskiy et al. 2021 (arXiv:2010.11929), each map after its
//! normalisation.

use ganymede_tensor::{
    ConvConfig, DType, Tensor, add_channel_bias, conv2d, gelu, layer_norm, linear, self_attention, sigmoid,
};

use crate::Result;

mod load;

pub(super) use load::{Colours, IMAGENET, LayerNames, Qkv, norm, patches};

/// Sizes of a vision transformer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) width: usize,
    pub(super) depth: usize,
    pub(super) heads: usize,
    /// Side of a patch.
    pub(super) patch: usize,
    /// Side of the images.
    pub(super) side: usize,
    pub(super) mlp: Mlp,
    /// ε of every layer normalisation.
    pub(super) eps: f64,
}

impl Sizes {
    /// Patches along a side.
    pub(super) fn grid(self) -> usize {
        self.side / self.patch
    }

    /// What provenance says of them.
    pub(super) fn settings(self) -> String {
        format!("side={} patch={}", self.side, self.patch)
    }
}

/// What a layer does to each token alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mlp {
    /// B·gelu(A·x), 4·D wide.
    Gelu,
    /// The same with x·σ(1.702·x) in the place of GELU (Hendrycks and Gimpel, 2016, arXiv:1606.08415, section 2).
    QuickGelu,
    /// B·(silu(u) ⊙ v) with (u, v) = A·x, 8/3·D wide, rounded up to a multiple of 8 (Shazeer, 2020, arXiv:2002.05202,
    /// equation 6).
    SwiGlu,
}

impl Mlp {
    /// Numbers that its first map gives, and that its second one takes.
    fn hidden(self, width: usize) -> [usize; 2] {
        match self {
            Self::Gelu | Self::QuickGelu => [4 * width; 2],
            Self::SwiGlu => {
                let hidden = (8 * width / 3).next_multiple_of(8);
                [2 * hidden, hidden]
            }
        }
    }

    /// What is between its maps; `x` is `(N, A)`.
    fn bend(self, x: &Tensor) -> Result<Tensor> {
        Ok(match self {
            Self::Gelu => gelu(x)?,
            Self::QuickGelu => (x * sigmoid(&(x * 1.702)?)?)?,
            Self::SwiGlu => {
                let half = x.dim(1)? / 2;
                let gate = x.narrow(1, 0, half)?.contiguous()?;
                ((&gate * sigmoid(&gate)?)? * x.narrow(1, half, half)?)?
            }
        })
    }
}

/// Images to tokens.
pub(super) struct Embedding {
    /// Patches to tokens; the normalisation of the input is folded in.
    pub(super) patches: [Tensor; 2],
    /// Tokens before those of the patches, `(1, P, D)`: that of the class, with its position, comes first.
    pub(super) before: Tensor,
    /// Positions of the patches, `(1, T, D)`.
    pub(super) positions: Tensor,
}

impl Embedding {
    /// Grey levels `(N, 3, side, side)` to tokens `(N, P + T, D)`.
    pub(super) fn run(&self, images: &Tensor) -> Result<Tensor> {
        // Detached: a network that is only read needs no graph.
        let levels = images.detach().to_device(self.before.device())?.to_dtype(DType::F32)?;
        let [weight, bias] = &self.patches;
        let config = ConvConfig { stride: [weight.dim(2)?; 2], ..ConvConfig::default() };
        let patches = add_channel_bias(&conv2d(&levels, weight, config)?, bias)?;
        let patches = patches.flatten_from(2)?.transpose(1, 2)?.contiguous()?;
        let (_, before, width) = self.before.dims3()?;
        let before = self.before.broadcast_as((patches.dim(0)?, before, width))?.contiguous()?;
        Ok(Tensor::cat(&[before, patches.broadcast_add(&self.positions)?], 1)?)
    }
}

/// One layer: weight and bias of each of its maps. The queries' scale and the layer scales are folded in.
pub(super) struct Block {
    norm1: [Tensor; 2],
    qkv: [Tensor; 2],
    projection: [Tensor; 2],
    norm2: [Tensor; 2],
    up: [Tensor; 2],
    down: [Tensor; 2],
}

impl Block {
    /// Tokens `(N, T, D)` to tokens.
    pub(super) fn run(&self, x: &Tensor, sizes: Sizes) -> Result<Tensor> {
        let (n, t, d) = x.dims3()?;
        let flat = |x: &Tensor| x.reshape((n * t, x.elem_count() / (n * t)));
        let normed = normalised(x, &self.norm1, sizes)?;
        let qkv = map(&flat(&normed)?, &self.qkv)?.reshape((n, t, 3 * d))?;
        let mixed = map(&flat(&self_attention(&qkv, sizes.heads)?)?, &self.projection)?;
        let x = (flat(x)? + mixed)?;
        let hidden = map(&normalised(&x, &self.norm2, sizes)?, &self.up)?;
        let hidden = sizes.mlp.bend(&hidden)?;
        Ok((x + map(&hidden, &self.down)?)?.reshape((n, t, d))?)
    }
}

/// The layer normalisation of a network's sizes.
pub(super) fn normalised(x: &Tensor, [gain, shift]: &[Tensor; 2], sizes: Sizes) -> Result<Tensor> {
    Ok(layer_norm(x, gain, shift, sizes.eps)?)
}

/// The class token `(N, D)` after the last normalisation.
pub(super) fn class_token(x: &Tensor, norm: &[Tensor; 2], sizes: Sizes) -> Result<Tensor> {
    normalised(&x.narrow(1, 0, 1)?.squeeze(1)?.contiguous()?, norm, sizes)
}

fn map(x: &Tensor, [weight, bias]: &[Tensor; 2]) -> Result<Tensor> {
    Ok(linear(x, weight, Some(bias))?)
}
