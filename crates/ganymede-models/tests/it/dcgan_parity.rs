//! DCGAN against the layers of PyTorch's tutorial: outputs, gradients, statistics.

use ganymede_models::{
    DcganConfig, DcganDiscriminator, DcganGenerator, Discriminator, Generator, Mode, NormKind,
};
use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, watch};

use crate::support::{DTYPES, Fixture, snapshot};

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

fn config(resolution: usize, channels: usize, z_dim: usize, width: usize, cap: usize) -> DcganConfig {
    DcganConfig { resolution, channels, z_dim, width, max_multiplier: cap, ..Default::default() }
}

fn check_generator(case: &str, config: &DcganConfig) {
    for dtype in DTYPES {
        let fixture = Fixture::open("dcgan", dtype);
        let g = DcganGenerator::new(config, Rng::new(0), dtype, &Device::Cpu).unwrap();
        check(&fixture, case, g.params(), &|z, mode| g.forward(z, None, mode));
        let inferred = DcganConfig::infer(&fixture.below(&format!("{case}/before"))).unwrap();
        assert_eq!(&inferred, config);
    }
}

fn check_discriminator(case: &str, config: &DcganConfig) {
    for dtype in DTYPES {
        let fixture = Fixture::open("dcgan", dtype);
        let d = DcganDiscriminator::new(config, Rng::new(0), dtype, &Device::Cpu).unwrap();
        // The tutorial's network gives (N, 1, 1, 1).
        check(&fixture, case, d.params(), &|x, mode| d.forward(x, None, mode)?.scores.reshape(((), 1, 1, 1)));
    }
}

#[test]
fn generator_of_the_tutorial() {
    check_generator("g64", &config(64, 1, 6, 2, 8));
}

#[test]
fn discriminator_of_the_tutorial() {
    check_discriminator("d64", &config(64, 1, 100, 2, 8));
}

#[test]
fn generator_16_pixels() {
    check_generator("g16", &config(16, 3, 5, 3, 8));
}

#[test]
fn discriminator_16_pixels() {
    check_discriminator("d16", &config(16, 3, 100, 3, 8));
}

#[test]
fn generator_capped() {
    check_generator("g32cap2", &config(32, 1, 4, 2, 2));
}

#[test]
fn discriminator_capped() {
    check_discriminator("d32cap2", &config(32, 1, 100, 2, 2));
}

#[test]
fn latents_of_both_shapes() {
    let config = config(16, 3, 5, 3, 8);
    let g = DcganGenerator::new(&config, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    let z = Rng::new(1).normal((3, 5), DType::F32, &Device::Cpu).unwrap();
    let flat = g.forward(&z, None, Mode::Eval).unwrap();
    let images = g.forward(&z.reshape((3, 5, 1, 1)).unwrap(), None, Mode::Eval).unwrap();
    let values = |t: &Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(values(&flat), values(&images));
}

#[test]
fn another_architecture_is_refused_and_changes_nothing() {
    let fixture = Fixture::open("dcgan", DType::F32);
    let weights = fixture.below("g64/before");
    let wider = config(64, 1, 6, 3, 8);
    let g = DcganGenerator::new(&wider, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    let before = snapshot(g.params());
    let message = g.params().load_state_dict(&weights).unwrap_err().to_string();
    assert!(message.contains("main.0.weight"), "{message}");
    assert_eq!(before, snapshot(g.params()));

    let no_norm = DcganConfig { norm: NormKind::None, ..config(64, 1, 6, 2, 8) };
    let g = DcganGenerator::new(&no_norm, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    assert!(g.params().load_state_dict(&weights).is_err());
}
