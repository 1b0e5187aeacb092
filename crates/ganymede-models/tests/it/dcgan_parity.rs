//! DCGAN against the layers of PyTorch's tutorial: outputs, gradients, statistics.

use ganymede_models::{
    DcganDiscriminator, DcganDiscriminatorConfig, DcganGenerator, DcganGeneratorConfig, Discriminator,
    Generator, GeneratorConfig, GeneratorKind, Io, Mode, NormKind,
};
use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, watch};

use crate::support::{DTYPES, Fixture, generate, score, snapshot};

const TRAIN: Mode = Mode::Train { update_stats: true };

type Forward<'a> = &'a dyn Fn(&Tensor, Mode) -> Result<Tensor>;

/// One training forward with its gradients, then evaluation with the statistics that it left.
fn check(fixture: &Fixture, case: &str, params: &Params, forward: Forward) {
    params.load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
    let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
    let output = forward(&x, TRAIN).unwrap();
    fixture.assert(&format!("{case}/train"), &output);
    fixture.assert_gradients(case, params, &x, &output);
    for buffer in params.buffers() {
        fixture.assert(&format!("{case}/after/{}", buffer.name()), &buffer.get());
    }
    assert_eq!(fixture.below(&format!("{case}/after")).len(), params.buffers().len());
    fixture.assert(&format!("{case}/eval"), &forward(&x.detach(), Mode::Eval).unwrap());
}

/// Images of some channels and a side.
fn io(channels: usize, side: usize) -> Io {
    Io::new([channels, side, side])
}

fn generator(z_dim: usize, width: usize, max_multiplier: usize) -> DcganGeneratorConfig {
    DcganGeneratorConfig { z_dim, width, max_multiplier, ..Default::default() }
}

fn check_generator(case: &str, config: &DcganGeneratorConfig, io: &Io) {
    for dtype in DTYPES {
        let fixture = Fixture::open("dcgan", dtype);
        let g = DcganGenerator::new(config, io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        check(&fixture, case, g.params(), &|z, mode| generate(&g, z, mode));
        let state = fixture.below(&format!("{case}/before"));
        let shapes = state.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
        let kind = GeneratorKind::named("dcgan").unwrap();
        let (inferred, data) = GeneratorConfig::infer(kind, &shapes).unwrap();
        let expected = toml::Table::try_from(config).unwrap();
        assert_eq!((inferred, &data), (GeneratorConfig::read(kind, &expected).unwrap(), io));
    }
}

fn check_discriminator(case: &str, width: usize, max_multiplier: usize, io: &Io) {
    let config = DcganDiscriminatorConfig { width, max_multiplier, ..Default::default() };
    for dtype in DTYPES {
        let fixture = Fixture::open("dcgan", dtype);
        let d = DcganDiscriminator::new(&config, io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        // The tutorial's network gives (N, 1, 1, 1).
        check(&fixture, case, d.params(), &|x, mode| score(&d, x, mode)?.reshape(((), 1, 1, 1)));
    }
}

#[test]
fn generator_of_the_tutorial() {
    check_generator("g64", &generator(6, 2, 8), &io(1, 64));
}

#[test]
fn discriminator_of_the_tutorial() {
    check_discriminator("d64", 2, 8, &io(1, 64));
}

#[test]
fn generator_16_pixels() {
    check_generator("g16", &generator(5, 3, 8), &io(3, 16));
}

#[test]
fn discriminator_16_pixels() {
    check_discriminator("d16", 3, 8, &io(3, 16));
}

#[test]
fn generator_capped() {
    check_generator("g32cap2", &generator(4, 2, 2), &io(1, 32));
}

#[test]
fn discriminator_capped() {
    check_discriminator("d32cap2", 2, 2, &io(1, 32));
}

#[test]
fn latents_of_both_shapes() {
    let config = generator(5, 3, 8);
    let g = DcganGenerator::new(&config, &io(3, 16), Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    let z = Rng::new(1).normal((3, 5), DType::F32, &Device::Cpu).unwrap();
    let flat = generate(&g, &z, Mode::Eval).unwrap();
    let images = generate(&g, &z.reshape((3, 5, 1, 1)).unwrap(), Mode::Eval).unwrap();
    let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(values(&flat), values(&images));
}

#[test]
fn another_architecture_is_refused_and_changes_nothing() {
    let fixture = Fixture::open("dcgan", DType::F32);
    let weights = fixture.below("g64/before");
    let wider = generator(6, 3, 8);
    let g = DcganGenerator::new(&wider, &io(1, 64), Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    let before = snapshot(g.params());
    let message = g.params().load_state_dict(&weights).unwrap_err().to_string();
    assert!(message.contains("main.0.weight"), "{message}");
    assert_eq!(before, snapshot(g.params()));

    let no_norm = DcganGeneratorConfig { norm: NormKind::None, ..generator(6, 2, 8) };
    let g = DcganGenerator::new(&no_norm, &io(1, 64), Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    assert!(g.params().load_state_dict(&weights).is_err());
}
