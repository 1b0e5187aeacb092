//! StyleGAN2 against stylegan2-ada-pytorch: networks that are recognised by its state dicts, their outputs, and gradients
//! of first and second order.

use std::collections::BTreeMap;

use ganymede_models::{
    Condition, Dialect, Discriminator, Generator, GeneratorInput, Growth, Hints, Io, Latents, Mapping, Mix,
    Mode, Network, NetworkKind, Role, exported, recognise, truncate,
};
use ganymede_tensor::{DType, Device, Graph, Rng, Shapes, Tensor, grad, watch};

use crate::support::{DTYPES, Fixture, judge_of};

const TRAIN: Mode = Mode::Train { update_stats: true };
const STILL: Mode = Mode::Train { update_stats: false };

/// As in `gen.py`.
const PSI: f64 = 0.7;
const CUTOFF: usize = 2;
const MIX_FROM: usize = 2;
const PL_DECAY: f64 = 0.01;
const PL_MEAN: f64 = 0.25;

fn shapes(state: &BTreeMap<String, Tensor>) -> Shapes {
    state.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect()
}

/// The network of a case, told by its state dict and the settings that change no shape; and its tensors by our names.
fn recognised(fixture: &Fixture, case: &str, settings: &str) -> (Network, Io, BTreeMap<String, Tensor>) {
    let state = fixture.below(&format!("{case}/before"));
    let role = if case.ends_with("_g") { Role::Generator } else { Role::Discriminator };
    let kind = NetworkKind::named(role, "stylegan2").unwrap();
    let hints = Hints { settings: settings.parse().unwrap(), ..Hints::default() };
    let found = recognise(kind, &shapes(&state), &hints).unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(found.dialect.name, "stylegan2-ada", "{case}");
    assert!(found.left_out.is_empty(), "{case}: {:?}", found.left_out);
    let tensors = found.tensors(&state).unwrap();
    (found.network, found.io, tensors)
}

fn condition(fixture: &Fixture, case: &str) -> Condition {
    let key = format!("{case}/labels");
    match fixture.has(&key) {
        true => Condition::Classes(fixture.get(&key).to_dtype(DType::U32).unwrap()),
        false => Condition::None,
    }
}

fn generator(fixture: &Fixture, case: &str, settings: &str, dtype: DType) -> Box<dyn Generator> {
    let (network, io, tensors) = recognised(fixture, case, settings);
    let Network::Generator(config) = network else { panic!("{case} is no generator") };
    let g = config.build(&io, Rng::new(0), dtype, &Device::Cpu).unwrap();
    g.params().load_state_dict(&tensors).unwrap();
    g
}

fn discriminator(fixture: &Fixture, case: &str, settings: &str, dtype: DType) -> Box<dyn Discriminator> {
    let (network, io, tensors) = recognised(fixture, case, settings);
    let Network::Discriminator(config) = network else { panic!("{case} is no discriminator") };
    let d = config.build(&io, Rng::new(0), dtype, &Device::Cpu).unwrap();
    d.params().load_state_dict(&tensors).unwrap();
    d
}

/// The squared distances of path lengths to their average, meaned.
fn path_penalty(samples: &Tensor, ws: &Tensor, y: &Tensor) -> (Tensor, Tensor) {
    let side = samples.dim(3).unwrap() as f64;
    let product = (samples.mul(y).unwrap().sum_all().unwrap() / side).unwrap();
    let slope = grad(&product, &[ws], Graph::Create).unwrap().remove(0);
    let lengths = slope.sqr().unwrap().sum(2).unwrap().mean(1).unwrap().sqrt().unwrap();
    let moved = (lengths.mean_all().unwrap() * PL_DECAY).unwrap();
    let average = (moved + PL_MEAN * (1.0 - PL_DECAY)).unwrap();
    let penalty = lengths.broadcast_sub(&average).unwrap().sqr().unwrap().mean_all().unwrap();
    (lengths, penalty)
}

