use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Var};

use super::super::seeded;
use super::*;
use std::collections::BTreeMap;
use std::path::Path;

const SMALL: Architecture = Architecture {
    id: "small",
    sizes: Sizes { width: 32, depth: 3, heads: 2, patch: 8, side: 32, mlp: Mlp::QuickGelu, eps: 1e-5 },
    features: 24,
};
/// The prefix of the large network's tensors in the fixture.
const LARGE: &str = "b32.";

/// The weights of the fixture under Hugging Face's names.
fn theirs() -> BTreeMap<String, Tensor> {
    let small = seeded::shapes("clip").into_iter().filter(|(name, _)| !name.starts_with(LARGE));
    small.map(|(name, shape)| (name.clone(), seeded::tensor(&name, &shape))).collect()
}

/// The same numbers under OpenAI's names, with queries, keys and values together.
fn openais() -> BTreeMap<String, Tensor> {
    let theirs = theirs();
    let mut out = BTreeMap::new();
    for (name, tensor) in &theirs {
        let renamed = name
            .replace("vision_model.encoder.layers.", "transformer.resblocks.")
            .replace("vision_model.embeddings.class_embedding", "class_embedding")
            .replace("vision_model.embeddings.position_embedding.weight", "positional_embedding")
            .replace("vision_model.embeddings.patch_embedding.", "conv1.")
            .replace("vision_model.pre_layrnorm.", "ln_pre.")
            .replace("vision_model.post_layernorm.", "ln_post.")
            .replace("layer_norm1.", "ln_1.")
            .replace("layer_norm2.", "ln_2.")
            .replace("self_attn.out_proj.", "attn.out_proj.")
            .replace("mlp.fc1.", "mlp.c_fc.")
            .replace("mlp.fc2.", "mlp.c_proj.");
        match renamed.split_once("self_attn.q_proj.") {
            Some((layer, field)) => {
                let part = |part: &str| &theirs[&name.replace("q_proj", part)];
                let all = Tensor::cat(&[tensor, part("k_proj"), part("v_proj")], 0).unwrap();
                out.insert(format!("{layer}attn.in_proj_{field}"), all);
            }
            None if renamed.contains("self_attn.") => {}
            None if name == "visual_projection.weight" => {
                drop(out.insert("proj".to_owned(), tensor.t().unwrap().contiguous().unwrap()));
            }
            None => drop(out.insert(renamed, tensor.clone())),
        }
    }
    out
}

fn build(tensors: BTreeMap<String, Tensor>, batch: usize) -> Result<Clip> {
    let weights = Weights::new(Path::new("clip.pth"), String::new(), tensors);
    Clip::build(weights, SMALL, batch, &Device::Cpu)
}

fn images() -> Tensor {
    seeded::images("clip.images", 3, 3, SMALL.sizes.side)
}

#[test]
fn every_layer_is_that_of_transformers() {
    let expected = seeded::fixture("clip");
    let network = build(theirs(), 8).unwrap();
    let mut tokens = network.embed(&images()).unwrap();
    seeded::assert_near("tokens.0", &tokens, &expected["tokens.0"], 1e-5);
    for (i, block) in network.blocks.iter().enumerate() {
        let name = format!("tokens.{}", i + 1);
        tokens = block.run(&tokens, SMALL.sizes).unwrap();
        seeded::assert_near(&name, &tokens, &expected[&name], 1e-5);
    }
    seeded::assert_near("features", &network.project(&tokens).unwrap(), &expected["features"], 1e-5);
    seeded::assert_near("features", &network.forward(&images()).unwrap(), &expected["features"], 1e-5);
}

#[test]
fn the_published_size_gives_what_transformers_gives() {
    let large = seeded::shapes("clip").into_iter().filter(|(name, _)| name.starts_with(LARGE));
    let own =
        |(name, shape): (String, Vec<usize>)| (name[LARGE.len()..].to_owned(), seeded::tensor(&name, &shape));
    let weights = Weights::new(Path::new("clip.pth"), String::new(), large.map(own).collect());
    let network = Clip::build(weights, ClipModel::VitB32.architecture(), 1, &Device::Cpu).unwrap();
    let features = network.forward(&seeded::images("clip.b32.images", 1, 3, 224)).unwrap();
    seeded::assert_near("b32", &features, &seeded::fixture("clip")["b32.features"], 1e-4);
}

#[test]
fn names_of_openai_and_open_clip_give_the_same_network() {
    let ours = openais();
    let listed: BTreeMap<String, Vec<usize>> =
        seeded::shapes_in("clip", "open_clip.txt").into_iter().collect();
    let shapes: BTreeMap<_, _> = ours.iter().map(|(name, x)| (name.clone(), x.dims().to_vec())).collect();
    assert_eq!(shapes, listed);
    let expected = build(theirs(), 8).unwrap().forward(&images()).unwrap();
    assert_close(&build(ours, 8).unwrap().forward(&images()).unwrap(), &expected, Tol::F32);
}

