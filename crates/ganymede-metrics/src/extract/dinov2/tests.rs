use ganymede_tensor::Var;
use ganymede_tensor::testing::{Tol, assert_close};

use super::super::seeded;
use super::*;
use std::path::Path;

const TINY: Architecture = Architecture { id: "tiny", width: 48, depth: 2, heads: 3, patch: 14, side: 56 };
const TOL: Tol = Tol { rel: 1e-4, abs: 2e-6 };

fn shapes() -> Vec<(String, Vec<usize>)> {
    seeded::shapes("dinov2")
}

fn tiny(batch: usize) -> DinoV2 {
    DinoV2::build(seeded::weights(&shapes()), TINY, batch, &Device::Cpu).unwrap()
}

fn images() -> Tensor {
    seeded::images("dinov2.images", 3, 3, TINY.side)
}

#[test]
fn the_class_token_is_pytorchs() {
    let expected = seeded::fixture("dinov2");
    let network = tiny(8);
    assert_close(
        &network.positions.narrow(1, 1, 16).unwrap(),
        &expected["positions"].narrow(1, 1, 16).unwrap(),
        TOL,
    );
    assert_close(&network.forward(&images()).unwrap(), &expected["class_token"], TOL);
}

/// The same numbers under the names of Hugging Face, with queries, keys and values apart.
#[test]
fn both_sets_of_names_give_the_same_network() {
    let mut theirs = std::collections::BTreeMap::new();
    for (name, shape) in shapes() {
        let tensor = seeded::tensor(&name, &shape);
        let renamed = name
            .replace("blocks.", "encoder.layer.")
            .replace("attn.proj", "attention.output.dense")
            .replace("ls1.gamma", "layer_scale1.lambda1")
            .replace("ls2.gamma", "layer_scale2.lambda1")
            .replace("patch_embed.proj", "embeddings.patch_embeddings.projection")
            .replace("pos_embed", "embeddings.position_embeddings")
            .replace("cls_token", "embeddings.cls_token")
            .replace("mask_token", "embeddings.mask_token");
        match renamed.split_once("attn.qkv.") {
            Some((layer, field)) => {
                for (i, part) in ["query", "key", "value"].into_iter().enumerate() {
                    let rows = tensor.narrow(0, i * 48, 48).unwrap();
                    theirs.insert(format!("{layer}attention.attention.{part}.{field}"), rows);
                }
            }
            None if name.starts_with("norm.") => drop(theirs.insert(format!("layer{name}"), tensor)),
            None => drop(theirs.insert(renamed, tensor)),
        }
    }
    let weights = Weights::new(Path::new("model.safetensors"), String::new(), theirs);
    let network = DinoV2::build(weights, TINY, 8, &Device::Cpu).unwrap();
    let ours = tiny(8).forward(&images()).unwrap();
    assert_close(&network.forward(&images()).unwrap(), &ours, Tol::F32);
}

#[test]
fn rows_of_any_batch_size_are_in_order() {
    let (together, apart) = (tiny(8).features(&images()).unwrap(), tiny(2).features(&images()).unwrap());
    assert_eq!((together.pool.dim(), apart.pool.dim()), ((3, 48), (3, 48)));
    assert!(together.pool.iter().zip(&apart.pool).all(|(a, b)| (a - b).abs() < 1e-5));
    assert!(together.logits.is_none() && together.spatial.is_none());
}

#[test]
fn a_pass_builds_no_graph() {
    let watched = Var::from_tensor(&images()).unwrap();
    assert!(!tiny(8).forward(&watched).unwrap().track_op());
}

#[test]
fn other_files_are_refused_by_name_and_shape() {
    let build = |shapes: Vec<(String, Vec<usize>)>| {
        let result = DinoV2::build(seeded::weights(&shapes), TINY, 1, &Device::Cpu);
        result.err().expect("a file of another network").to_string()
    };
    let mut deeper = shapes();
    deeper.push(("blocks.2.norm1.weight".into(), vec![48]));
    assert!(build(deeper).contains("blocks.2.norm1.weight"));
    let mut registers = shapes();
    registers.push(("register_tokens".into(), vec![1, 4, 48]));
    assert!(build(registers).contains("register_tokens"));
    let mut oblong = shapes();
    oblong[1].1[1] = 1 + 48;
    let message = build(oblong);
    assert!(message.contains("pos_embed") && message.contains("49"), "{message}");
    let mut wide = shapes();
    wide.iter_mut().filter(|(name, _)| name.ends_with("fc2.weight")).for_each(|(_, shape)| shape[1] += 1);
    let message = build(wide);
    assert!(message.contains("[48, 193]") && message.contains("[48, 192]"), "{message}");
}

#[test]
fn published_sizes() {
    let [small, base, large] =
        [DinoV2Size::Small, DinoV2Size::Base, DinoV2Size::Large].map(DinoV2Size::architecture);
    assert_eq!((small.width, base.width, large.width), (384, 768, 1024));
    assert!([small, base, large].iter().all(|a| a.width == 64 * a.heads && a.side == 224));
}
