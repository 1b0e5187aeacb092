//! Derivatives of first and second order of every layer and of small models, in the input and in
//! every parameter, against finite differences.

use ganymede_models::{
    Activation, Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, DcganDiscriminator,
    DcganDiscriminatorConfig, DcganGenerator, DcganGeneratorConfig, Discriminator, Generator, Io,
    LayerConfig, Linear, MlpDiscriminator, MlpDiscriminatorConfig, MlpGenerator, MlpGeneratorConfig, Mode,
    Norm, NormConfig, NormKind,
};
use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{ConvConfig, DType, Device, Rng, upsample_nearest2d};

use crate::support::{builder, check_all, generate, normal, randomise, score};

/// Batch statistics, and nothing moves between the evaluations of a difference.
const STILL: Mode = Mode::Train { update_stats: false };

fn plain_and_spectral() -> [LayerConfig; 2] {
    [LayerConfig::default(), LayerConfig::default().with_spectral()]
}

#[test]
fn linear() {
    for layer in plain_and_spectral() {
        let (params, b) = builder(1);
        let linear = Linear::new(4, 3, &layer, &b).unwrap();
        for n in [1, 3] {
            check_all(&params, &normal(2, &[n, 4]), &|x| linear.forward(x, STILL)?.tanh());
        }
    }
}

#[test]
fn convolution() {
    let conv = ConvConfig { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 2 };
    for layer in plain_and_spectral() {
        let (params, b) = builder(3);
        let config = Conv2dConfig { conv, kernel: [3, 2], layer, ..Conv2dConfig::new(2, 4, 1) };
        let conv = Conv2d::new(&config, &b).unwrap();
        for n in [1, 2] {
            check_all(&params, &normal(4, &[n, 2, 5, 4]), &|x| conv.forward(x, STILL)?.tanh());
        }
    }
}

#[test]
fn transposed_convolution() {
    let conv = ConvConfig { stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2 };
    for layer in plain_and_spectral() {
        let (params, b) = builder(5);
        let plain = ConvTranspose2dConfig::new(4, 2, 1);
        let config = ConvTranspose2dConfig { conv, kernel: [3, 2], output_padding: [1, 0], layer, ..plain };
        let conv = ConvTranspose2d::new(&config, &b).unwrap();
        for n in [1, 2] {
            check_all(&params, &normal(6, &[n, 4, 3, 3]), &|x| conv.forward(x, STILL)?.tanh());
        }
    }
}

#[test]
fn norms_of_images() {
    for &kind in NormKind::ALL {
        for mode in [STILL, Mode::Eval] {
            let (params, b) = builder(7);
            let norm = Norm::new(&NormConfig::new(kind, 2), &b).unwrap();
            randomise(&params, 0.5);
            // The first 64 are the reference there.
            let reference = if kind == NormKind::Virtual { 64 } else { 0 };
            for n in [1, 3] {
                let x = normal(8, &[reference + n, 2, 3, 2]);
                check_all(&params, &x, &|x| norm.forward(x, mode)?.tanh());
            }
        }
    }
}

#[test]
fn norms_of_points() {
    for kind in [NormKind::Batch, NormKind::Layer] {
        let (params, b) = builder(9);
        let norm = Norm::new(&NormConfig::new(kind, 3), &b).unwrap();
        randomise(&params, 0.5);
        check_all(&params, &normal(10, &[4, 3]), &|x| norm.forward(x, STILL)?.tanh());
    }
}

#[test]
fn activations() {
    for activation in Activation::ALL {
        for order in [Order::First, Order::Second] {
            gradcheck(|x| activation.forward(&x[0]), &[normal(11, &[3, 4])], order).unwrap();
        }
    }
}

