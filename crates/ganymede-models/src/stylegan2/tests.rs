use std::collections::BTreeMap;

use ganymede_tensor::{DType, Device, Graph, Rng, Shapes, Tensor, grad};
use toml::Table;

use super::*;
use crate::{
    Condition, Discriminator, DiscriminatorConfig, DiscriminatorKind, Generator, GeneratorConfig,
    GeneratorInput, GeneratorKind, Growth, Latents, Mix, Mode,
};

const STILL: Mode = Mode::Train { update_stats: false };

fn settings(text: &str) -> Table {
    let mut table: Table =
        "z_dim = 4\nw_dim = 5\nmapping_layers = 2\nchannel_base = 64\nchannel_max = 4".parse().unwrap();
    table.extend(text.parse::<Table>().unwrap());
    table
}

fn generator(text: &str) -> Box<dyn Generator> {
    let config = GeneratorConfig::read(GeneratorKind::named(NAME).unwrap(), &settings(text)).unwrap();
    config.build(&Io::new([1, 16, 16]), Rng::new(0), DType::F32, &Device::Cpu).unwrap()
}

fn numbers(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

fn samples(g: &dyn Generator, latents: &Latents) -> Vec<f32> {
    numbers(&g.forward(GeneratorInput::new(latents), Mode::Eval).unwrap().samples)
}

#[test]
fn sampling_draws_neither_noise_nor_a_mix() {
    let g = generator("style_mixing = 1.0");
    let latents = g.draw(3, &mut Rng::new(1), &Device::Cpu).unwrap();
    assert!(latents.noise.is_empty() && latents.mix.is_none());
}

#[test]
fn training_draws_noise_for_each_layer_and_sometimes_a_mix() {
    let mut rng = Rng::new(1);
    for (text, probability) in [("", 0.9), ("style_mixing = 1.0", 1.0), ("style_mixing = 0.0", 0.0)] {
        let g = generator(text);
        let mapping = g.mapping().unwrap();
        assert_eq!((mapping.layers(), mapping.style_mixing()), (6, probability));
        let (mut mixed, mut from) = (0, [0; 6]);
        for _ in 0..400 {
            let latents = g.draw_for_training(2, &mut rng, &Device::Cpu).unwrap();
            let sides: Vec<usize> = latents.noise.iter().map(|noise| noise.dims()[3]).collect();
            assert_eq!(sides, [4, 8, 8, 16, 16]);
            assert!(latents.noise.iter().all(|noise| noise.dims()[..2] == [2, 1]));
            if let Some(mix) = latents.mix {
                assert_eq!(mix.z.dims(), [2, 4]);
                from[mix.from] += 1;
                mixed += 1;
            }
        }
        let deviation = 3.0 * (400.0 * probability * (1.0 - probability)).sqrt();
        assert!((f64::from(mixed) - 400.0 * probability).abs() <= deviation, "{mixed} of 400");
        assert_eq!(from[0], 0);
        if mixed > 0 {
            assert!(from[1..].iter().all(|count| *count > 0), "{from:?}");
        }
    }
    assert!(generator("use_noise = false").noise_for_training(2, &mut rng, &Device::Cpu).unwrap().is_empty());
}

/// Whatever latent vectors are drawn from, the second ones are, too.
#[test]
fn other_latent_distributions_keep_the_mapping() {
    let g = generator("latent = \"uniform\"\nstyle_mixing = 1.0");
    let latents = g.draw_for_training(64, &mut Rng::new(1), &Device::Cpu).unwrap();
    let mix = latents.mix.as_ref().unwrap();
    for z in [&latents.z, &mix.z] {
        assert!(numbers(z).iter().all(|x| x.abs() <= 1.0));
    }
    assert_eq!(latents.noise.len(), 5);
}

#[test]
fn a_part_of_a_mixed_batch_is_that_part_of_the_samples() {
    let g = generator("");
    for param in g.params().params().iter().filter(|param| param.name().ends_with("noise_strength")) {
        param.set(&Tensor::new(0.5f32, &Device::Cpu).unwrap()).unwrap();
    }
    let mut rng = Rng::new(1);
    let latents = g.draw_for_training(3, &mut rng, &Device::Cpu).unwrap();
    let second = Rng::new(2).normal((3, 4), DType::F32, &Device::Cpu).unwrap();
    let latents = Latents { mix: None, ..latents }.with_mix(Mix { z: second, from: 2 });
    let all = samples(g.as_ref(), &latents);
    let part = samples(g.as_ref(), &latents.narrow(1, 2).unwrap());
    for (a, b) in all[16 * 16..].iter().zip(&part) {
        assert!((a - b).abs() <= 1e-5, "{a} {b}");
    }
    let unmixed = Latents { mix: None, ..latents.clone() };
    assert_ne!(all, samples(g.as_ref(), &unmixed));
    assert_ne!(samples(g.as_ref(), &unmixed), samples(g.as_ref(), &Latents::new(latents.z)));
}

#[test]
fn the_centre_moves_once_where_statistics_do() {
    let g = generator("");
    let mapping = g.mapping().unwrap();
    let z = Rng::new(1).normal((3, 4), DType::F32, &Device::Cpu).unwrap();
    let latents = Latents::new(z.clone()).with_mix(Mix { z: (&z * 2.0).unwrap(), from: 1 });
    for mode in [Mode::Eval, STILL, Mode::Standing { pass: 0 }] {
        g.forward(GeneratorInput::new(&latents), mode).unwrap();
        assert_eq!(numbers(&mapping.centre()), [0.0; 5], "{mode:?}");
    }
    g.forward(GeneratorInput::new(&latents), Mode::Train { update_stats: true }).unwrap();
    let w = mapping.w(&z, Condition::none(), Mode::Eval).unwrap().mean(0).unwrap();
    for (moved, mean) in numbers(&mapping.centre()).into_iter().zip(numbers(&w)) {
        assert!((moved - 0.005 * mean).abs() <= 1e-6 * mean.abs() + 1e-9, "{moved} {mean}");
    }
}

#[test]
fn vectors_have_a_gradient_unless_the_network_is_frozen() {
    let g = generator("");
    let latents = g.draw(2, &mut Rng::new(1), &Device::Cpu).unwrap();
    let made = g.forward(GeneratorInput::new(&latents), STILL).unwrap();
    let ws = made.w.unwrap();
    let slope = grad(&made.samples, &[&ws], Graph::Discard).unwrap().remove(0);
    assert_eq!(slope.dims(), [2, 6, 5]);
    let slope = numbers(&slope);
    // Every layer has its part, and each sample.
    for row in slope.chunks(5) {
        assert!(row.iter().any(|x| *x != 0.0), "{slope:?}");
    }
    let frozen = g.params().freeze();
    let made = g.forward(GeneratorInput::new(&latents), STILL).unwrap();
    assert!(!made.samples.track_op() && !made.w.unwrap().track_op());
    drop(frozen);
}

#[test]
fn what_does_not_fit_is_refused_with_what_would() {
    let g = generator("");
    let mapping = g.mapping().unwrap();
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F32, &Device::Cpu).unwrap();
    let synthesise = |ws: &[usize], noise: &[Tensor]| {
        mapping.synthesise(&zeros(ws), noise, Growth::FULL, Mode::Eval).unwrap_err().to_string()
    };
    let error = synthesise(&[2, 5, 5], &[]);
    assert!(error.contains("expected (N, 6, 5)"), "{error}");
    let error = synthesise(&[2, 6, 5], &[zeros(&[2, 1, 4, 4])]);
    assert!(error.contains("noise for 1 layers, and has 5"), "{error}");
    let error = synthesise(&[2, 6, 5], &vec![zeros(&[2, 1, 4, 4]); 5]);
    assert!(error.contains("expected (2, 1, 8, 8)"), "{error}");
    let mixed = |z: &[usize], from: usize| {
        let latents = Latents::new(zeros(&[2, 4])).with_mix(Mix { z: zeros(z), from });
        g.forward(GeneratorInput::new(&latents), Mode::Eval).unwrap_err().to_string()
    };
    assert!(mixed(&[2, 3], 1).contains("z is [2, 3], expected (N, 4)"));
    assert!(mixed(&[1, 4], 1).contains("cannot be mixed"));
    assert!(mixed(&[2, 4], 6).contains("expected 1 to 5"));
}

