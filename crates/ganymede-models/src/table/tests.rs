use ganymede_tensor::{DType, Device, Rng};
use toml::Table;

use super::*;
use crate::layers::tally;
use crate::{Condition, ConditionShape, DiscriminatorInput, GeneratorInput, Mode};

fn table(text: &str) -> Table {
    text.parse().unwrap()
}

#[test]
fn every_network_is_named_described_and_found() {
    let check = |name: &str, summary: &str, paper: &str| {
        assert!(!summary.is_empty() && !summary.contains('\n'), "{name}");
        assert!(paper.contains("arXiv:"), "{name}");
    };
    for kind in GENERATORS {
        check(kind.name, kind.summary, kind.paper);
        assert_eq!(GeneratorKind::named(kind.name).unwrap().name, kind.name);
        assert!((kind.examples)().iter().all(|(_, io)| SampleKind::of(&io.sample) == kind.samples));
    }
    for kind in DISCRIMINATORS {
        check(kind.name, kind.summary, kind.paper);
        assert_eq!(DiscriminatorKind::named(kind.name).unwrap().name, kind.name);
        assert!((kind.examples)().iter().all(|(_, io)| SampleKind::of(&io.sample) == kind.samples));
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = GENERATORS.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), GENERATORS.len());
    let mut names: Vec<&str> = DISCRIMINATORS.iter().map(|kind| kind.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), DISCRIMINATORS.len());
}

#[test]
fn unknown_names_offer_the_nearest() {
    let message = GeneratorKind::named("dcgna").unwrap_err().to_string();
    assert!(
        message.starts_with("there is no generator named \"dcgna\", did you mean \"dcgan\"?"),
        "{message}"
    );
    let message = DiscriminatorKind::named("xyz").unwrap_err().to_string();
    assert!(message.starts_with("there is no discriminator named \"xyz\"; known are "), "{message}");
}

#[test]
fn unknown_settings_and_wrong_types_are_named() {
    let refusal = |text: &str| GeneratorConfig::from_table(&table(text)).unwrap_err().to_string();
    let message = refusal("kind = \"dcgan\"\nwdith = 32");
    assert!(message.contains("wdith") && message.contains("width"), "{message}");
    assert!(refusal("kind = \"mlp\"\nnorm = \"batch\"").contains("norm"));
    assert!(refusal("width = 32").contains("no generator named \"\""));
    for (text, found) in [("width = \"wide\"", "wide"), ("norm = \"bacth\"", "bacth"), ("width = -1", "-1")] {
        let fault = GeneratorConfig::read(&dcgan::GENERATOR, &table(text)).unwrap_err();
        assert_eq!(fault.path, [text.split(' ').next().unwrap()], "{text}");
        assert!(fault.message.contains(found), "{fault}");
    }
}

#[test]
fn a_configuration_is_its_settings_not_how_they_were_typed() {
    let all = GeneratorConfig::from_table(&table("kind = \"dcgan\"\nnorm = \"batch\"")).unwrap();
    let bare = GeneratorConfig::from_table(&table("kind = \"dcgan\"")).unwrap();
    assert_eq!(all, bare);
    assert_eq!(GeneratorConfig::from_table(&bare.write()).unwrap(), bare);
    let other = GeneratorConfig::from_table(&table("kind = \"dcgan\"\nwidth = 8")).unwrap();
    assert_ne!(other, bare);
    // What follows from another setting is written down.
    let d = DiscriminatorConfig::from_table(&table("kind = \"dcgan\"\nspectral = true")).unwrap();
    assert_eq!(d.write()["norm"].as_str(), Some("none"));
}

#[test]
fn what_weights_do_not_tell_is_not_guessed() {
    let error = GeneratorConfig::infer(&mlp::GENERATOR, &Shapes::new()).unwrap_err();
    assert!(matches!(error, ModelError::NotInferable { model: "mlp", .. }));
}

/// What a batch of `n` is told.
fn told(io: &Io, n: usize) -> Condition {
    let numbers = |shape: Vec<usize>| Rng::new(3).normal(shape, DType::F32, &Device::Cpu).unwrap();
    match &io.condition {
        ConditionShape::None => Condition::None,
        ConditionShape::Classes(classes) => {
            Condition::Classes(Rng::new(3).labels(n, *classes, &Device::Cpu).unwrap())
        }
        ConditionShape::Vectors(dim) => Condition::Vectors(numbers(vec![n, *dim])),
        ConditionShape::Images(shape) => Condition::Images(numbers([&[n], &shape[..]].concat())),
    }
}

