//! R3GAN against its authors' code: outputs, gradients of first and second order.

use ganymede_models::{
    Condition, Discriminator, Generator, Io, Mode, R3ganDiscriminator, R3ganDiscriminatorConfig,
    R3ganGenerator, R3ganGeneratorConfig,
};
use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, watch};

use crate::support::{DTYPES, Fixture, generate_of, judge_of};

const TRAIN: Mode = Mode::Train { update_stats: true };

fn check(
    fixture: &Fixture,
    case: &str,
    params: &Params,
    forward: &dyn Fn(&Tensor, &Condition, Mode) -> Result<Tensor>,
) {
    params.load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
    let condition = match fixture.has(&format!("{case}/labels")) {
        true => Condition::Classes(fixture.get(&format!("{case}/labels")).to_dtype(DType::U32).unwrap()),
        false => Condition::None,
    };
    let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
    let output = forward(&x, &condition, TRAIN).unwrap();
    fixture.assert(&format!("{case}/train"), &output);
    fixture.assert_gradients(case, params, &x, &output);
    fixture.assert(&format!("{case}/train"), &forward(&x, &condition, Mode::Eval).unwrap());
    if case.ends_with("_d") {
        fixture.assert_r1(case, params, &|x| forward(x, &condition, TRAIN));
    }
}

fn check_pair(case: &str, side: usize, g: &R3ganGeneratorConfig, d: &R3ganDiscriminatorConfig) {
    let io = if g.conditional { Io::with_classes([3, side, side], 3) } else { Io::new([3, side, side]) };
    for dtype in DTYPES {
        let fixture = Fixture::open("r3gan", dtype);
        let g = R3ganGenerator::new(g, &io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        check(&fixture, &format!("{case}_g"), g.params(), &|z, c, mode| generate_of(&g, z, c, mode));
        let d = R3ganDiscriminator::new(d, &io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        let score = |x: &Tensor, c: &Condition, mode: Mode| judge_of(&d, x, c, mode)?.squeeze(1);
        check(&fixture, &format!("{case}_d"), d.params(), &score);
    }
}

#[test]
fn plain_at_64_pixels() {
    let g = R3ganGeneratorConfig { z_dim: 5, width: 8, blocks: 1, group_channels: 4, conditional: false };
    let d = R3ganDiscriminatorConfig { width: 8, blocks: 1, group_channels: 4, conditional: false };
    check_pair("r3gan_64", 64, &g, &d);
}

#[test]
fn conditional_at_16_pixels() {
    let g = R3ganGeneratorConfig { z_dim: 5, width: 4, blocks: 2, group_channels: 2, conditional: true };
    let d = R3ganDiscriminatorConfig { width: 4, blocks: 2, group_channels: 2, conditional: true };
    check_pair("r3gan_16", 16, &g, &d);
}