/// A whole file of CLIP, as OpenAI and open_clip save it, and as Hugging Face does, in half precision too.
#[test]
fn the_image_encoder_is_found_beside_the_text_encoder() {
    let dir = tempfile::tempdir().unwrap();
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let mut openais: BTreeMap<String, Tensor> =
        openais().into_iter().map(|(name, tensor)| (format!("visual.{name}"), tensor)).collect();
    for (name, shape) in [
        ("positional_embedding", &[77, 24][..]),
        ("text_projection", &[24, 24]),
        ("logit_scale", &[]),
        ("token_embedding.weight", &[5, 24]),
        ("transformer.resblocks.0.attn.in_proj_weight", &[72, 24]),
        ("ln_final.weight", &[24]),
    ] {
        openais.insert(name.to_owned(), zeros(shape));
    }
    let mut theirs = theirs();
    for (name, shape) in [
        ("logit_scale", &[][..]),
        ("text_projection.weight", &[24, 24]),
        ("text_model.embeddings.position_ids", &[1, 77]),
        ("text_model.encoder.layers.0.layer_norm1.weight", &[24]),
        ("vision_model.embeddings.position_ids", &[1, 17]),
    ] {
        theirs.insert(name.to_owned(), zeros(shape));
    }
    let expected = build(self::theirs(), 8).unwrap().forward(&images()).unwrap();
    for (name, tensors, prefix) in
        [("openai", openais, ""), ("openai", self::openais(), ""), ("hugging-face", theirs, "clip.module.")]
    {
        let path = dir.path().join(format!("{name}.safetensors"));
        let tensors = tensors.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect();
        ganymede_tensor::Checkpoint { tensors, ..Default::default() }.save(&path).unwrap();
        let file = WeightsFile::given(&path);
        let weights = Weights::open_beside(&file, &[load::OPEN_AI, load::HUGGING_FACE], load::is_beside);
        let network = Clip::build(weights.unwrap(), SMALL, 8, &Device::Cpu).unwrap();
        assert_close(&network.forward(&images()).unwrap(), &expected, Tol::F32);
    }
    let half: BTreeMap<_, _> =
        self::openais().into_iter().map(|(name, x)| (name, x.to_dtype(DType::F16).unwrap())).collect();
    let features = build(half, 8).unwrap().forward(&images()).unwrap();
    seeded::assert_near("half", &features, &expected, 2e-2);
}

#[test]
fn rows_of_any_batch_size_are_in_order() {
    let features = |batch| build(theirs(), batch).unwrap().features(&images()).unwrap();
    let (together, apart) = (features(8), features(2));
    assert_eq!((together.pool.dim(), apart.pool.dim()), ((3, 24), (3, 24)));
    assert!(together.pool.iter().zip(&apart.pool).all(|(a, b)| (a - b).abs() < 1e-5));
    assert!(together.logits.is_none() && together.spatial.is_none());
    // Lengths say something: rows are not unit vectors.
    assert!(together.pool.rows().into_iter().all(|row| (row.dot(&row) - 1.0).abs() > 0.1));
    assert!(build(theirs(), 0).err().unwrap().to_string().contains("small needs batches of at least 1"));
}

#[test]
fn a_pass_builds_no_graph() {
    let watched = Var::from_tensor(&images()).unwrap();
    assert!(!build(theirs(), 8).unwrap().forward(&watched).unwrap().track_op());
}

#[test]
fn other_files_are_refused_by_name_and_shape() {
    let changed = |change: &dyn Fn(&mut BTreeMap<String, Tensor>)| {
        let mut tensors = theirs();
        change(&mut tensors);
        build(tensors, 1).err().expect("a file of another network").to_string()
    };
    // An encoder without its projection, as `CLIPVisionModel` is saved.
    let message = changed(&|tensors| drop(tensors.remove("visual_projection.weight")));
    assert!(message.contains("visual_projection.weight") && message.contains("[24, 32]"), "{message}");
    let deeper = "vision_model.encoder.layers.3.layer_norm1.weight";
    let gain = |tensors: &BTreeMap<String, Tensor>| tensors["vision_model.pre_layrnorm.weight"].clone();
    let message = changed(&|tensors| drop(tensors.insert(deeper.to_owned(), gain(tensors))));
    assert!(message.contains(deeper), "{message}");
    let message = changed(&|tensors| {
        let name = "vision_model.embeddings.position_embedding.weight";
        let fewer = tensors[name].narrow(0, 0, 10).unwrap();
        tensors.insert(name.to_owned(), fewer);
    });
    assert!(message.contains("[10, 32]") && message.contains("[17, 32]"), "{message}");
    let message = changed(&|tensors| {
        let bad = Tensor::full(f32::NAN, 32, &Device::Cpu).unwrap();
        tensors.insert("vision_model.post_layernorm.bias".to_owned(), bad);
    });
    assert!(
        message.contains("vision_model.post_layernorm.bias") && message.contains("not finite"),
        "{message}"
    );
}

#[test]
fn published_sizes() {
    for (model, side, features) in [(ClipModel::VitB32, 224, 512), (ClipModel::VitL14At336, 336, 768)] {
        let a = model.architecture();
        assert_eq!((a.sizes.side, a.features, a.sizes.width), (side, features, 64 * a.sizes.heads));
        assert_eq!(a.sizes.grid() * a.sizes.patch, side);
    }
}