#[test]
fn settings_that_cannot_be_used_are_named() {
    let problems = |text: &str, io: &Io| -> Vec<String> {
        let kind = GeneratorKind::named(NAME).unwrap();
        let config = GeneratorConfig::read(kind, &settings(text)).unwrap();
        let all = [config.check(), config.fits(io)].concat();
        all.iter().map(|problem| format!("{}: {problem}", problem.field)).collect()
    };
    let io = Io::new([3, 16, 16]);
    for (text, field) in [
        ("z_dim = 0", "z_dim"),
        ("w_dim = 100000", "w_dim"),
        ("mapping_layers = 0", "mapping_layers"),
        ("mapping_layers = 65", "mapping_layers"),
        ("channel_base = 15", "channel_base"),
        ("channel_base = 1000000000", "channel_base"),
        ("channel_max = 0", "channel_max"),
        ("conv_clamp = 0.0", "conv_clamp"),
        ("conv_clamp = nan", "conv_clamp"),
        ("style_mixing = 1.1", "style_mixing"),
        ("style_mixing = nan", "style_mixing"),
        ("conditional = true", "conditional"),
    ] {
        let found = problems(text, &io);
        assert!(found.len() == 1 && found[0].starts_with(field), "{text}: {found:?}");
    }
    for shape in
        [vec![3, 4, 4], vec![3, 24, 24], vec![3, 16, 32], vec![3, 2048, 2048], vec![0, 16, 16], vec![2]]
    {
        let found = problems("", &Io::new(shape.clone()));
        assert!(found.len() == 1 && found[0].contains("power of two"), "{shape:?}: {found:?}");
    }
    let kind = DiscriminatorKind::named(NAME).unwrap();
    for (text, field) in [
        ("mbstd_group = 0", "mbstd_group"),
        ("channel_base = 32\nchannel_max = 6\nmbstd_channels = 4", "mbstd_channels"),
        ("mbstd_channels = 100000", "mbstd_channels"),
        ("mapping_layers = 0", "mapping_layers"),
    ] {
        let found = DiscriminatorConfig::read(kind, &text.parse().unwrap()).unwrap().check();
        assert!(found.len() == 1 && found[0].field == field, "{text}: {found:?}");
    }
}

