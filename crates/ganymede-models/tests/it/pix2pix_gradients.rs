//! Derivatives of first and second order of U-Net and PatchGAN, in the image and in every parameter, against finite
//! differences.

use ganymede_models::{
    Condition, Discriminator, DiscriminatorInput, Generator, GeneratorInput, Io, Latents, Mode, NormKind,
    Pix2pixDiscriminator, Pix2pixDiscriminatorConfig, Pix2pixGenerator, Pix2pixGeneratorConfig,
};
use ganymede_tensor::{DType, Device, Rng};

use crate::support::{check_all, normal, randomise};

/// Batch statistics, and nothing moves between the evaluations of a difference.
const STILL: Mode = Mode::Train { update_stats: false };

#[test]
fn generators() {
    let cases = [
        (NormKind::Batch, 0.5, 1, STILL),
        (NormKind::Batch, 0.5, 2, Mode::Eval),
        (NormKind::Instance, 0.25, 1, STILL),
        (NormKind::None, 0.0, 1, STILL),
    ];
    for (norm, dropout, n, mode) in cases {
        let config = Pix2pixGeneratorConfig { width: 2, depth: None, norm, dropout };
        let io = Io::with_images([1, 8, 8], [1, 8, 8]);
        let g = Pix2pixGenerator::new(&config, &io, Rng::new(1), DType::F64, &Device::Cpu).unwrap();
        randomise(g.params(), 0.4);
        let latents: Latents = g.draw(n, &mut Rng::new(2), &Device::Cpu).unwrap();
        assert_eq!(latents.noise.is_empty(), dropout == 0.0);
        check_all(g.params(), &normal(20, &[n, 1, 8, 8]), &|x| {
            let told = Condition::Images(x.clone());
            Ok(g.forward(GeneratorInput::new(&latents).with_condition(&told), mode)?.samples)
        });
    }
}

#[test]
fn discriminators() {
    let usual = Pix2pixDiscriminatorConfig { width: 2, layers: 1, ..Default::default() };
    let cases = [
        (usual.clone(), 8, 1),
        (Pix2pixDiscriminatorConfig { norm: NormKind::Instance, ..usual.clone() }, 8, 1),
        (Pix2pixDiscriminatorConfig { norm: NormKind::None, spectral: true, ..usual.clone() }, 6, 1),
        (Pix2pixDiscriminatorConfig { layers: 0, ..usual }, 3, 2),
    ];
    for (config, side, n) in cases {
        let io = Io::with_images([2, side, side], [1, side, side]);
        let d = Pix2pixDiscriminator::new(&config, &io, Rng::new(3), DType::F64, &Device::Cpu).unwrap();
        randomise(d.params(), 0.4);
        let told = Condition::Images(normal(22, &[n, 1, side, side]));
        check_all(d.params(), &normal(21, &[n, 2, side, side]), &|x| {
            Ok(d.forward(DiscriminatorInput::new(x).with_condition(&told), STILL)?.scores)
        });
    }
}
