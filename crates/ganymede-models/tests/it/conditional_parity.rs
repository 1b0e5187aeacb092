//! Conditional DCGANs against PyTorch: outputs, gradients, statistics.

use ganymede_models::{
    Condition, DcganDiscriminator, DcganDiscriminatorConfig, DcganGenerator, DcganGeneratorConfig,
    Discriminator, DiscriminatorConditioning, Generator, GeneratorConditioning, Io, Mode,
};
use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, watch};

use crate::support::{DTYPES, Fixture, generate_of, judge_of};

const TRAIN: Mode = Mode::Train { update_stats: true };
const CLASSES: usize = 4;

type Forward<'a> = &'a dyn Fn(&Tensor, &Condition, Mode) -> Result<Tensor>;

/// One training forward with its gradients, then evaluation with the statistics that it left.
fn check(fixture: &Fixture, case: &str, params: &Params, forward: Forward) {
    params.load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
    let labels = fixture.get(&format!("{case}/labels")).to_dtype(DType::U32).unwrap();
    let condition = Condition::Classes(labels);
    let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
    let output = forward(&x, &condition, TRAIN).unwrap();
    fixture.assert(&format!("{case}/train"), &output);
    fixture.assert_gradients(case, params, &x, &output);
    for buffer in params.buffers() {
        fixture.assert(&format!("{case}/after/{}", buffer.name()), &buffer.get());
    }
    assert_eq!(fixture.below(&format!("{case}/after")).len(), params.buffers().len());
    fixture.assert(&format!("{case}/eval"), &forward(&x.detach(), &condition, Mode::Eval).unwrap());
}

fn check_generator(case: &str, side: usize, conditioning: GeneratorConditioning) {
    let embed_dim = (conditioning == GeneratorConditioning::Concat).then_some(3);
    let config = DcganGeneratorConfig { z_dim: 5, width: 3, conditioning, embed_dim, ..Default::default() };
    for dtype in DTYPES {
        let fixture = Fixture::open("conditional", dtype);
        let io = Io::with_classes([2, side, side], CLASSES);
        let g = DcganGenerator::new(&config, &io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        check(&fixture, case, g.params(), &|z, condition, mode| generate_of(&g, z, condition, mode));
    }
}

fn check_discriminator(case: &str, side: usize, conditioning: DiscriminatorConditioning, spectral: bool) {
    let config = DcganDiscriminatorConfig { width: 3, conditioning, spectral, ..Default::default() };
    for dtype in DTYPES {
        let fixture = Fixture::open("conditional", dtype);
        let io = Io::with_classes([2, side, side], CLASSES);
        let d = DcganDiscriminator::new(&config, &io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        check(&fixture, case, d.params(), &|x, condition, mode| judge_of(&d, x, condition, mode));
    }
}

#[test]
fn conditional_norm() {
    check_generator("g_norm", 16, GeneratorConditioning::Norm);
}

#[test]
fn class_beside_the_latent_vector() {
    check_generator("g_concat", 16, GeneratorConditioning::Concat);
}

#[test]
fn class_times_the_latent_vector() {
    check_generator("g_product", 8, GeneratorConditioning::Product);
}

#[test]
fn projection() {
    check_discriminator("d_projection", 16, DiscriminatorConditioning::Projection, false);
}

#[test]
fn spectral_projection() {
    check_discriminator("d_projection_spectral", 8, DiscriminatorConditioning::Projection, true);
}

#[test]
fn class_beside_the_image() {
    check_discriminator("d_concat", 16, DiscriminatorConditioning::Concat, false);
}
