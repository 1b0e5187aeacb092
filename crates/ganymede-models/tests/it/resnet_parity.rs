//! Residual networks against torch-mimicry, and BigGAN against its authors' code: outputs, gradients of first and second order, statistics.

use ganymede_models::{
    Condition, Discriminator, DiscriminatorConditioning, Generator, GeneratorConditioning, Io, Mode,
    ResnetDiscriminator, ResnetDiscriminatorConfig, ResnetGenerator, ResnetGeneratorConfig,
};
use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, watch};

use crate::support::{DTYPES, Fixture, generate_of, judge_of};

const TRAIN: Mode = Mode::Train { update_stats: true };
const CLASSES: usize = 3;

type Forward<'a> = &'a dyn Fn(&Tensor, &Condition, Mode) -> Result<Tensor>;

fn labels(fixture: &Fixture, case: &str) -> Condition {
    if fixture.has(&format!("{case}/labels")) {
        let labels = fixture.get(&format!("{case}/labels")).to_dtype(DType::U32).unwrap();
        Condition::Classes(labels)
    } else {
        Condition::None
    }
}

/// One training forward with its gradients; then evaluation of what would be imported.
fn check(fixture: &Fixture, case: &str, params: &Params, forward: Forward) {
    let load = |what: &str| params.load_state_dict(&fixture.below(&format!("{case}/{what}"))).unwrap();
    let condition = labels(fixture, case);
    load("before");
    let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
    let output = forward(&x, &condition, TRAIN).unwrap();
    fixture.assert(&format!("{case}/train"), &output);
    fixture.assert_gradients(case, params, &x, &output);
    for buffer in params.buffers() {
        fixture.assert(&format!("{case}/after/{}", buffer.name()), &buffer.get());
    }
    assert_eq!(fixture.below(&format!("{case}/after")).len(), params.buffers().len());
    load("imported");
    fixture.assert(&format!("{case}/eval"), &forward(&x.detach(), &condition, Mode::Eval).unwrap());
}

fn check_pair(case: &str, side: usize, g: &ResnetGeneratorConfig, d: &ResnetDiscriminatorConfig) {
    let told = g.conditioning != GeneratorConditioning::None;
    let io = if told { Io::with_classes([3, side, side], CLASSES) } else { Io::new([3, side, side]) };
    let g = ResnetGeneratorConfig { z_dim: 5, ..g.clone() };
    let d = ResnetDiscriminatorConfig { activated_shortcut: true, ..d.clone() };
    for dtype in DTYPES {
        let fixture = Fixture::open("resnet", dtype);
        let g = ResnetGenerator::new(&g, &io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        check(&fixture, &format!("{case}_g"), g.params(), &|z, c, mode| generate_of(&g, z, c, mode));
        let d = ResnetDiscriminator::new(&d, &io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        let case = format!("{case}_d");
        let score = |x: &Tensor, c: &Condition, mode: Mode| judge_of(&d, x, c, mode)?.squeeze(1);
        check(&fixture, &case, d.params(), &score);
        d.params().load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
        let condition = labels(&fixture, &case);
        fixture.assert_r1(&case, d.params(), &|x| score(x, &condition, TRAIN));
    }
}

fn sngan(width: usize) -> (ResnetGeneratorConfig, ResnetDiscriminatorConfig) {
    let g = ResnetGeneratorConfig { width: Some(width), ..ResnetGeneratorConfig::sngan() };
    (g, ResnetDiscriminatorConfig { width: Some(width), ..ResnetDiscriminatorConfig::sngan() })
}

#[test]
fn sngan_at_32_pixels() {
    let (g, d) = sngan(4);
    check_pair("sngan_32", 32, &g, &d);
}

#[test]
fn sngan_at_64_pixels() {
    let (g, d) = sngan(16);
    check_pair("sngan_64", 64, &g, &d);
}

#[test]
fn wgan_gp_at_32_pixels() {
    let g = ResnetGeneratorConfig { width: Some(4), ..ResnetGeneratorConfig::wgan_gp() };
    let d = ResnetDiscriminatorConfig { width: Some(4), ..ResnetDiscriminatorConfig::wgan_gp() };
    check_pair("wgan_gp_32", 32, &g, &d);
}

#[test]
fn sagan_at_32_pixels() {
    let conditioning = GeneratorConditioning::Norm;
    let g = ResnetGeneratorConfig { width: Some(8), conditioning, ..ResnetGeneratorConfig::sagan() };
    let conditioning = DiscriminatorConditioning::Projection;
    let d = ResnetDiscriminatorConfig { width: Some(8), conditioning, ..ResnetDiscriminatorConfig::sagan() };
    check_pair("sagan_32", 32, &g, &d);
}

#[test]
fn conditional_gan_with_projection_at_32_pixels() {
    let (g, d) = sngan(4);
    let g = ResnetGeneratorConfig { conditioning: GeneratorConditioning::Norm, ..g };
    let d = ResnetDiscriminatorConfig { conditioning: DiscriminatorConditioning::Projection, ..d };
    check_pair("cgan_pd_32", 32, &g, &d);
}

fn check_biggan(side: usize, z_dim: usize, width: usize, attention: &[usize]) {
    let io = Io::with_classes([3, side, side], CLASSES);
    let width = Some(width);
    let g = ResnetGeneratorConfig {
        z_dim,
        width,
        attention: attention.to_vec(),
        shared_dim: 3,
        ..ResnetGeneratorConfig::biggan()
    };
    let d = ResnetDiscriminatorConfig { width, ..ResnetDiscriminatorConfig::biggan() };
    for dtype in DTYPES {
        let fixture = Fixture::open("biggan", dtype);
        let g = ResnetGenerator::new(&g, &io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        let case = format!("biggan_{side}_g");
        check(&fixture, &case, g.params(), &|z, c, mode| generate_of(&g, z, c, mode));
        let d = ResnetDiscriminator::new(&d, &io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        let score = |x: &Tensor, c: &Condition, mode: Mode| judge_of(&d, x, c, mode)?.squeeze(1);
        check(&fixture, &format!("biggan_{side}_d"), d.params(), &score);
    }
}

#[test]
fn biggan_at_32_pixels() {
    check_biggan(32, 8, 8, &[16]);
}

#[test]
fn biggan_at_64_pixels() {
    check_biggan(64, 10, 16, &[]);
}
