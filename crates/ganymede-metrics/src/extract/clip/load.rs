//! Weights under OpenAI's names and under those of Hugging Face.

use ganymede_tensor::{Device, Tensor};

use super::super::vit::{Block, Colours, Embedding, LayerNames, Qkv, norm, patches};
use super::super::weights::Weights;
use super::{Architecture, Clip};
use crate::Result;

/// The mean and deviation of CLIP's own images.
const COLOURS: Colours = Colours {
    mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
    deviation: [0.268_629_54, 0.261_302_58, 0.275_777_11],
};

/// Names by which a state dict is known as OpenAI's, and as Hugging Face's.
pub(super) const OPEN_AI: &[&str] =
    &["class_embedding", "positional_embedding", "proj", "conv1.weight", "ln_pre.weight"];
pub(super) const HUGGING_FACE: &[&str] = &[
    "vision_model.embeddings.class_embedding",
    "vision_model.pre_layrnorm.weight",
    "visual_projection.weight",
];

/// Whether a tensor is of the text encoder, or of what compares texts with images.
pub(super) fn is_beside(name: &str) -> bool {
    name.starts_with("text_model.") || name == "text_projection.weight" || name == "logit_scale"
}

/// How a publisher calls its tensors.
struct Names {
    patches: &'static str,
    class: &'static str,
    positions: &'static str,
    /// The normalisations before and after the layers; the misspelling is theirs.
    norms: [&'static str; 2],
    layer: fn(usize) -> LayerNames,
    projection: &'static str,
    /// Whether the projection has a row for each number that it takes.
    transposed: bool,
}

const OPEN_AIS: Names = Names {
    patches: "conv1.weight",
    class: "class_embedding",
    positions: "positional_embedding",
    norms: ["ln_pre", "ln_post"],
    layer: |layer| {
        let name = |name: &str| format!("transformer.resblocks.{layer}.{name}");
        LayerNames {
            norms: ["ln_1", "ln_2"].map(name),
            qkv: Qkv::Joined(["attn.in_proj_weight", "attn.in_proj_bias"].map(name)),
            projection: name("attn.out_proj"),
            gains: None,
            up: name("mlp.c_fc"),
            down: name("mlp.c_proj"),
        }
    },
    projection: "proj",
    transposed: true,
};

const HUGGING_FACES: Names = Names {
    patches: "vision_model.embeddings.patch_embedding.weight",
    class: "vision_model.embeddings.class_embedding",
    positions: "vision_model.embeddings.position_embedding.weight",
    norms: ["vision_model.pre_layrnorm", "vision_model.post_layernorm"],
    layer: |layer| {
        let name = |name: &str| format!("vision_model.encoder.layers.{layer}.{name}");
        LayerNames {
            norms: ["layer_norm1", "layer_norm2"].map(name),
            qkv: Qkv::Apart(["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"].map(name)),
            projection: name("self_attn.out_proj"),
            gains: None,
            up: name("mlp.fc1"),
            down: name("mlp.fc2"),
        }
    },
    projection: "visual_projection.weight",
    transposed: false,
};

impl Clip {
    pub(super) fn build(
        mut weights: Weights,
        a: Architecture,
        batch: usize,
        device: &Device,
    ) -> Result<Self> {
        super::super::check_batch(a.id, batch)?;
        let names = if weights.has(HUGGING_FACES.class) { HUGGING_FACES } else { OPEN_AIS };
        // The numbers 0, 1, 2, …, which older files have.
        weights.discard(|key| key == "vision_model.embeddings.position_ids");
        let (sizes, width) = (a.sizes, a.sizes.width);
        let embedding = embedding(&mut weights, &names, a, device)?;
        let [norm_before, norm_after] = names.norms;
        let norm_before = norm(&mut weights, norm_before, width, device)?;
        let layer = |i: usize| Block::load(&mut weights, &(names.layer)(i), sizes, device);
        let blocks = (0..sizes.depth).map(layer).collect::<Result<Vec<_>>>()?;
        let norm_after = norm(&mut weights, norm_after, width, device)?;
        let projection = match names.transposed {
            true => weights.take(names.projection, &[width, a.features])?.t()?.contiguous()?,
            false => weights.take(names.projection, &[a.features, width])?,
        };
        let projection = projection.to_device(device)?;
        let sha256 = weights.finish(a.id)?;
        Ok(Self { architecture: a, embedding, norm_before, blocks, norm_after, projection, batch, sha256 })
    }
}

fn embedding(weights: &mut Weights, names: &Names, a: Architecture, device: &Device) -> Result<Embedding> {
    let (sizes, width) = (a.sizes, a.sizes.width);
    let tokens = sizes.grid() * sizes.grid();
    let patches = patches(weights, names.patches, None, sizes, COLOURS, device)?;
    let mut class = weights.numbers(names.class, &[width])?;
    let positions = weights.numbers(names.positions, &[1 + tokens, width])?;
    let (at_class, positions) = positions.split_at(width);
    class.iter_mut().zip(at_class).for_each(|(v, at)| *v += at);
    Ok(Embedding {
        patches,
        before: Tensor::from_vec(class, (1, 1, width), device)?,
        positions: Tensor::from_vec(positions.to_vec(), (1, tokens, width), device)?,
    })
}
