//! U-Net and PatchGAN against their authors' code: outputs, gradients of first and second order, statistics.

use ganymede_models::{
    Condition, Discriminator, DiscriminatorInput, Generator, GeneratorInput, Io, Latents, Mode, NormKind,
    Pix2pixDiscriminator, Pix2pixDiscriminatorConfig, Pix2pixGenerator, Pix2pixGeneratorConfig,
};
use ganymede_tensor::{Device, Params, Result, Rng, Tensor, watch};

use crate::support::{DTYPES, Fixture};

const TRAIN: Mode = Mode::Train { update_stats: true };

/// One training forward with its gradients; then evaluation by the statistics that it left.
fn check(fixture: &Fixture, case: &str, params: &Params, forward: &dyn Fn(&Tensor, Mode) -> Result<Tensor>) {
    params.load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
    let x = watch(&fixture.get(&format!("{case}/input"))).unwrap();
    let output = forward(&x, TRAIN).unwrap();
    fixture.assert(&format!("{case}/train"), &output);
    fixture.assert_gradients(case, params, &x, &output);
    for buffer in params.buffers() {
        fixture.assert(&format!("{case}/after/{}", buffer.name()), &buffer.get());
    }
    fixture.assert(&format!("{case}/eval"), &forward(&x.detach(), Mode::Eval).unwrap());
}

fn check_generator(case: &str, io: &Io, width: usize, norm: NormKind) {
    for dtype in DTYPES {
        let fixture = Fixture::open("pix2pix", dtype);
        let config = Pix2pixGeneratorConfig { width, norm, ..Default::default() };
        let g = Pix2pixGenerator::new(&config, io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        let masks = (0..).map(|i| format!("{case}/mask{i}")).take_while(|key| fixture.has(key));
        let masks: Vec<Tensor> = masks.map(|key| fixture.get(&key)).collect();
        check(&fixture, case, g.params(), &|x, mode| {
            let z = Tensor::zeros((x.dim(0)?, 0), dtype, &Device::Cpu)?;
            let (latents, told) = (Latents::new(z).with_noise(masks.clone()), Condition::Images(x.clone()));
            Ok(g.forward(GeneratorInput::new(&latents).with_condition(&told), mode)?.samples)
        });
    }
}

fn check_discriminator(case: &str, io: &Io, config: &Pix2pixDiscriminatorConfig) {
    for dtype in DTYPES {
        let fixture = Fixture::open("pix2pix", dtype);
        let d = Pix2pixDiscriminator::new(config, io, Rng::new(0), dtype, &Device::Cpu).unwrap();
        let told = match config.conditional {
            true => Condition::Images(fixture.get(&format!("{case}/condition"))),
            false => Condition::None,
        };
        let score = |x: &Tensor, mode: Mode| -> Result<Tensor> {
            Ok(d.forward(DiscriminatorInput::new(x).with_condition(&told), mode)?.scores)
        };
        check(&fixture, case, d.params(), &score);
        d.params().load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
        fixture.assert_r1(case, d.params(), &|x| score(x, TRAIN));
    }
}

#[test]
fn unet_at_32_pixels() {
    let io = Io::with_images([3, 32, 32], [2, 32, 32]);
    check_generator("unet_32_batch", &io, 2, NormKind::Batch);
    check_generator("unet_32_instance", &io, 1, NormKind::Instance);
}

#[test]
fn unet_at_64_pixels() {
    let io = Io::with_images([1, 64, 64], [1, 64, 64]);
    check_generator("unet_64_batch", &io, 1, NormKind::Batch);
    check_generator("unet_64_instance", &io, 1, NormKind::Instance);
}

#[test]
fn patchgan_at_32_pixels() {
    let io = Io::with_images([3, 32, 32], [2, 32, 32]);
    let config = Pix2pixDiscriminatorConfig { width: 2, ..Default::default() };
    check_discriminator("patch_32_batch", &io, &config);
    let config = Pix2pixDiscriminatorConfig { norm: NormKind::Instance, ..config };
    check_discriminator("patch_32_instance", &io, &config);
}

#[test]
fn patchgan_without_a_condition() {
    let config = Pix2pixDiscriminatorConfig { width: 2, layers: 2, conditional: false, ..Default::default() };
    check_discriminator("patch_16_plain", &Io::new([3, 16, 16]), &config);
}

#[test]
fn pixelgan() {
    let io = Io::with_images([3, 8, 8], [2, 8, 8]);
    let config = Pix2pixDiscriminatorConfig { width: 2, layers: 0, ..Default::default() };
    check_discriminator("pixel_8_batch", &io, &config);
}