fn discriminator(text: &str) -> Box<dyn Discriminator> {
    let kind = DiscriminatorKind::named(NAME).unwrap();
    let mut table: Table = "channel_base = 64\nchannel_max = 4".parse().unwrap();
    table.extend(text.parse::<Table>().unwrap());
    let config = DiscriminatorConfig::read(kind, &table).unwrap();
    config.build(&Io::new([1, 16, 16]), Rng::new(0), DType::F32, &Device::Cpu).unwrap()
}

#[test]
fn freezable_layers_are_counted_from_the_image_on() {
    let both = |layer: &str| vec![format!("{layer}.weight"), format!("{layer}.bias")];
    let residual: Vec<Vec<String>> = vec![
        both("b16.fromrgb"),
        both("b16.conv0"),
        both("b16.conv1"),
        vec!["b16.skip.weight".to_owned()],
        both("b8.conv0"),
        both("b8.conv1"),
        vec!["b8.skip.weight".to_owned()],
    ];
    let skip: Vec<Vec<String>> =
        ["b16.fromrgb", "b16.conv0", "b16.conv1", "b8.fromrgb", "b8.conv0", "b8.conv1"].map(both).into();
    for (architecture, layers) in [("resnet", residual), ("skip", skip)] {
        let d = discriminator(&format!("architecture = \"{architecture}\""));
        for count in 0..10 {
            let expected: Vec<String> = layers.iter().take(count).flatten().cloned().collect();
            assert_eq!(d.freezable(count), expected, "{architecture} {count}");
        }
    }
}

