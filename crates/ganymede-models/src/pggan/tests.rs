use ganymede_tensor::{DType, Device, Params, Rng, Shapes, Tensor};
use toml::Table;

use super::*;
use crate::io::{Condition, Growth};
use crate::layers::norm::NormKind;
use crate::spec::NetworkSpec;
use crate::{
    ConditionShape, Discriminator, DiscriminatorConditioning, DiscriminatorConfig, DiscriminatorInput,
    Generator, GeneratorConditioning, GeneratorConfig, GeneratorInput, Latents, Mode,
};

fn io() -> Io {
    Io::new([3, 16, 16])
}

fn small() -> PgganGeneratorConfig {
    PgganGeneratorConfig { z_dim: 8, width_base: 128, width_max: 16, ..Default::default() }
}

fn judging() -> PgganDiscriminatorConfig {
    PgganDiscriminatorConfig { width_base: 128, width_max: 16, ..Default::default() }
}

fn generator(config: &PgganGeneratorConfig) -> PgganGenerator {
    PgganGenerator::new(config, &io(), Rng::new(1), DType::F32, &Device::Cpu).unwrap()
}

fn deviation(x: &Tensor) -> f32 {
    x.sqr().unwrap().mean_all().unwrap().to_scalar::<f32>().unwrap().sqrt()
}

fn shapes(params: &Params) -> Shapes {
    params.state_dict().iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect()
}

/// Fresh networks keep the scale at every stage, and their layers see weights of the same size whether the learning rate
/// is equalised or not.
#[test]
fn fresh_networks_keep_the_scale() {
    for equalised in [true, false] {
        let g = generator(&PgganGeneratorConfig { equalised, ..small() });
        let config = PgganDiscriminatorConfig { equalised, ..judging() };
        let d = PgganDiscriminator::new(&config, &io(), Rng::new(2), DType::F32, &Device::Cpu).unwrap();
        let latents = g.draw(16, &mut Rng::new(3), &Device::Cpu).unwrap();
        for stage in 0..3 {
            let growth = Growth { stage, alpha: 1.0 };
            let input = GeneratorInput { growth, ..GeneratorInput::new(&latents) };
            let samples = g.forward(input, Mode::Eval).unwrap().samples;
            let input = DiscriminatorInput { growth, ..DiscriminatorInput::new(&samples) };
            let scores = d.forward(input, Mode::Eval).unwrap().scores;
            let (of_samples, of_scores) = (deviation(&samples), deviation(&scores));
            assert!((0.5..3.0).contains(&of_samples), "{equalised} {stage}: {of_samples}");
            assert!((0.05..5.0).contains(&of_scores), "{equalised} {stage}: {of_scores}");
        }
    }
}

/// Latent vectors of one direction give one sample: they are brought to one length.
#[test]
fn latent_vectors_are_normalised() {
    let z = Rng::new(2).normal((1, 8), DType::F32, &Device::Cpu).unwrap();
    let made = |config: &PgganGeneratorConfig, factor: f64| {
        let latents = Latents::new((&z * factor).unwrap());
        generator(config).forward(GeneratorInput::new(&latents), Mode::Eval).unwrap().samples
    };
    let apart = |config: &PgganGeneratorConfig| deviation(&(made(config, 1.0) - made(config, 3.0)).unwrap());
    assert!(apart(&small()) < 1e-5);
    assert!(apart(&PgganGeneratorConfig { norm: NormKind::None, ..small() }) > 0.1);
}

#[test]
fn widths_are_those_of_the_paper_and_of_each_image() {
    let of = |side: usize| widths(stages(&Io::new([3, side, side])), USUAL_BASE, USUAL_MAX);
    assert_eq!(of(1024), [512, 512, 512, 512, 256, 128, 64, 32, 16]);
    assert_eq!(of(4), [512]);
    assert_eq!(widths(3, 40, 7), [7, 5, 2]);
    let config = PgganGeneratorConfig::default();
    assert_eq!([4, 8, 1024].map(|side| config.stages(&Io::new([1, side, side]))), [1, 2, 9]);
    // What stands around a network does not change how it grows.
    let wrapped = GeneratorConfig::from_table(&"kind = 'pggan'\nlatent = 'sphere'".parse().unwrap()).unwrap();
    let packed = DiscriminatorConfig::from_table(&"kind = 'pggan'\npack = 2".parse().unwrap()).unwrap();
    assert_eq!((wrapped.stages(&io()), packed.stages(&io())), (3, 3));
    let other = GeneratorConfig::from_table(&"kind = 'dcgan'".parse().unwrap()).unwrap();
    assert_eq!(other.stages(&io()), 1);
}

#[test]
fn the_images_of_a_stage() {
    let io = Io::with_classes([3, 32, 32], 5);
    for (stage, side) in [(0, 4), (1, 8), (3, 32), (4, 32), (usize::MAX, 32)] {
        assert_eq!(io.at_stage(stage, 4), Io::with_classes([3, side, side], 5));
    }
    // Of one stage, or of points, it is what it was.
    assert_eq!(io.at_stage(0, 1), io);
    assert_eq!(Io::new([2]).at_stage(0, 3), Io::new([2]));
    assert_eq!(Io::new([3, 4, 4]).at_stage(0, 200).sample, [3, 0, 0]);
    assert_eq!(Growth::FULL.stage_of(0), 0);
}

