//! PGGAN against pytorch_GAN_zoo at each stage and in the midst of a fade: outputs, gradients of first and second order;
//! and a file of its trainer.

use std::path::Path;

use ganymede_models::{
    Discriminator, DiscriminatorConditioning, DiscriminatorInput, Generator, GeneratorInput, Growth, Hints,
    Io, Latents, Mode, Network, NetworkKind, PgganDiscriminator, PgganDiscriminatorConfig, PgganGenerator,
    PgganGeneratorConfig, Role, minibatch_stddev_unbiased, recognise,
};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Device, Params, Result, Rng, Shapes, Tensor, fit_weights, watch};

use crate::support::{DTYPES, Fixture, check_all, normal};

const TRAIN: Mode = Mode::Train { update_stats: true };
const CLASSES: usize = 3;

fn io() -> Io {
    Io::new([3, 16, 16])
}

fn generator() -> PgganGeneratorConfig {
    PgganGeneratorConfig { z_dim: 5, width_base: 64, width_max: 6, ..Default::default() }
}

fn discriminator() -> PgganDiscriminatorConfig {
    PgganDiscriminatorConfig { width_base: 64, width_max: 6, ..Default::default() }
}

fn check(fixture: &Fixture, case: &str, params: &Params, forward: &dyn Fn(&Tensor, Mode) -> Result<Tensor>) {
    let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
    let output = forward(&x, TRAIN).unwrap();
    fixture.assert(&format!("{case}/train"), &output);
    fixture.assert_gradients(case, params, &x, &output);
    fixture.assert(&format!("{case}/train"), &forward(&x, Mode::Eval).unwrap());
    if output.rank() == 1 {
        fixture.assert_r1(case, params, &|x| forward(x, TRAIN));
    }
}

#[test]
fn generators_of_every_stage() {
    for dtype in DTYPES {
        let fixture = Fixture::open("pggan", dtype);
        let g = PgganGenerator::new(&generator(), &io(), Rng::new(0), dtype, &Device::Cpu).unwrap();
        g.params().load_state_dict(&fixture.below("g/before")).unwrap();
        for (case, stage, alpha) in [
            ("g_4", 0, 1.0),
            ("g_8", 1, 1.0),
            ("g_8_fading", 1, 0.25),
            ("g_16", usize::MAX, 1.0),
            ("g_16_fading", 2, 0.7),
        ] {
            check(&fixture, case, g.params(), &|z, mode| {
                let latents = Latents::new(z.clone());
                let growth = Growth { stage, alpha };
                Ok(g.forward(GeneratorInput { growth, ..GeneratorInput::new(&latents) }, mode)?.samples)
            });
        }
    }
}