/// The program's own numbers for one GPU (`train.py --cfg=auto --dry-run`).
#[test]
fn automatic_settings_are_those_of_the_program() {
    for (resolution, batch, group, base, rate, gamma, ema) in [
        (32, 32, 4, 16_384, 0.0025, 0.0064, 10.0),
        (64, 32, 4, 16_384, 0.0025, 0.0256, 10.0),
        (256, 16, 4, 16_384, 0.0025, 0.8192, 5.0),
        (512, 8, 4, 32_768, 0.0025, 6.5536, 2.5),
        (1024, 4, 4, 32_768, 0.002, 52.4288, 1.25),
        (2048, 2, 2, 32_768, 0.002, 419.4304, 0.625),
    ] {
        let auto = Stylegan2Auto::new(resolution, None);
        assert_eq!((auto.batch, auto.mbstd_group, auto.channel_base), (batch, group, base), "{resolution}");
        assert_eq!((auto.mapping_layers, auto.ema_rampup), (2, 0.05));
        assert_eq!((auto.learning_rate, auto.ema_kimg), (rate, ema), "{resolution}");
        assert!((auto.r1_gamma - gamma).abs() <= 1e-12 * gamma, "{resolution}: {}", auto.r1_gamma);
    }
    // Of other batches the same formulas.
    let auto = Stylegan2Auto::new(64, Some(64));
    assert_eq!((auto.batch, auto.mbstd_group, auto.ema_kimg), (64, 4, 20.0));
    assert!((auto.r1_gamma - 0.0128).abs() < 1e-15);
    for (resolution, batch) in [(0, Some(0)), (1 << 20, None)] {
        let auto = Stylegan2Auto::new(resolution, batch);
        assert_eq!((auto.batch, auto.mbstd_group), (1, 1));
        assert!(auto.r1_gamma.is_finite());
    }
}

#[test]
fn weights_of_other_shapes_are_refused_in_words() {
    let shapes_of = |params: &ganymede_tensor::Params| -> Shapes {
        let state: BTreeMap<String, Tensor> = params.state_dict();
        state.into_iter().map(|(name, tensor)| (name, tensor.dims().to_vec())).collect()
    };
    let g = shapes_of(generator("").params());
    let refusal = |change: &dyn Fn(&mut Shapes)| {
        let mut shapes = g.clone();
        change(&mut shapes);
        GeneratorConfig::infer(GeneratorKind::named(NAME).unwrap(), &shapes).unwrap_err().to_string()
    };
    let set = |name: &'static str, dims: Vec<usize>| {
        move |shapes: &mut Shapes| drop(shapes.insert(name.to_owned(), dims.clone()))
    };
    let without =
        |prefix: &'static str| move |shapes: &mut Shapes| shapes.retain(|name, _| !name.starts_with(prefix));
    for (change, says) in [
        (&set("synthesis.b8.conv1.weight", vec![7, 4, 3, 3]) as &dyn Fn(&mut Shapes), "channels"),
        (&set("mapping.embed.weight", vec![5, 3]), "of which the class has 5"),
        (&set("mapping.fc0.weight", vec![5]), "should have 2 axes"),
        (&without("mapping.fc0"), "no mapping.fc0.weight"),
        (&without("synthesis.b4"), "no layers at 4 pixels"),
        (&without("synthesis.b8"), "its images have 4 pixels"),
        (&without("synthesis.b16.torgb"), "no synthesis.b16.torgb.weight"),
    ] {
        let message = refusal(change);
        assert!(message.contains(says), "{message}");
    }
}