/// act(norm(conv(up(act(norm(x)))))) + shortcut(up(x)): x is used twice, and both uses are upsampled.
/// An upsampling that overwrites the gradient it should add to gets this wrong.
#[test]
fn upsampling_residual_block() {
    for layer in plain_and_spectral() {
        let (params, b) = builder(12);
        let norms = [1, 2]
            .map(|i| Norm::new(&NormConfig::new(NormKind::Batch, 2), &b.pp(format!("norm{i}"))).unwrap());
        let conv = |from: usize, kernel: usize, padding: usize, name: &str| {
            let config = Conv2dConfig::new(from, 2, kernel).with_stride(1, padding).with_layer(layer);
            Conv2d::new(&config, &b.pp(name)).unwrap()
        };
        let (first, shortcut) = (conv(2, 3, 1, "first"), conv(2, 1, 0, "shortcut"));
        randomise(&params, 0.5);
        let act = Activation::Silu;
        check_all(&params, &normal(13, &[1, 2, 3, 3]), &|x| {
            let h = act.forward(&norms[0].forward(x, STILL)?)?;
            let h = first.forward(&upsample_nearest2d(&h, 2)?, STILL)?;
            let h = act.forward(&norms[1].forward(&h, STILL)?)?;
            h.add(&shortcut.forward(&upsample_nearest2d(x, 2)?, STILL)?)
        });
    }
}

/// One layer applied twice: the gradient of its weight has two parts.
#[test]
fn a_layer_used_twice() {
    for layer in plain_and_spectral() {
        let (params, b) = builder(14);
        let linear = Linear::new(3, 3, &layer, &b).unwrap();
        check_all(&params, &normal(15, &[2, 3]), &|x| {
            let h = linear.forward(x, STILL)?.tanh()?;
            linear.forward(&h, STILL)?.mul(x)
        });
    }
}

/// Normalisations that need no reference batch: of those that do the contract speaks.
fn by_themselves() -> impl Iterator<Item = NormKind> {
    NormKind::ALL.iter().copied().filter(|&norm| norm != NormKind::Virtual)
}

#[test]
fn dcgan_generators() {
    for norm in by_themselves() {
        let config = DcganGeneratorConfig { z_dim: 3, width: 2, norm, ..Default::default() };
        let io = Io::new([1, 8, 8]);
        let g = DcganGenerator::new(&config, &io, Rng::new(1), DType::F64, &Device::Cpu).unwrap();
        randomise(g.params(), 0.4);
        for (n, mode) in [(1, STILL), (2, STILL), (2, Mode::Eval)] {
            check_all(g.params(), &normal(16, &[n, 3]), &|z| generate(&g, z, mode));
        }
    }
}

#[test]
fn dcgan_discriminators() {
    let cases = by_themselves().map(|norm| (norm, false)).chain([(NormKind::Batch, true)]);
    for (norm, spectral) in cases {
        let config = DcganDiscriminatorConfig { width: 2, norm: Some(norm), spectral, ..Default::default() };
        let io = Io::new([1, 16, 16]);
        let d = DcganDiscriminator::new(&config, &io, Rng::new(2), DType::F64, &Device::Cpu).unwrap();
        randomise(d.params(), 0.4);
        check_all(d.params(), &normal(17, &[1, 1, 16, 16]), &|x| score(&d, x, STILL));
    }
}

#[test]
fn mlps() {
    let io = Io::new([2]);
    for &activation in Activation::ALL {
        let config = MlpGeneratorConfig { z_dim: 3, width: 5, layers: 2, activation };
        let g = MlpGenerator::new(&config, &io, Rng::new(3), DType::F64, &Device::Cpu).unwrap();
        check_all(g.params(), &normal(18, &[2, 3]), &|z| generate(&g, z, STILL));
        let config =
            MlpDiscriminatorConfig { width: 5, layers: 2, activation, spectral: true, ..Default::default() };
        let d = MlpDiscriminator::new(&config, &io, Rng::new(4), DType::F64, &Device::Cpu).unwrap();
        for n in [1, 3] {
            check_all(d.params(), &normal(19, &[n, 2]), &|x| score(&d, x, STILL));
        }
    }
}