fn check_discriminator(
    config: &PgganDiscriminatorConfig,
    io: &Io,
    whole: &str,
    cases: &[(&str, usize, f64)],
) {
    for dtype in DTYPES {
        let fixture = Fixture::open("pggan", dtype);
        let d = PgganDiscriminator::new(config, io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        d.params().load_state_dict(&fixture.below(&format!("{whole}/before"))).unwrap();
        for &(case, stage, alpha) in cases {
            check(&fixture, case, d.params(), &|x, mode| {
                let growth = Growth { stage, alpha };
                let said = d.forward(DiscriminatorInput { growth, ..DiscriminatorInput::new(x) }, mode)?;
                match said.class_logits {
                    Some(logits) => Tensor::cat(&[&said.scores.unsqueeze(1)?, &logits], 1),
                    None => Ok(said.scores),
                }
            });
        }
    }
}

#[test]
fn discriminators_of_every_stage() {
    let cases = [("d_4", 0, 1.0), ("d_8", 1, 1.0), ("d_16", usize::MAX, 1.0), ("d_16_fading", 2, 0.7)];
    check_discriminator(&discriminator(), &io(), "d", &cases);
}

#[test]
fn a_discriminator_that_classifies() {
    let conditioning = DiscriminatorConditioning::Auxiliary;
    let config = PgganDiscriminatorConfig { conditioning, ..discriminator() };
    let io = Io::with_classes([3, 16, 16], CLASSES);
    check_discriminator(&config, &io, "aux", &[("aux_16_fading", 2, 0.25)]);
}

/// Both networks and the average of a file that pytorch_GAN_zoo's trainer wrote, settings being read off the weights.
#[test]
fn a_file_of_the_references_trainer() {
    let fixture = Fixture::open("pggan", DType::F32);
    let file = "tests/fixtures/pggan/checkpoint.pt";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let hints = Hints::default();
    let found = |role, key| {
        let kind = NetworkKind::named(role, "pggan").unwrap();
        let fits = |shapes: &Shapes| recognise(kind, shapes, &hints).ok().map(|found| found.left_out);
        let tensors = fit_weights(&path, key, &fits, &Device::Cpu)?.tensors;
        let shapes = tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
        let found = recognise(kind, &shapes, &hints).unwrap();
        assert_eq!((found.dialect.name, &found.io), ("pytorch-gan-zoo", &io()));
        let tensors = found.tensors(&tensors).unwrap();
        Ok::<_, ganymede_tensor::CheckpointError>((found, tensors))
    };
    for key in ["netG", "avgG"] {
        let (found, tensors) = found(Role::Generator, Some(key)).unwrap();
        let Network::Generator(config) = &found.network else { panic!("{found:?}") };
        let g = config.build(&found.io, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
        g.params().load_state_dict(&tensors).unwrap();
        let latents = Latents::new(fixture.get("checkpoint/input"));
        let samples = g.forward(GeneratorInput::new(&latents), Mode::Eval).unwrap().samples;
        fixture.assert(&format!("checkpoint/{key}"), &samples);
    }
    let message = found(Role::Generator, None).unwrap_err().to_string();
    assert!(message.contains("avgG") && message.contains("netG"), "{message}");

    let (found, tensors) = found(Role::Discriminator, None).unwrap();
    let Network::Discriminator(config) = &found.network else { panic!("{found:?}") };
    let d = config.build(&found.io, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    d.params().load_state_dict(&tensors).unwrap();
    let images = fixture.get("checkpoint/images");
    let scores = d.forward(DiscriminatorInput::new(&images), Mode::Eval).unwrap().scores;
    fixture.assert("checkpoint/netD", &scores);
}

/// Where the groups of a batch lie, what its variance is divided by, and both orders.
#[test]
fn the_deviation_of_neighbours() {
    // The last of the group that is no multiple sees the whole batch.
    let rows = [1.0, 3.0, 10.0, 14.0, -1.0, 5.0f64];
    let x = Tensor::from_slice(&rows, (6, 1), &Device::Cpu).unwrap();
    let found = |n: usize, group: usize| {
        let deviation = minibatch_stddev_unbiased(&x.narrow(0, 0, n).unwrap(), group).unwrap();
        deviation.flatten_all().unwrap().to_vec1::<f64>().unwrap()
    };
    let assert_near = |found: Vec<f64>, expected: &[f64]| {
        let [found, expected] =
            [&found[..], expected].map(|values| Tensor::new(values, &Device::Cpu).unwrap());
        assert_close(&found, &expected, Tol { rel: 1e-8, abs: 1e-8 });
    };
    let [one, two, three] = [2f64, 8.0, 18.0].map(f64::sqrt);
    assert_near(found(6, 2), &[one, one, two, two, three, three]);
    let mean = rows.iter().sum::<f64>() / 6.0;
    let whole = (rows.iter().map(|row| (row - mean).powi(2)).sum::<f64>() / 5.0).sqrt();
    assert_near(found(6, 4), &[whole; 6]);
    assert_near(found(2, 4), &[one; 2]);
    assert_eq!(found(1, 4), [0.0]);
    for n in [1, 3, 4] {
        check_all(&Params::new(), &normal(4, &[n, 2, 2, 1]), &|x| minibatch_stddev_unbiased(x, 2));
    }
}
