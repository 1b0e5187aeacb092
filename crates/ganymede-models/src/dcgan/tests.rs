use std::collections::BTreeMap;

use ganymede_tensor::{DType, Device, Rng, Shapes, Tensor};

use super::*;
use crate::table::GeneratorConfig;
use crate::{Discriminator, Generator, ModelError};

mod conditional;

fn small() -> DcganGeneratorConfig {
    DcganGeneratorConfig { z_dim: 5, width: 3, ..Default::default() }
}

fn grey(side: usize) -> Io {
    Io::new([1, side, side])
}

fn generator(config: &DcganGeneratorConfig, io: &Io) -> DcganGenerator {
    DcganGenerator::new(config, io, Rng::new(0), DType::F32, &Device::Cpu).unwrap()
}

fn discriminator(config: &DcganDiscriminatorConfig, io: &Io) -> DcganDiscriminator {
    DcganDiscriminator::new(config, io, Rng::new(0), DType::F32, &Device::Cpu).unwrap()
}

fn infer(state: &BTreeMap<String, Tensor>) -> Result<(GeneratorConfig, Io), ModelError> {
    let shapes: Shapes = state.iter().map(|(name, t)| (name.clone(), t.dims().to_vec())).collect();
    GeneratorConfig::infer(&GENERATOR, &shapes)
}

fn shapes(state: &BTreeMap<String, Tensor>) -> BTreeMap<&str, &[usize]> {
    state.iter().map(|(name, tensor)| (name.as_str(), tensor.dims())).collect()
}

/// A norm layer's five names, as `torch.nn.BatchNorm2d` has them.
fn batch_norm(index: usize) -> [String; 5] {
    ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
        .map(|name| format!("main.{index}.{name}"))
}

#[test]
fn names_and_shapes_are_those_of_the_tutorial() {
    let io = Io::new([3, 64, 64]);
    let config = DcganGeneratorConfig { width: 4, ..Default::default() };
    let state = generator(&config, &io).params().state_dict();
    let got = shapes(&state);
    let convs = [[100, 32], [32, 16], [16, 8], [8, 4], [4, 3]];
    for (i, [from, to]) in convs.into_iter().enumerate() {
        assert_eq!(got[format!("main.{}.weight", 3 * i).as_str()], [from, to, 4, 4]);
    }
    let norms: Vec<String> = [1, 4, 7, 10].into_iter().flat_map(batch_norm).collect();
    assert!(norms.iter().all(|name| got.contains_key(name.as_str())));
    assert_eq!(got.len(), convs.len() + norms.len());

    let d = discriminator(&DcganDiscriminatorConfig { width: 4, ..Default::default() }, &io);
    let state = d.params().state_dict();
    let got = shapes(&state);
    let convs = [(0, 3, 4), (2, 4, 8), (5, 8, 16), (8, 16, 32), (11, 32, 1)];
    for (index, from, to) in convs {
        assert_eq!(got[format!("main.{index}.weight").as_str()], [to, from, 4, 4]);
    }
    let norms: Vec<String> = [3, 6, 9].into_iter().flat_map(batch_norm).collect();
    assert!(norms.iter().all(|name| got.contains_key(name.as_str())));
    assert_eq!(got.len(), convs.len() + norms.len());
}

#[test]
fn without_normalisation_convolutions_have_biases() {
    let config = DcganGeneratorConfig { norm: NormKind::None, ..small() };
    let state = generator(&config, &grey(32)).params().state_dict();
    let names: Vec<&str> = state.keys().map(String::as_str).collect();
    let expected: Vec<String> =
        [0, 2, 4, 6].iter().flat_map(|i| ["bias", "weight"].map(|n| format!("main.{i}.{n}"))).collect();
    assert_eq!(names, expected);

    let config = DcganDiscriminatorConfig { width: 3, spectral: true, ..Default::default() };
    let d = discriminator(&config, &grey(32));
    let state = d.params().state_dict();
    let got = shapes(&state);
    assert_eq!(got["main.2.weight_orig"], [6, 3, 4, 4]);
    assert_eq!((got["main.2.weight_u"], got["main.2.weight_v"]), (&[6][..], &[48][..]));
    assert_eq!(got["main.2.bias"], [6]);
    assert_eq!(got.len(), 4 * 4);
}

#[test]
fn spectral_discriminators_have_no_norm_unless_asked() {
    let of =
        |spectral, norm| DcganDiscriminatorConfig { spectral, norm, ..Default::default() }.resolved_norm();
    assert_eq!(of(false, None), NormKind::Batch);
    assert_eq!(of(true, None), NormKind::None);
    assert_eq!(of(true, Some(NormKind::Layer)), NormKind::Layer);
    assert_eq!(of(false, Some(NormKind::None)), NormKind::None);
}

#[test]
fn widths_double_up_to_the_cap() {
    let widths = |side, max_multiplier| widths(side, 2, max_multiplier);
    assert_eq!(widths(8, 8), [2]);
    assert_eq!(widths(64, 8), [2, 4, 8, 16]);
    assert_eq!(widths(256, 8), [2, 4, 8, 16, 16, 16]);
    assert_eq!(widths(256, 1024), [2, 4, 8, 16, 32, 64]);
    assert_eq!(widths(64, 3), [2, 4, 6, 6]);
}

