//! Weights under Meta's names and under those of Hugging Face.

use ganymede_tensor::{Device, Tensor};

use super::super::weights::Weights;
use super::positions::interpolate;
use super::{Architecture, Block, DinoV2};
use crate::{MetricError, Result};

/// ImageNet's mean and deviation of each colour, of levels in `0..=1`.
const MEAN: [f64; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f64; 3] = [0.229, 0.224, 0.225];

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
            (Self::HuggingFace, "mask_token") => "embeddings.mask_token",
            (Self::HuggingFace, "pos_embed") => "embeddings.position_embeddings",
            (Self::HuggingFace, "patch_embed.proj") => "embeddings.patch_embeddings.projection",
            (Self::HuggingFace, "norm") => "layernorm",
            _ => name,
        }
    }

    /// The name of what Meta calls `blocks.{layer}.{name}`.
    fn inner(self, layer: usize, name: &str) -> String {
        match self {
            Self::Meta => format!("blocks.{layer}.{name}"),
            Self::HuggingFace => {
                let name = match name {
                    "attn.proj" => "attention.output.dense",
                    "ls1.gamma" => "layer_scale1.lambda1",
                    "ls2.gamma" => "layer_scale2.lambda1",
                    other => other,
                };
                format!("encoder.layer.{layer}.{name}")
            }
        }
    }
}

/// A linear map being prepared.
struct Linear {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    fn take(weights: &mut Weights, name: &str, outputs: usize, inputs: usize) -> Result<Self> {
        Ok(Self {
            weight: weights.numbers(&format!("{name}.weight"), &[outputs, inputs])?,
            bias: weights.numbers(&format!("{name}.bias"), &[outputs])?,
        })
    }

    /// Multiplies output `i` by `scale(i)`.
    fn scaled(mut self, scale: impl Fn(usize) -> f64) -> Self {
        let inputs = self.weight.len() / self.bias.len().max(1);
        for (i, (row, bias)) in self.weight.chunks_exact_mut(inputs).zip(&mut self.bias).enumerate() {
            row.iter_mut().chain([bias]).for_each(|v| *v = (f64::from(*v) * scale(i)) as f32);
        }
        self
    }

    fn finish(self, device: &Device) -> Result<[Tensor; 2]> {
        let outputs = self.bias.len();
        let inputs = self.weight.len() / outputs.max(1);
        Ok([
            Tensor::from_vec(self.weight, (outputs, inputs), device)?,
            Tensor::from_vec(self.bias, outputs, device)?,
        ])
    }
}

fn norm(weights: &mut Weights, name: &str, width: usize, device: &Device) -> Result<[Tensor; 2]> {
    let mut part = |part: &str| {
        Ok::<_, MetricError>(weights.take(&format!("{name}.{part}"), &[width])?.to_device(device)?)
    };
    Ok([part("weight")?, part("bias")?])
}

impl DinoV2 {
    pub(super) fn build(
        mut weights: Weights,
        a: Architecture,
        batch: usize,
        device: &Device,
    ) -> Result<Self> {
        if batch == 0 {
            return Err(MetricError::Invalid(format!("{} needs batches of at least 1", a.id)));
        }
        let hugging_face = weights.has("embeddings.cls_token");
        let names = if hugging_face { Names::HuggingFace } else { Names::Meta };
        // What stands for hidden patches in training.
        weights.discard(|key| key == names.outer("mask_token"));
        let patches = patches(&mut weights, names, a, device)?;
        let class_token = weights.take(names.outer("cls_token"), &[1, 1, a.width])?.to_device(device)?;
        let positions = positions(&mut weights, names, a, device)?;
        let blocks =
            (0..a.depth).map(|i| block(&mut weights, names, i, a, device)).collect::<Result<Vec<_>>>()?;
        let norm = norm(&mut weights, names.outer("norm"), a.width, device)?;
        let sha256 = weights.finish(a.id)?;
        let device = device.clone();
        Ok(Self { architecture: a, patches, class_token, positions, blocks, norm, device, batch, sha256 })
    }
}

