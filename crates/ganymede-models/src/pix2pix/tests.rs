use ganymede_tensor::{DType, Device, Rng, Tensor};

use super::*;
use crate::spec::{DiscriminatorSpec, GeneratorSpec, NetworkSpec};
use crate::{Discriminator, DiscriminatorInput, Generator, GeneratorInput, Latents, Mode, ModelError};

const STILL: Mode = Mode::Train { update_stats: false };

fn io() -> Io {
    Io::with_images([3, 32, 32], [2, 32, 32])
}

fn generator(config: &Pix2pixGeneratorConfig, io: &Io) -> std::result::Result<Pix2pixGenerator, ModelError> {
    Pix2pixGenerator::new(config, io, Rng::new(1), DType::F32, &Device::Cpu)
}

fn discriminator(
    config: &Pix2pixDiscriminatorConfig,
    io: &Io,
) -> std::result::Result<Pix2pixDiscriminator, ModelError> {
    Pix2pixDiscriminator::new(config, io, Rng::new(2), DType::F32, &Device::Cpu)
}

fn small() -> Pix2pixGeneratorConfig {
    Pix2pixGeneratorConfig { width: 4, ..Default::default() }
}

fn patches() -> Pix2pixDiscriminatorConfig {
    Pix2pixDiscriminatorConfig { width: 4, ..Default::default() }
}

fn normal(shape: &[usize]) -> Tensor {
    Rng::new(5).normal(shape, DType::F32, &Device::Cpu).unwrap()
}

