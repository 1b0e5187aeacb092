use std::collections::BTreeMap;

use ganymede_tensor::{DType, Device, Rng, Shapes, Tensor};

use super::pattern::{filled, matched};
use super::*;
use crate::{DISCRIMINATORS, GENERATORS, Io};

/// A network, its settings, what it is for, and its weights.
type Example = (NetworkKind, toml::Table, crate::Io, BTreeMap<String, Tensor>);

/// Every example of every kind.
fn examples() -> Vec<Example> {
    let mut all = Vec::new();
    for kind in GENERATORS {
        for (spec, io) in (kind.examples)() {
            let net = spec.build(&io, Rng::new(1), DType::F32, &Device::Cpu).unwrap();
            all.push((NetworkKind::Generator(kind), spec.write(), io, net.params().state_dict()));
        }
    }
    for kind in DISCRIMINATORS {
        for (spec, io) in (kind.examples)() {
            let net = spec.build(&io, Rng::new(1), DType::F32, &Device::Cpu).unwrap();
            all.push((NetworkKind::Discriminator(kind), spec.write(), io, net.params().state_dict()));
        }
    }
    all
}

fn shapes(state: &BTreeMap<String, Tensor>) -> Shapes {
    state.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect()
}

/// Settings that no shape tells.
fn untold(settings: &toml::Table) -> toml::Table {
    let untold = [
        "activation",
        "upsampling",
        "pooling",
        "activated_shortcut",
        "norm",
        "attention",
        "dropout",
        "conditional",
        "skip_z",
        "layout",
        "conv_clamp",
        "mbstd_group",
        "style_mixing",
        "equalised",
        "scores",
    ];
    settings
        .iter()
        .filter(|(key, _)| untold.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

#[test]
fn every_network_is_recognised_by_its_weights() {
    // Of sides that differ none shows.
    let is_square = |io: &Io| !matches!(*io.sample, [_, height, width] if height != width);
    for (kind, settings, io, state) in examples().into_iter().filter(|(_, _, io, _)| is_square(io)) {
        let shown = format!("{} {} {settings:?} {io:?}", kind.role().word(), kind.name());
        let hints = Hints {
            settings: untold(&settings),
            side: io.sample.get(1).copied(),
            dialect: Some(Dialect::native()),
        };
        let found =
            recognise(kind, &shapes(&state), &hints).unwrap_or_else(|error| panic!("{shown}: {error}"));
        // Classes that a network is not told do not show.
        let told = found.io.condition != crate::ConditionShape::None;
        assert_eq!(found.io.sample, io.sample, "{shown}");
        assert!(!told || found.io == io, "{shown}: {:?}", found.io);
        assert_eq!(
            found.network.params(&found.io).unwrap().state_dict().keys().collect::<Vec<_>>(),
            state.keys().collect::<Vec<_>>(),
            "{shown}"
        );
        for (key, value) in &settings {
            let got = found.network.write();
            // Bounds that are not reached, and first weights, do not show.
            let by_vectors = matches!(io.condition, crate::ConditionShape::Vectors(_)) && key == "shared_dim";
            if !by_vectors && !["max_multiplier", "init", "embed_dim"].contains(&key.as_str()) {
                assert_eq!(got.get(key), Some(value), "{shown}: {key}");
            }
        }
        assert!(found.left_out.is_empty(), "{shown}");
        assert_eq!(found.tensors(&state).unwrap().len(), state.len(), "{shown}");
    }
}

#[test]
fn every_dialect_comes_back() {
    let bits = |tensor: &Tensor| {
        tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let mut seen = 0;
    for (kind, settings, io, state) in examples() {
        for dialect in DIALECTS.iter().filter(|dialect| dialect.has(kind)) {
            let network = Network::from_table(kind.role(), &{
                let mut table = settings.clone();
                table.insert("kind".to_owned(), kind.name().into());
                table
            })
            .unwrap();
            let shown = format!("{} {settings:?} in {}", kind.name(), dialect.name);
            let several =
                settings.get("attention").and_then(toml::Value::as_array).is_some_and(|a| a.len() > 1);
            if several && dialect.name == "biggan" {
                continue;
            }
            let theirs =
                exported(&network, &io, &state, dialect).unwrap_or_else(|error| panic!("{shown}: {error}"));
            let hints = Hints {
                settings: untold(&settings),
                side: io.sample.get(1).copied(),
                dialect: Some(dialect),
            };
            let found =
                recognise(kind, &shapes(&theirs), &hints).unwrap_or_else(|error| panic!("{shown}: {error}"));
            let back = found.tensors(&theirs).unwrap();
            for (name, tensor) in &state {
                match back.get(name) {
                    None => assert!(
                        name.ends_with("num_batches_tracked") && !dialect.counts_batches,
                        "{shown}: {name}"
                    ),
                    // They make an iteration more.
                    Some(_) if name.ends_with("weight_u") || name.ends_with("weight_v") => {}
                    Some(same) => assert_eq!(bits(same), bits(tensor), "{shown}: {name}"),
                }
            }
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn patterns_match_and_fill() {
    let found = matched("blocks.{i}.0.conv1.*", "blocks.3.0.conv1.weight", 4).unwrap();
    assert_eq!((found.number, found.rest), (Some(3), "weight"));
    assert_eq!(filled("block{i+2}.c1.*", found, 4).unwrap(), "block5.c1.weight");
    assert_eq!(matched("block{i+2}.c1.*", "block5.c1.weight", 4), Some(found));
    assert!(matched("block{i+2}.c1.*", "block1.c1.weight", 4).is_none());
    assert!(matched("b{n+2}.weight", "b6.weight", 4).is_some());
    assert!(matched("b{n+2}.weight", "b5.weight", 4).is_none());
    assert!(matched("linear.*", "linea.weight", 4).is_none());
    assert!(matched("blocks.{i}.1.*", "blocks.x.1.g", 4).is_none());
}

fn state_of(kind: NetworkKind) -> BTreeMap<String, Tensor> {
    examples().into_iter().find(|(k, ..)| k.name() == kind.name() && k.role() == kind.role()).unwrap().3
}

fn named(role: Role, name: &str) -> NetworkKind {
    NetworkKind::named(role, name).unwrap()
}

/// The message for weights of one network under the name of another, and who else they may be.
#[test]
fn misfits_are_told_with_what_would_fit() {
    let g = |name| named(Role::Generator, name);
    let d = |name| named(Role::Discriminator, name);
    for (asked, given, says) in [
        (g("dcgan"), g("sngan"), "--model sngan (generator)"),
        (g("sngan"), g("dcgan"), "--model dcgan (generator)"),
        (g("r3gan"), g("sndcgan"), "--model sndcgan (generator)"),
        (g("biggan"), g("mlp"), "--model mlp (generator)"),
        (g("dcgan"), d("dcgan"), "--model dcgan (discriminator)"),
        (d("sngan"), d("r3gan"), "--model r3gan (discriminator)"),
        (d("r3gan"), d("sndcgan"), "--model sndcgan (discriminator)"),
        (d("dcgan"), d("lipschitz"), "--model lipschitz (discriminator)"),
    ] {
        let state = shapes(&state_of(given));
        let error = recognise(asked, &state, &Hints::default()).unwrap_err().to_string();
        assert!(error.contains(asked.name()), "{error}");
        for prefix in ["", "netX.", "state_dict.G."] {
            let wrapped: Shapes =
                state.iter().map(|(n, dims)| (format!("{prefix}{n}"), dims.clone())).collect();
            let relatives = who_else(asked, &wrapped, Some(16)).to_string();
            assert!(relatives.contains(says), "{} as {}: {relatives}", given.name(), asked.name());
        }
    }
}

#[test]
fn what_is_missing_and_what_has_another_shape_is_named() {
    for (role, name, key) in [
        (Role::Generator, "sngan", "block3.c2.weight"),
        (Role::Generator, "sndcgan", "dc2.weight"),
        (Role::Generator, "r3gan", "MainLayers.1.Layers.1.LinearLayer3.Layer.weight"),
        (Role::Discriminator, "sngan", "block2.c2.weight_orig"),
        (Role::Discriminator, "sndcgan", "c3.weight_orig"),
    ] {
        let kind = named(role, name);
        let whole = shapes(&state_of(kind));
        let mut lacking = whole.clone();
        lacking.remove(key).unwrap_or_else(|| panic!("{name} has {:?}", whole.keys()));
        let error = recognise(kind, &lacking, &Hints::default()).unwrap_err().to_string();
        let layer = key.trim_end_matches(".weight_orig").trim_end_matches(".weight");
        assert!(error.contains(name) && error.contains(layer), "{error}");
        let mut other = whole.clone();
        other.get_mut(key).unwrap()[0] += 1;
        let error = recognise(kind, &other, &Hints::default()).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
    // Far from everything, the nearest by names is offered, or nobody.
    let kind = named(Role::Generator, "sngan");
    let mut broken = shapes(&state_of(kind));
    broken.retain(|name, _| !name.starts_with("l1."));
    let relatives = who_else(named(Role::Generator, "dcgan"), &broken, None);
    assert!(relatives.fits.is_empty() && relatives.to_string().contains("nearest to --model"), "{relatives}");
    let strange = Shapes::from([("transformer.h.0.attn.weight".to_owned(), vec![3, 3])]);
    assert!(who_else(kind, &strange, None).to_string().contains("no network here"));
}

#[test]
fn what_the_names_do_not_tell_has_to_be_said() {
    let d = named(Role::Discriminator, "sngan");
    let (.., state) = examples()
        .into_iter()
        .find(|(kind, _, io, _)| {
            kind.name() == "sngan" && kind.role() == Role::Discriminator && io.sample[1] == 64
        })
        .unwrap();
    let error = recognise(d, &shapes(&state), &Hints::default()).unwrap_err().to_string();
    assert!(error.contains("--resolution 48") && error.contains("64"), "{error}");
    let hints = Hints { side: Some(64), ..Hints::default() };
    assert_eq!(recognise(d, &shapes(&state), &hints).unwrap().io.sample[1], 64);
}

#[test]
fn torchs_parametrizations_are_read() {
    let kind = named(Role::Discriminator, "sndcgan");
    let state = state_of(kind);
    let spelled = |name: &String| {
        name.replace("weight_orig", "parametrizations.weight.original")
            .replace("weight_u", "parametrizations.weight.0._u")
            .replace("weight_v", "parametrizations.weight.0._v")
    };
    let theirs: BTreeMap<String, Tensor> = state.iter().map(|(n, t)| (spelled(n), t.clone())).collect();
    let found = recognise(kind, &shapes(&theirs), &Hints::default()).unwrap();
    let back = found.tensors(&theirs).unwrap();
    assert_eq!(back.keys().collect::<Vec<_>>(), state.keys().collect::<Vec<_>>());
}