#[test]
fn weights_start_as_in_the_paper() {
    let config = DcganGeneratorConfig { width: 16, ..Default::default() };
    let state = generator(&config, &Io::new([3, 64, 64])).params().state_dict();
    let moments = |name: &str| {
        let v: Vec<f32> = state[name].flatten_all().unwrap().to_vec1().unwrap();
        let n = v.len() as f64;
        let mean = v.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
        let var = v.iter().map(|x| (f64::from(*x) - mean).powi(2)).sum::<f64>() / n;
        (mean, var.sqrt())
    };
    let (mean, std) = moments("main.0.weight");
    assert!(mean.abs() < 1e-3 && (std - 0.02).abs() < 1e-3, "{mean} {std}");
    let (mean, std) = moments("main.1.weight");
    assert!((mean - 1.0).abs() < 0.01 && (std - 0.02).abs() < 0.01, "{mean} {std}");
    assert_eq!(moments("main.1.bias"), (0.0, 0.0));
    assert_eq!(moments("main.1.running_mean"), (0.0, 0.0));
    assert_eq!(moments("main.1.running_var"), (1.0, 0.0));
}

#[test]
fn configuration_is_read_off_the_weights() {
    let sizes = [(8, 8), (16, 8), (32, 8), (64, 2), (64, 3), (128, 8), (128, 16), (256, 1), (256, 32)];
    for (side, max_multiplier) in sizes {
        for norm in [NormKind::Batch, NormKind::None] {
            let config = DcganGeneratorConfig { max_multiplier, norm, width: 2, ..small() };
            let (inferred, io) = infer(&generator(&config, &grey(side)).params().state_dict()).unwrap();
            assert_eq!((inferred.write(), io), (joined(&config), grey(side)));
        }
    }
}

fn joined(config: &DcganGeneratorConfig) -> toml::Table {
    GeneratorConfig::read(&GENERATOR, &toml::Table::try_from(config).unwrap()).unwrap().write()
}

#[test]
fn weights_that_do_not_tell_are_refused() {
    let refusal = |state: &BTreeMap<String, Tensor>| {
        let error = infer(state).unwrap_err();
        assert!(matches!(error, ModelError::NotInferable { .. }), "{error}");
        error.to_string()
    };
    let of = |norm| generator(&DcganGeneratorConfig { norm, ..small() }, &grey(32)).params().state_dict();
    for norm in [NormKind::Instance, NormKind::Layer] {
        assert!(refusal(&of(norm)).contains("instance and layer"));
    }
    let d = discriminator(&DcganDiscriminatorConfig { width: 3, ..Default::default() }, &grey(32));
    let message = refusal(&d.params().state_dict());
    assert!(message.contains("it is a discriminator"), "{message}");
    assert!(refusal(&BTreeMap::new()).contains("0 convolutions"));

    let mut state = of(NormKind::Batch);
    state.insert("fc.weight".to_string(), state["main.1.weight"].clone());
    assert!(refusal(&state).contains("fc.weight"));

    let mut state = of(NormKind::Batch);
    state.remove("main.3.weight");
    assert!(refusal(&state).contains("do not meet"));

    let zeros = |shape: [usize; 4]| Tensor::zeros(&shape, DType::F32, &Device::Cpu).unwrap();
    let mut state = of(NormKind::Batch);
    state.insert("main.9.weight".to_string(), zeros([3, 1, 3, 3]));
    assert!(refusal(&state).contains("3×3"));

    let odd = [[5, 7], [7, 3], [3, 1]].iter().zip(["0", "3", "6"]);
    let mut state: BTreeMap<String, Tensor> =
        odd.map(|([i, o], index)| (format!("main.{index}.weight"), zeros([*i, *o, 4, 4]))).collect();
    assert!(refusal(&state).contains("neither"));
    state.insert("main.1.running_mean".to_string(), Tensor::zeros(7, DType::F32, &Device::Cpu).unwrap());
    assert!(refusal(&state).contains("no gains"));
    state.insert("main.1.weight".to_string(), Tensor::zeros(7, DType::F32, &Device::Cpu).unwrap());
    assert!(refusal(&state).contains("widths [3, 7]"));
}

#[test]
fn bad_settings_and_sizes_are_named() {
    let build = |config: &DcganGeneratorConfig, io: &Io| {
        let built = DcganGenerator::new(config, io, Rng::new(0), DType::F32, &Device::Cpu);
        built.unwrap_err().to_string()
    };
    for side in [0, 4, 28, 48, 4096] {
        let message = build(&small(), &grey(side));
        assert!(
            message.contains(&format!("[1, {side}, {side}]")) && message.contains("power of two"),
            "{message}"
        );
    }
    assert!(build(&small(), &Io::new([1, 8, 16])).contains("square"));
    assert!(build(&small(), &Io::new([2])).contains("square"));
    let cases = [
        ("z_dim", DcganGeneratorConfig { z_dim: 0, ..small() }),
        ("width", DcganGeneratorConfig { width: usize::MAX, ..small() }),
        ("max_multiplier", DcganGeneratorConfig { max_multiplier: 0, ..small() }),
    ];
    for (field, config) in cases {
        let message = build(&config, &grey(32));
        assert!(message.contains(field) && message.contains("1 or more, at most"), "{message}");
    }
}