#[test]
fn bad_settings_and_data_are_named() {
    let g = small();
    let d = judging();
    for (problems, field) in [
        (PgganGeneratorConfig { z_dim: 0, ..g.clone() }.check(), "z_dim"),
        (PgganGeneratorConfig { width_base: 0, ..g.clone() }.check(), "width_base"),
        (PgganGeneratorConfig { width_max: MOST_WIDTH + 1, ..g.clone() }.check(), "width_max"),
        (PgganGeneratorConfig { norm: NormKind::Batch, ..g.clone() }.check(), "norm"),
        (PgganGeneratorConfig { norm: NormKind::Virtual, ..g.clone() }.check(), "norm"),
        (
            PgganGeneratorConfig { conditioning: GeneratorConditioning::Norm, ..g.clone() }.check(),
            "conditioning",
        ),
        (PgganGeneratorConfig { embed_dim: Some(3), ..g.clone() }.check(), "embed_dim"),
        (PgganDiscriminatorConfig { width_base: MOST_BASE + 1, ..d.clone() }.check(), "width_base"),
        (
            PgganDiscriminatorConfig { conditioning: DiscriminatorConditioning::Concat, ..d.clone() }.check(),
            "conditioning",
        ),
        (g.fits(&Io::new([3, 256, 256])), "width_base"),
        (d.fits(&Io::new([3, 256, 256])), "width_base"),
        (g.fits(&Io::new([3, 28, 28])), NAME),
        (g.fits(&Io::new([3, 8, 16])), NAME),
        (g.fits(&Io::new([3, 2, 2])), NAME),
        (d.fits(&Io::new([3, 4096, 4096])), NAME),
        (d.fits(&Io::new([0, 8, 8])), NAME),
        (d.fits(&Io::new([2])), NAME),
        (
            PgganGeneratorConfig { conditioning: GeneratorConditioning::Concat, ..g.clone() }.fits(&io()),
            "conditioning",
        ),
        (
            PgganDiscriminatorConfig { conditioning: DiscriminatorConditioning::Auxiliary, ..d.clone() }
                .fits(&io()),
            "conditioning",
        ),
    ] {
        let [problem] = &problems[..] else { panic!("{field}: {problems:?}") };
        assert_eq!(problem.field, field);
    }
    assert!(g.fits(&Io::new([1, 4, 4])).is_empty() && d.fits(&Io::new([1, 128, 128])).is_empty());
}

/// Widths that no settings make, too many stages, and files in which a layer is no convolution.
#[test]
fn weights_of_other_networks_are_told_why() {
    let g = shapes(generator(&small()).params());
    let refusal = |change: &dyn Fn(&mut Shapes)| {
        let mut shapes = g.clone();
        change(&mut shapes);
        GeneratorConfig::infer(&GENERATOR, &shapes).unwrap_err().to_string()
    };
    let wider =
        |shapes: &mut Shapes| drop(shapes.insert("toRGBLayers.1.module.weight".into(), vec![3, 99, 1, 1]));
    assert!(refusal(&wider).contains("the widths [16, 99, 8]"), "{}", refusal(&wider));
    let none = |shapes: &mut Shapes| shapes.retain(|name, _| !name.starts_with("toRGB"));
    assert!(refusal(&none).contains("it has 0 layers toRGBLayers.N.module"), "{}", refusal(&none));
    let many = |shapes: &mut Shapes| {
        for stage in 0..30 {
            shapes.insert(format!("toRGBLayers.{stage}.module.weight"), vec![3, 16, 1, 1]);
        }
    };
    assert!(refusal(&many).contains("it has 30 layers"), "{}", refusal(&many));
    let huge = |shapes: &mut Shapes| {
        for stage in 0..3 {
            shapes.insert(format!("toRGBLayers.{stage}.module.weight"), vec![3, usize::MAX / 2, 1, 1]);
        }
    };
    assert!(refusal(&huge).contains("width"), "{}", refusal(&huge));
    let flat = |shapes: &mut Shapes| drop(shapes.insert("toRGBLayers.0.module.weight".into(), vec![3, 16]));
    assert!(refusal(&flat).contains("should have 4 axes"), "{}", refusal(&flat));
}

/// A classifier's logits do not depend on what is said of a sample, and are refused a place where there are no classes.
#[test]
fn classes_are_told_and_judged() {
    let io = Io::with_classes([3, 8, 8], 4);
    let conditioning = DiscriminatorConditioning::Auxiliary;
    let config = PgganDiscriminatorConfig { conditioning, ..judging() };
    let d = PgganDiscriminator::new(&config, &io, Rng::new(2), DType::F32, &Device::Cpu).unwrap();
    let x = Rng::new(3).normal((2, 3, 8, 8), DType::F32, &Device::Cpu).unwrap();
    let said = d.forward(DiscriminatorInput::new(&x), Mode::Eval).unwrap();
    assert_eq!((said.scores.dims(), said.class_logits.unwrap().dims()), (&[2][..], &[2, 4][..]));
    let told = PgganGeneratorConfig { conditioning: GeneratorConditioning::Concat, ..small() };
    let g = PgganGenerator::new(&told, &io, Rng::new(1), DType::F32, &Device::Cpu).unwrap();
    let latents = g.draw(2, &mut Rng::new(3), &Device::Cpu).unwrap();
    let classes = Condition::Classes(Tensor::new(&[0u32, 3], &Device::Cpu).unwrap());
    let input = GeneratorInput::new(&latents).with_condition(&classes);
    assert_eq!(g.forward(input, Mode::Eval).unwrap().samples.dims(), [2, 3, 8, 8]);
    let vectors = Io { sample: vec![3, 8, 8], condition: ConditionShape::Vectors(4) };
    assert!(!config.fits(&vectors).is_empty() && told.fits(&vectors).is_empty());
    let written: Table = told.write();
    assert_eq!(written["embed_dim"].as_integer(), Some(50));
}
