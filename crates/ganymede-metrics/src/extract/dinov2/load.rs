//! Weights under Meta's names and under those of Hugging Face.

use ganymede_tensor::{Device, Tensor};

use super::super::vit::{Block, Embedding, IMAGENET, LayerNames, Mlp, Qkv, norm, patches};
use super::super::weights::Weights;
use super::positions::{Rule, interpolate};
use super::{Architecture, DinoV2};
use crate::Result;

/// Names by which a state dict is known as Meta's, and as Hugging Face's.
pub(super) const META: &[&str] =
    &["cls_token", "pos_embed", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"];
pub(super) const HUGGING_FACE: &[&str] = &[
    "embeddings.cls_token",
    "embeddings.position_embeddings",
    "encoder.layer.0.attention.attention.query.weight",
];

/// How a publisher calls its tensors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Meta,
    HuggingFace,
}

impl Names {
    /// The name of what Meta calls `name`, outside of the layers.
    fn outer(self, name: &str) -> &str {
        match (self, name) {
            (Self::HuggingFace, "cls_token") => "embeddings.cls_token",
            (Self::HuggingFace, "register_tokens") => "embeddings.register_tokens",
            (Self::HuggingFace, "mask_token") => "embeddings.mask_token",
            (Self::HuggingFace, "pos_embed") => "embeddings.position_embeddings",
            (Self::HuggingFace, "patch_embed.proj") => "embeddings.patch_embeddings.projection",
            (Self::HuggingFace, "norm") => "layernorm",
            _ => name,
        }
    }

    fn layer(self, layer: usize, mlp: Mlp) -> LayerNames {
        let gated = mlp == Mlp::SwiGlu;
        match self {
            Self::Meta => {
                let name = |name: &str| format!("blocks.{layer}.{name}");
                let [up, down] = if gated { ["mlp.w12", "mlp.w3"] } else { ["mlp.fc1", "mlp.fc2"] };
                LayerNames {
                    norms: ["norm1", "norm2"].map(name),
                    qkv: Qkv::Joined(["attn.qkv.weight", "attn.qkv.bias"].map(name)),
                    projection: name("attn.proj"),
                    gains: Some(["ls1.gamma", "ls2.gamma"].map(name)),
                    up: name(up),
                    down: name(down),
                }
            }
            Self::HuggingFace => {
                let name = |name: &str| format!("encoder.layer.{layer}.{name}");
                let [up, down] =
                    if gated { ["mlp.weights_in", "mlp.weights_out"] } else { ["mlp.fc1", "mlp.fc2"] };
                let part = |part: &str| name(&format!("attention.attention.{part}"));
                LayerNames {
                    norms: ["norm1", "norm2"].map(name),
                    qkv: Qkv::Apart(["query", "key", "value"].map(part)),
                    projection: name("attention.output.dense"),
                    gains: Some(["layer_scale1.lambda1", "layer_scale2.lambda1"].map(name)),
                    up: name(up),
                    down: name(down),
                }
            }
        }
    }
}

impl DinoV2 {
    pub(super) fn build(
        mut weights: Weights,
        a: Architecture,
        batch: usize,
        device: &Device,
    ) -> Result<Self> {
        super::super::check_batch(a.id, batch)?;
        let hugging_face = weights.has("embeddings.cls_token");
        let names = if hugging_face { Names::HuggingFace } else { Names::Meta };
        // What stands for hidden patches in training.
        weights.discard(|key| key == names.outer("mask_token"));
        let embedding = embedding(&mut weights, names, a, device)?;
        let layer = |i: usize| Block::load(&mut weights, &names.layer(i, a.sizes.mlp), a.sizes, device);
        let blocks = (0..a.sizes.depth).map(layer).collect::<Result<Vec<_>>>()?;
        let norm = norm(&mut weights, names.outer("norm"), a.sizes.width, device)?;
        let sha256 = weights.finish(a.id)?;
        Ok(Self { architecture: a, embedding, blocks, norm, batch, sha256 })
    }
}

fn embedding(weights: &mut Weights, names: Names, a: Architecture, device: &Device) -> Result<Embedding> {
    let (sizes, width) = (a.sizes, a.sizes.width);
    let name = names.outer("patch_embed.proj");
    let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
    let patches = patches(weights, &weight, Some(&bias), sizes, IMAGENET, device)?;
    let mut before = weights.numbers(names.outer("cls_token"), &[1, 1, width])?;
    let [at_class, positions] = positions(weights, names, a)?;
    before.iter_mut().zip(at_class).for_each(|(v, at)| *v += at);
    if a.registers > 0 {
        before.extend(weights.numbers(names.outer("register_tokens"), &[1, a.registers, width])?);
    }
    let tokens = sizes.grid() * sizes.grid();
    Ok(Embedding {
        patches,
        before: Tensor::from_vec(before, (1, 1 + a.registers, width), device)?,
        positions: Tensor::from_vec(positions, (1, tokens, width), device)?,
    })
}

/// The position embedding for this side: of the class token, and of the patches.
fn positions(weights: &mut Weights, names: Names, a: Architecture) -> Result<[Vec<f32>; 2]> {
    let (key, width) = (names.outer("pos_embed"), a.sizes.width);
    let tokens = weights.shape(key).and_then(|shape| shape.get(1)).copied().unwrap_or_default();
    let from = tokens.saturating_sub(1).isqrt();
    if from == 0 || from * from + 1 != tokens {
        let found = weights.shape(key);
        return Err(
            weights.error(format!("tensor {key:?} has shape {found:?}, expected [1, 1 + n², {width}]"))
        );
    }
    let numbers = weights.numbers(key, &[1, tokens, width])?;
    let (class, grid) = numbers.split_at(width);
    let rule = if a.registers > 0 { Rule::Antialiased } else { Rule::Offset };
    Ok([class.to_vec(), interpolate(grid, from, a.sizes.grid(), width, rule)])
}