fn check_generator(case: &str, settings: &str) {
    for dtype in DTYPES {
        let fixture = Fixture::open("stylegan2", dtype);
        let at = |key: &str| format!("{case}/{key}");
        let (g, condition) = (generator(&fixture, case, settings, dtype), condition(&fixture, case));
        let mapping: &dyn Mapping = g.mapping().unwrap();
        let forward = |latents: &Latents, mode: Mode| {
            g.forward(GeneratorInput::new(latents).with_condition(&condition), mode).unwrap()
        };
        let z = watch(&fixture.get(&at("input"))).unwrap();
        let noise: Vec<Tensor> = fixture.below(&at("noise")).into_values().collect();
        let latents = Latents::new(z.clone()).with_noise(noise.clone());

        let made = forward(&latents, STILL);
        let ws = made.w.unwrap();
        fixture.assert(&at("train"), &made.samples);
        fixture.assert(&at("ws"), &ws);
        fixture.assert_gradients(case, g.params(), &z, &made.samples);

        let plain = Latents::new(z.clone());
        fixture.assert(&at("const"), &forward(&plain, Mode::Eval).samples);
        let none = noise.iter().map(|noise| noise.zeros_like().unwrap()).collect();
        fixture.assert(&at("none"), &forward(&plain.clone().with_noise(none), Mode::Eval).samples);
        let short = truncate(&ws, &mapping.centre(), PSI, Some(CUTOFF)).unwrap();
        let short = mapping.synthesise(&short, &[], Growth::FULL, Mode::Eval).unwrap();
        fixture.assert(&at("truncated"), &short);
        let mix = Mix { z: fixture.get(&at("second")), from: MIX_FROM };
        fixture.assert(&at("mixed"), &forward(&latents.clone().with_mix(mix), STILL).samples);

        let (lengths, penalty) = path_penalty(&made.samples, &ws, &fixture.get(&at("y")));
        fixture.assert(&at("lengths"), &lengths);
        let values: Vec<Tensor> = g.params().params().iter().map(|p| p.get()).collect();
        let gradients = grad(&penalty, &values.iter().collect::<Vec<_>>(), Graph::Discard).unwrap();
        fixture.assert_all(&at("pl"), g.params(), &gradients);

        forward(&plain, TRAIN);
        fixture.assert(&at("w_avg"), &mapping.centre());
    }
}

fn check_discriminator(case: &str, settings: &str) {
    for dtype in DTYPES {
        let fixture = Fixture::open("stylegan2", dtype);
        let (d, condition) = (discriminator(&fixture, case, settings, dtype), condition(&fixture, case));
        let score = |x: &Tensor| judge_of(d.as_ref(), x, &condition, STILL)?.squeeze(1);
        let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
        let output = score(&x).unwrap();
        fixture.assert(&format!("{case}/train"), &output);
        fixture.assert_gradients(case, d.params(), &x, &output);
        fixture.assert_r1(case, d.params(), &score);
    }
}

#[test]
fn generators_that_add_up_images() {
    check_generator("skip_g", "");
}

#[test]
fn residual_generators_told_the_class_and_clamped() {
    check_generator("resnet_g", "conv_clamp = 2.0");
}

#[test]
fn generators_one_after_the_other_without_noise() {
    check_generator("orig_g", "");
}

#[test]
fn discriminators_that_are_shown_images_told_the_class_and_clamped() {
    check_discriminator("skip_d", "conv_clamp = 2.0\nmbstd_group = 2");
}

#[test]
fn residual_discriminators() {
    check_discriminator("resnet_d", "");
}

#[test]
fn discriminators_one_after_the_other_of_one_sample() {
    check_discriminator("orig_d", "");
}

/// What is exported has every tensor that the program's own state dict has, its constants too.
#[test]
fn exported_state_dicts_are_whole() {
    let fixture = Fixture::open("stylegan2", DType::F32);
    let ada = Dialect::named("stylegan2-ada").unwrap();
    for case in ["skip_g", "resnet_g", "orig_g", "skip_d", "resnet_d", "orig_d"] {
        let (network, io, tensors) = recognised(&fixture, case, "");
        let theirs = fixture.below(&format!("{case}/before"));
        let out = exported(&network, &io, &tensors, ada).unwrap();
        assert_eq!(out.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{case}");
        let numbers = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        for (name, tensor) in &out {
            assert_eq!(tensor.dims(), theirs[name].dims(), "{case}: {name}");
            assert_eq!(numbers(tensor), numbers(&theirs[name]), "{case}: {name}");
        }
    }
}