fn numbers(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

fn draw(g: &dyn Generator, n: usize, seed: u64) -> Latents {
    g.draw(n, &mut Rng::new(seed), &Device::Cpu).unwrap()
}

/// Of two samples, by their latents.
fn samples(g: &dyn Generator, latents: &Latents, mode: Mode) -> Vec<f32> {
    let told = Condition::Images(normal(&[2, 2, 32, 32]));
    numbers(&g.forward(GeneratorInput::new(latents).with_condition(&told), mode).unwrap().samples)
}

#[test]
fn it_halves_to_a_point_and_eight_times_at_most() {
    let halvings = |config: &Pix2pixGeneratorConfig, shape: [usize; 3]| {
        let io = Io::with_images(shape, [1, shape[1], shape[2]]);
        let g = generator(config, &io).unwrap();
        g.params().params().iter().filter(|p| p.var().dims().len() == 4).count() / 2
    };
    let thin = Pix2pixGeneratorConfig { width: 1, ..Default::default() };
    for (shape, expected) in [
        ([1, 32, 32], 5),
        ([1, 64, 64], 6),
        ([1, 256, 256], 8),
        ([1, 512, 512], 8),
        ([2, 28, 28], 2),
        ([1, 48, 64], 4),
    ] {
        assert_eq!(halvings(&thin, shape), expected, "{shape:?}");
    }
    assert_eq!(halvings(&Pix2pixGeneratorConfig { depth: Some(3), ..thin }, [1, 32, 32]), 3);
}

/// Names of the outermost, a middle and the innermost block, and of the list of convolutions.
#[test]
fn names_are_those_of_the_reference() {
    let names = |params: &ganymede_tensor::Params| params.state_dict().into_keys().collect::<Vec<_>>();
    let all = names(generator(&small(), &io()).unwrap().params());
    let [middle, inner] = ["model.model.1.model.3", "model.model.1.model.3.model.3.model.3.model"];
    for expected in [
        "model.model.0.weight".to_owned(),
        "model.model.3.bias".to_owned(),
        format!("{middle}.model.1.weight"),
        format!("{middle}.model.2.running_mean"),
        format!("{middle}.model.5.weight"),
        format!("{middle}.model.6.bias"),
        format!("{inner}.1.weight"),
        format!("{inner}.3.weight"),
        format!("{inner}.4.weight"),
    ] {
        assert!(all.contains(&expected), "{expected}: {all:?}");
    }
    // No bias before batch norm, nor in the innermost.
    assert_eq!(all.iter().filter(|name| name.ends_with(".0.bias") || name.ends_with(".1.bias")).count(), 0);

    let all = names(discriminator(&patches(), &io()).unwrap().params());
    for expected in
        ["model.0.bias", "model.2.weight", "model.3.running_var", "model.8.weight", "model.11.bias"]
    {
        assert!(all.iter().any(|name| name == expected), "{expected}: {all:?}");
    }
    let pixel = Pix2pixDiscriminatorConfig { layers: 0, norm: NormKind::Instance, ..patches() };
    let all = names(discriminator(&pixel, &io()).unwrap().params());
    assert_eq!(
        all,
        ["net.0.bias", "net.0.weight", "net.2.bias", "net.2.weight", "net.5.bias", "net.5.weight"]
    );
}

#[test]
fn dropout_is_drawn_before_and_half_of_it_drops() {
    let g = generator(&small(), &io()).unwrap();
    let latents = draw(&g, 2, 1);
    assert_eq!((latents.z.dims(), latents.count().unwrap()), (&[2, 0][..], 2));
    // Behind the three innermost doublings, from the innermost.
    let shapes: Vec<_> = latents.noise.iter().map(Tensor::dims).collect();
    assert_eq!(shapes, [[2, 32, 2, 2], [2, 16, 4, 4], [2, 8, 8, 8]]);
    let kept: Vec<u8> =
        latents.noise.iter().flat_map(|m| m.flatten_all().unwrap().to_vec1::<u8>().unwrap()).collect();
    let share = kept.iter().map(|&m| f64::from(m)).sum::<f64>() / kept.len() as f64;
    assert!((share - 0.5).abs() < 0.05, "{share}");

    let without = Latents::new(latents.z.clone());
    for mode in [STILL, Mode::Eval] {
        let first = samples(&g, &latents, mode);
        assert_eq!(first, samples(&g, &draw(&g, 2, 1), mode));
        assert_ne!(first, samples(&g, &draw(&g, 2, 2), mode));
        assert_ne!(first, samples(&g, &without, mode));
    }
    // A part of what is drawn is of a part of the samples.
    let part = latents.narrow(1, 1).unwrap();
    assert_eq!(part.noise[2].dims(), [1, 8, 8, 8]);
    assert_eq!(
        part.noise[0].flatten_all().unwrap().to_vec1::<u8>().unwrap(),
        latents.noise[0].flatten_all().unwrap().to_vec1::<u8>().unwrap()[128..]
    );

    let certain = generator(&Pix2pixGeneratorConfig { dropout: 0.0, ..small() }, &io()).unwrap();
    assert!(draw(&certain, 2, 1).noise.is_empty());
}

/// What is dropped is made up for: the mean over masks is the input.
#[test]
fn dropout_keeps_the_mean() {
    let dropout = crate::Dropout::new(0.25).unwrap();
    let x = Tensor::full(3f32, (100, 200), &Device::Cpu).unwrap();
    let mask = dropout.draw(x.shape(), &mut Rng::new(1), &Device::Cpu).unwrap();
    let y = dropout.forward(&x, &mask).unwrap();
    let mean = y.mean_all().unwrap().to_scalar::<f32>().unwrap();
    assert!((mean - 3.0).abs() < 0.05, "{mean}");
    assert!(numbers(&y).iter().all(|y| *y == 0.0 || (*y - 4.0).abs() < 1e-6));
    assert!(
        dropout.forward(&x, &mask.narrow(0, 0, 50).unwrap()).unwrap_err().to_string().contains("[50, 200]")
    );
    for rate in [-0.1, 1.0, f64::NAN] {
        assert!(crate::Dropout::new(rate).is_err());
    }
}

#[test]
fn noise_of_another_network_is_refused() {
    let g = generator(&small(), &io()).unwrap();
    let told = Condition::Images(normal(&[2, 2, 32, 32]));
    let refusal = |noise: Vec<Tensor>| {
        let latents = Latents::new(draw(&g, 2, 1).z).with_noise(noise);
        g.forward(GeneratorInput::new(&latents).with_condition(&told), STILL).unwrap_err().to_string()
    };
    let masks = draw(&g, 2, 1).noise;
    let message = refusal(masks[..2].to_vec());
    assert!(
        message.contains("expected masks [[2, 32, 2, 2], [2, 16, 4, 4], [2, 8, 8, 8]], or none"),
        "{message}"
    );
    assert!(refusal(masks.iter().rev().cloned().collect()).contains("pix2pix generator: the noise"));
    assert!(refusal(draw(&g, 3, 1).noise).contains("[3, 32, 2, 2]"));
}

#[test]
fn conditions_of_another_kind_or_shape_are_refused() {
    let (g, d) = (generator(&small(), &io()).unwrap(), discriminator(&patches(), &io()).unwrap());
    let (latents, x) = (draw(&g, 2, 1), normal(&[2, 3, 32, 32]));
    let labels = Tensor::new(&[0u32, 1], &Device::Cpu).unwrap();
    let fresh: Vec<_> =
        g.params().buffers().iter().map(|b| numbers(&b.get().to_dtype(DType::F32).unwrap())).collect();
    for (condition, expected) in [
        (Condition::None, "was given no images"),
        (Condition::Classes(labels), "conditioned on images"),
        (Condition::Vectors(normal(&[2, 4])), "conditioned on images"),
        (Condition::Images(normal(&[3, 2, 32, 32])), "[3, 2, 32, 32], expected (2, C, H, W)"),
        (Condition::Images(normal(&[2, 1, 32, 32])), "[2, 1, 32, 32], expected (2, ..) of [2, 32, 32]"),
        (Condition::Images(normal(&[2, 2, 16, 16])), "[2, 2, 16, 16]"),
        (Condition::Images(normal(&[2, 32, 32])), "[2, 32, 32], expected (2, C, H, W)"),
    ] {
        let train = Mode::Train { update_stats: true };
        let of_g = g.forward(GeneratorInput::new(&latents).with_condition(&condition), train);
        let of_d = d.forward(DiscriminatorInput::new(&x).with_condition(&condition), train);
        let messages = [of_g.unwrap_err().to_string(), of_d.unwrap_err().to_string()];
        for (message, who) in messages.iter().zip(["pix2pix generator: ", "pix2pix discriminator: "]) {
            assert!(message.starts_with(who) && message.contains(expected), "{message}");
        }
    }
    let now: Vec<_> =
        g.params().buffers().iter().map(|b| numbers(&b.get().to_dtype(DType::F32).unwrap())).collect();
    assert_eq!(now, fresh);
}

#[test]
fn bad_settings_and_data_are_named() {
    let refused = |config: Pix2pixGeneratorConfig, io: Io| generator(&config, &io).unwrap_err().to_string();
    let cases = [
        ("width = 0", Pix2pixGeneratorConfig { width: 0, ..small() }),
        ("depth = 0", Pix2pixGeneratorConfig { depth: Some(0), ..small() }),
        ("depth = 20", Pix2pixGeneratorConfig { depth: Some(20), ..small() }),
        ("dropout = 1", Pix2pixGeneratorConfig { dropout: 1.0, ..small() }),
        ("dropout = NaN", Pix2pixGeneratorConfig { dropout: f64::NAN, ..small() }),
        ("depth = samples of shape [3, 32, 32]", Pix2pixGeneratorConfig { depth: Some(6), ..small() }),
    ];
    for (text, config) in cases {
        let message = refused(config, io());
        assert!(message.starts_with(&format!("pix2pix: {text}")), "{message}");
    }
    for (io, expected) in [
        (Io::new([3, 32, 32]), "nothing beside them"),
        (Io::with_classes([3, 32, 32], 4), "samples of 4 classes"),
        (Io::with_images([3, 32, 32], [3, 16, 16]), "images [3, 16, 16] beside them"),
        (Io::with_images([3, 31, 32], [3, 31, 32]), "even sides"),
        (Io::new([2]), "shape [2]"),
    ] {
        let message = refused(small(), io.clone());
        assert!(message.contains(expected), "{message}");
        assert!(!Pix2pixGeneratorConfig::default().fits(&io).is_empty());
    }

    let refused =
        |config: Pix2pixDiscriminatorConfig, io: Io| discriminator(&config, &io).unwrap_err().to_string();
    let classes = refused(patches(), Io::with_classes([3, 32, 32], 4));
    assert!(classes.contains("samples of 4 classes") && classes.contains("conditional = false"), "{classes}");
    assert!(refused(Pix2pixDiscriminatorConfig { layers: 4, ..patches() }, io()).contains("48 to 2048"));
    assert!(refused(Pix2pixDiscriminatorConfig { layers: 99, ..patches() }, io()).contains("layers = 99"));
    let blind = Pix2pixDiscriminatorConfig { conditional: false, ..patches() };
    for io in [Io::new([3, 32, 32]), Io::with_classes([3, 32, 32], 4), io()] {
        let d = discriminator(&blind, &io).unwrap();
        let said = d.forward(DiscriminatorInput::new(&normal(&[2, 3, 32, 32])), Mode::Eval).unwrap();
        assert_eq!(said.scores.dims(), [2, 4]);
    }
}

/// Scores of as many patches as the convolutions leave.
#[test]
fn every_patch_has_a_score() {
    for (layers, shape, expected) in [
        (3, [3, 256, 256], 900),
        (3, [3, 32, 32], 4),
        (1, [3, 16, 16], 36),
        (2, [3, 14, 20], 3),
        (0, [3, 5, 6], 30),
    ] {
        let io = Io::with_images(shape, [2, shape[1], shape[2]]);
        let config = Pix2pixDiscriminatorConfig { width: 1, layers, ..Default::default() };
        let d = discriminator(&config, &io).unwrap();
        let told = Condition::Images(normal(&[1, 2, shape[1], shape[2]]));
        let x = normal(&[1, 3, shape[1], shape[2]]);
        let said = d.forward(DiscriminatorInput::new(&x).with_condition(&told), Mode::Eval).unwrap();
        assert_eq!(said.scores.dims(), [1, expected], "{layers} {shape:?}");
    }
}

/// The paper's at 256 pixels: 54.4 million parameters and 2.8 million, as its program prints them.
#[test]
fn the_networks_of_the_paper_have_its_size() {
    let io = Io::with_images([3, 256, 256], [3, 256, 256]);
    let g: &dyn GeneratorSpec = &Pix2pixGeneratorConfig::default();
    let d: &dyn DiscriminatorSpec = &Pix2pixDiscriminatorConfig::default();
    assert_eq!((g.size(&io).weights, d.size(&io).weights), (54_404_096, 2_766_848));
    // The first map is the largest, joined to what came up in the generator.
    assert_eq!((g.size(&io).activations, d.size(&io).activations), (128 * 128 * 128, 64 * 128 * 128));
}
