use ganymede_tensor::Var;
use ganymede_tensor::testing::{Tol, assert_close};

use super::super::seeded;
use super::*;
use std::collections::BTreeMap;
use std::path::Path;

const TINY: Architecture = Architecture {
    id: "tiny",
    sizes: Sizes { width: 48, depth: 2, heads: 3, patch: 14, side: 56, mlp: Mlp::Gelu, eps: 1e-6 },
    registers: 0,
};
const TOL: Tol = Tol { rel: 1e-4, abs: 2e-6 };

fn shapes() -> Vec<(String, Vec<usize>)> {
    seeded::shapes("dinov2")
}

fn tiny(batch: usize) -> DinoV2 {
    DinoV2::build(seeded::weights(&shapes()), TINY, batch, &Device::Cpu).unwrap()
}

fn images() -> Tensor {
    seeded::images("dinov2.images", 3, 3, TINY.sizes.side)
}

#[test]
fn the_class_token_is_pytorchs() {
    let expected = seeded::fixture("dinov2");
    let network = tiny(8);
    assert_close(&network.embedding.positions, &expected["positions"].narrow(1, 1, 16).unwrap(), TOL);
    assert_close(&network.forward(&images()).unwrap(), &expected["class_token"], TOL);
}

/// The same numbers under the names of Hugging Face, with queries, keys and values apart.
#[test]
fn both_sets_of_names_give_the_same_network() {
    let mut theirs = BTreeMap::new();
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
    let sizes = [DinoV2Size::Small, DinoV2Size::Base, DinoV2Size::Large, DinoV2Size::Giant];
    for registers in [false, true] {
        let all = sizes.map(|size| size.architecture(registers));
        assert_eq!(all.map(|a| a.sizes.width), [384, 768, 1024, 1536]);
        assert!(all.iter().all(|a| a.sizes.width == 64 * a.sizes.heads && a.sizes.grid() == 16));
        assert!(all.iter().all(|a| a.id.ends_with("-reg") == registers));
        assert!(all.iter().all(|a| a.registers == if registers { 4 } else { 0 }));
    }
}

mod registers {
    use super::*;

    type Shapes = Vec<(String, Vec<usize>)>;

    /// The network of the fixture, its prefix there, and its names and shapes without it.
    fn networks() -> [(&'static str, Architecture, Shapes); 2] {
        let (gated, plain): (Vec<_>, Vec<_>) =
            seeded::shapes("dinov2_registers").into_iter().partition(|(name, _)| name.starts_with("gated."));
        let sizes = Sizes { mlp: Mlp::SwiGlu, ..TINY.sizes };
        [
            ("", Architecture { registers: 4, ..TINY }, plain),
            ("gated.", Architecture { registers: 4, sizes, ..TINY }, gated),
        ]
    }

    /// The weights of the fixture under Hugging Face's names.
    fn theirs(prefix: &str, shapes: &[(String, Vec<usize>)]) -> BTreeMap<String, Tensor> {
        let own = |(name, shape): &(String, Vec<usize>)| {
            (name[prefix.len()..].to_owned(), seeded::tensor(name, shape))
        };
        shapes.iter().map(own).collect()
    }

    fn build(tensors: BTreeMap<String, Tensor>, a: Architecture) -> Result<DinoV2> {
        let weights = Weights::new(Path::new("registers.pth"), String::new(), tensors);
        DinoV2::build(weights, a, 8, &Device::Cpu)
    }

    #[test]
    fn every_layer_is_that_of_transformers() {
        let expected = seeded::fixture("dinov2_registers");
        for (prefix, a, shapes) in networks() {
            let network = build(theirs(prefix, &shapes), a).unwrap();
            let near = |tap: &str, found: &Tensor| {
                let name = format!("{prefix}{tap}");
                seeded::assert_near(&name, found, &expected[&name], 1e-5);
            };
            let mut tokens = network.embedding.run(&images()).unwrap();
            near("tokens.0", &tokens);
            for (i, block) in network.blocks.iter().enumerate() {
                tokens = block.run(&tokens, a.sizes).unwrap();
                near(&format!("tokens.{}", i + 1), &tokens);
            }
            near("class_token", &network.forward(&images()).unwrap());
        }
    }

    /// The same numbers under Meta's names, with queries, keys and values together.
    #[test]
    fn both_sets_of_names_give_the_same_network() {
        for (prefix, a, shapes) in networks() {
            let theirs = theirs(prefix, &shapes);
            let mut metas = BTreeMap::new();
            for (name, tensor) in &theirs {
                let renamed = name
                    .replace("encoder.layer.", "blocks.")
                    .replace("attention.output.dense", "attn.proj")
                    .replace("layer_scale1.lambda1", "ls1.gamma")
                    .replace("layer_scale2.lambda1", "ls2.gamma")
                    .replace("mlp.weights_in", "mlp.w12")
                    .replace("mlp.weights_out", "mlp.w3")
                    .replace("embeddings.patch_embeddings.projection", "patch_embed.proj")
                    .replace("embeddings.position_embeddings", "pos_embed")
                    .replace("embeddings.", "")
                    .replace("layernorm", "norm");
                match renamed.split_once("attention.attention.query.") {
                    Some((layer, field)) => {
                        let part = |part: &str| &theirs[&name.replace("query", part)];
                        let all = Tensor::cat(&[tensor, part("key"), part("value")], 0).unwrap();
                        metas.insert(format!("{layer}attn.qkv.{field}"), all);
                    }
                    None if renamed.contains("attention.attention.") => {}
                    None => drop(metas.insert(renamed, tensor.clone())),
                }
            }
            let ours = build(metas, a).unwrap().forward(&images()).unwrap();
            assert_close(&build(theirs, a).unwrap().forward(&images()).unwrap(), &ours, Tol::F32);
        }
    }

    #[test]
    fn networks_with_and_without_registers_are_told_apart() {
        let [(prefix, a, shapes), _] = networks();
        let whole = theirs(prefix, &shapes);
        let refused = |tensors: &BTreeMap<String, Tensor>, a: Architecture| {
            build(tensors.clone(), a).err().expect("a file of another network").to_string()
        };
        let message = refused(&whole, TINY);
        assert!(
            message.contains("embeddings.register_tokens") && message.contains("[1, 4, 48]"),
            "{message}"
        );
        let mut without = whole.clone();
        let registers = without.remove("embeddings.register_tokens").unwrap();
        let message = refused(&without, a);
        assert!(
            message.contains("embeddings.register_tokens") && message.contains("[1, 4, 48]"),
            "{message}"
        );
        without.insert("embeddings.register_tokens".into(), registers.narrow(1, 0, 3).unwrap());
        let message = refused(&without, a);
        assert!(message.contains("[1, 3, 48]") && message.contains("[1, 4, 48]"), "{message}");
        let sizes = Sizes { mlp: Mlp::SwiGlu, ..a.sizes };
        let message = refused(&whole, Architecture { sizes, ..a });
        assert!(message.contains("mlp.weights_in.weight"), "{message}");
    }
}