/// The map from patches of grey levels in `0..=255` to tokens, which normalises them, too:
/// `w/(255·σ)` and `b − Σ w·μ/σ`.
fn patches(weights: &mut Weights, names: Names, a: Architecture, device: &Device) -> Result<[Tensor; 2]> {
    let name = names.outer("patch_embed.proj");
    let area = a.patch * a.patch;
    let mut weight = weights.numbers(&format!("{name}.weight"), &[a.width, 3, a.patch, a.patch])?;
    let mut bias = weights.numbers(&format!("{name}.bias"), &[a.width])?;
    for (row, bias) in weight.chunks_exact_mut(3 * area).zip(&mut bias) {
        let mut shift = 0.0;
        for (colour, plane) in row.chunks_exact_mut(area).enumerate() {
            for w in plane {
                let scaled = f64::from(*w) / DEVIATION[colour];
                shift += scaled * MEAN[colour];
                *w = (scaled / 255.0) as f32;
            }
        }
        *bias = (f64::from(*bias) - shift) as f32;
    }
    Ok([
        Tensor::from_vec(weight, (a.width, 3, a.patch, a.patch), device)?,
        Tensor::from_vec(bias, a.width, device)?,
    ])
}

/// The position embedding for this side: `(1, 1 + patches, width)`.
fn positions(weights: &mut Weights, names: Names, a: Architecture, device: &Device) -> Result<Tensor> {
    let key = names.outer("pos_embed");
    let tokens = weights.shape(key).and_then(|shape| shape.get(1)).copied().unwrap_or_default();
    let from = tokens.saturating_sub(1).isqrt();
    if from == 0 || from * from + 1 != tokens {
        let found = weights.shape(key);
        return Err(
            weights.error(format!("tensor {key:?} has shape {found:?}, expected [1, 1 + n², {}]", a.width))
        );
    }
    let numbers = weights.numbers(key, &[1, tokens, a.width])?;
    let (class, grid) = numbers.split_at(a.width);
    let to = a.side / a.patch;
    let mut all = class.to_vec();
    all.extend(interpolate(grid, from, to, a.width));
    Ok(Tensor::from_vec(all, (1, 1 + to * to, a.width), device)?)
}

fn block(
    weights: &mut Weights,
    names: Names,
    layer: usize,
    a: Architecture,
    device: &Device,
) -> Result<Block> {
    let d = a.width;
    let name = |name: &str| names.inner(layer, name);
    let qkv = match names {
        Names::Meta => Linear::take(weights, &name("attn.qkv"), 3 * d, d)?,
        Names::HuggingFace => {
            let mut all = Linear { weight: vec![], bias: vec![] };
            for part in ["query", "key", "value"] {
                let part = Linear::take(weights, &name(&format!("attention.attention.{part}")), d, d)?;
                all.weight.extend(part.weight);
                all.bias.extend(part.bias);
            }
            all
        }
    };
    let scale = 1.0 / ((d / a.heads) as f64).sqrt();
    let gain1 = weights.numbers(&name("ls1.gamma"), &[d])?;
    let gain2 = weights.numbers(&name("ls2.gamma"), &[d])?;
    let projection = Linear::take(weights, &name("attn.proj"), d, d)?.scaled(|i| gain1[i].into());
    let down = Linear::take(weights, &name("mlp.fc2"), d, 4 * d)?.scaled(|i| gain2[i].into());
    Ok(Block {
        norm1: norm(weights, &name("norm1"), d, device)?,
        qkv: qkv.scaled(|i| if i < d { scale } else { 1.0 }).finish(device)?,
        projection: projection.finish(device)?,
        norm2: norm(weights, &name("norm2"), d, device)?,
        up: Linear::take(weights, &name("mlp.fc1"), 4 * d, d)?.finish(device)?,
        down: down.finish(device)?,
    })
}