#[test]
fn products_and_parameters_are_known_before_a_network_is_made() {
    const N: usize = 2;
    for (spec, io) in GENERATORS.iter().flat_map(|kind| (kind.examples)()) {
        let g = spec.build(&io, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
        let latents = g.draw(N, &mut Rng::new(1), &Device::Cpu).unwrap();
        let condition = told(&io, N);
        let input = GeneratorInput::new(&latents).with_condition(&condition);
        let products = tally::counted(|| drop(g.forward(input, Mode::Eval).unwrap()));
        let size = spec.size(&io);
        let all = N + spec.traits().reference;
        assert_eq!(products, all as u128 * size.products, "{spec:?} for {io:?}");
        assert_eq!(g.params().num_elements() as u128, size.parameters(), "{spec:?} for {io:?}");
    }
    for (spec, io) in DISCRIMINATORS.iter().flat_map(|kind| (kind.examples)()) {
        let d = spec.build(&io, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
        // Of packs there are as many as samples were asked for.
        let shape = [&[N], &d.io().sample[..]].concat();
        let samples = Rng::new(1).normal(shape, DType::F32, &Device::Cpu).unwrap();
        let condition = told(&io, N);
        let input = DiscriminatorInput::new(&samples).with_condition(&condition);
        let products = tally::counted(|| drop(d.forward(input, Mode::Eval).unwrap()));
        let size = spec.size(&io);
        assert_eq!(products, N as u128 * size.products, "{spec:?} for {io:?}");
        assert_eq!(d.params().num_elements() as u128, size.parameters(), "{spec:?} for {io:?}");
    }
}

/// Parameters, and multiplications of a sample's forward pass, as `FlopCounterMode` of PyTorch counts them for the
/// networks of `crates/ganymede/peers/networks.py`, for stylegan2-ada-pytorch's own and for pytorch_GAN_zoo's of PGGAN (23.1
/// million each in the paper's table 2); without the filters of R3GAN and StyleGAN2.
#[test]
fn published_networks_are_as_large_as_other_programs_count_them() {
    let plain = |side: usize| Io::new([3, side, side]);
    let told = Io::with_classes([3, 32, 32], 10);
    let small = "kind = 'r3gan'\nwidth = 128";
    let judging = "kind = 'stylegan2'\nchannel_base = 16384\nchannel_max = 256\nconditional = true";
    let styled = &format!("{judging}\nmapping_layers = 2");
    let generators = [
        ("kind = 'dcgan'", plain(64), 3_576_704, 104_628_224),
        ("kind = 'sngan'", plain(32), 4_276_739, 1_615_069_184),
        ("kind = 'sagan'", plain(32), 4_358_660, 1_638_662_144),
        ("kind = 'biggan'", told.clone(), 4_358_915, 1_615_153_152),
        (small, plain(32), 833_920, 279_617_536 - 688_128),
        ("kind = 'stylegan2'", plain(64), 27_032_600, 16_095_109_120),
        (styled, told.clone(), 6_375_443, 1_003_619_328),
        ("kind = 'pggan'", plain(32), 20_727_308, 6_385_303_552),
        ("kind = 'pggan'", plain(1024), 23_086_795, 42_672_848_896),
    ];
    for (text, io, parameters, products) in generators {
        let size = GeneratorConfig::from_table(&table(text)).unwrap().size(&io);
        assert_eq!((size.parameters(), size.products), (parameters, products), "{text}");
    }
    let discriminators = [
        ("kind = 'dcgan'", plain(64), 2_765_568, 103_817_216),
        ("kind = 'dcgan'\nnorm = 'none'", plain(64), 2_764_737, 103_817_216),
        ("kind = 'sngan'", plain(32), 1_053_825, 268_927_104),
        ("kind = 'sagan'", plain(32), 1_074_306, 270_319_744),
        ("kind = 'biggan'", told.clone(), 4_207_361, 1_068_433_664),
        (small, plain(32), 825_856, 279_609_472 - 688_128),
        ("kind = 'stylegan2'", plain(64), 26_488_833, 16_448_037_376),
        (judging, told, 5_974_272, 1_024_825_856),
        ("kind = 'pggan'", plain(32), 20_726_785, 6_385_377_792),
        ("kind = 'pggan'", plain(1024), 23_087_249, 42_672_923_136),
    ];
    for (text, io, parameters, products) in discriminators {
        let size = DiscriminatorConfig::from_table(&table(text)).unwrap().size(&io);
        assert_eq!((size.parameters(), size.products), (parameters, products), "{text}");
    }
}

/// DCGAN at 64 pixels, layer by layer: both channels, and the places of the smaller map.
#[test]
fn a_count_by_hand_is_the_same() {
    let layers: [[u128; 3]; 5] =
        [[100, 512, 1], [512, 256, 16], [256, 128, 64], [128, 64, 256], [64, 3, 1024]];
    let by_hand: u128 = layers.iter().map(|[from, to, places]| from * to * 16 * places).sum();
    let config = GeneratorConfig::from_table(&table("kind = 'dcgan'")).unwrap();
    assert_eq!(config.size(&Io::new([3, 64, 64])).products, by_hand);
}
