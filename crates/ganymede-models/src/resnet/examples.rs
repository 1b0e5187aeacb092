//! Each setting that changes a network of the family, in small.

use super::{ResnetDiscriminatorConfig, ResnetGeneratorConfig, Upsampling};
use crate::conditioning::{DiscriminatorConditioning, GeneratorConditioning};
use crate::io::{ConditionShape, Io};
use crate::layers::activation::Activation;
use crate::layers::minibatch::MinibatchFeatures;
use crate::layers::norm::NormKind;
use crate::reference::referred;
use crate::spec::{DiscriminatorSpec, GeneratorSpec};

pub(super) fn sngan_generators() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = ResnetGeneratorConfig { z_dim: 4, width: Some(4), ..ResnetGeneratorConfig::sngan() };
    let wide = ResnetGeneratorConfig { width: Some(16), ..small.clone() };
    let told = |&conditioning| ResnetGeneratorConfig { conditioning, ..small.clone() };
    let images = Io::new([2, 32, 32]);
    let mut all = vec![
        (small.clone(), images.clone()),
        (ResnetGeneratorConfig { spectral: true, ..small.clone() }, images.clone()),
        (ResnetGeneratorConfig { width: Some(8), ..small.clone() }, Io::new([1, 48, 48])),
        (wide, Io::new([1, 64, 64])),
        (ResnetGeneratorConfig { norm: NormKind::Virtual, ..small.clone() }, images),
    ];
    let classes = Io::with_classes([1, 32, 32], 3);
    all.extend(GeneratorConditioning::ALL[1..].iter().map(told).map(|config| (config, classes.clone())));
    all.into_iter().map(|(config, io)| (referred(Box::new(config)), io)).collect()
}

pub(super) fn wgan_gp_generators() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = ResnetGeneratorConfig { z_dim: 4, width: Some(4), ..ResnetGeneratorConfig::wgan_gp() };
    let other = ResnetGeneratorConfig {
        norm: NormKind::None,
        activation: Activation::LeakyRelu,
        upsampling: Upsampling::Nearest,
        ..small.clone()
    };
    let layer = ResnetGeneratorConfig { norm: NormKind::Layer, ..small.clone() };
    [small, other, layer].map(|config| (Box::new(config) as Box<_>, Io::new([1, 32, 32]))).into()
}

pub(super) fn sagan_generators() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = ResnetGeneratorConfig { z_dim: 4, width: Some(8), ..ResnetGeneratorConfig::sagan() };
    let twice = ResnetGeneratorConfig { attention: vec![8, 16], ..small.clone() };
    [small, twice].map(|config| (Box::new(config) as Box<_>, Io::new([1, 32, 32]))).into()
}

pub(super) fn biggan_generators() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small =
        ResnetGeneratorConfig { z_dim: 8, width: Some(8), shared_dim: 3, ..ResnetGeneratorConfig::biggan() };
    let attentive = ResnetGeneratorConfig { attention: vec![16], skip_z: false, ..small.clone() };
    let blind = ResnetGeneratorConfig {
        z_dim: 10,
        conditioning: GeneratorConditioning::None,
        shared_dim: 0,
        ..small.clone()
    };
    let of_vectors = Io { sample: vec![1, 32, 32], condition: ConditionShape::Vectors(5) };
    vec![
        (Box::new(small.clone()), Io::with_classes([1, 32, 32], 3)),
        (Box::new(attentive), Io::with_classes([2, 32, 32], 3)),
        (Box::new(blind), Io::new([1, 64, 64])),
        (Box::new(small), of_vectors),
    ]
}

pub(super) fn sngan_discriminators() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = ResnetDiscriminatorConfig { width: Some(4), ..ResnetDiscriminatorConfig::sngan() };
    let wide = ResnetDiscriminatorConfig { width: Some(16), ..small.clone() };
    let judging = |&conditioning| ResnetDiscriminatorConfig { conditioning, ..small.clone() };
    let mut all = vec![
        (small.clone(), Io::new([2, 32, 32])),
        (ResnetDiscriminatorConfig { activated_shortcut: true, ..small.clone() }, Io::new([2, 32, 32])),
        (wide.clone(), Io::new([2, 48, 48])),
        (wide, Io::new([2, 64, 64])),
        (ResnetDiscriminatorConfig { scores: 3, ..small.clone() }, Io::new([2, 32, 32])),
    ];
    let seeing = |&minibatch| ResnetDiscriminatorConfig { minibatch, ..small.clone() };
    all.extend(MinibatchFeatures::ALL[1..].iter().map(seeing).map(|config| (config, Io::new([2, 32, 32]))));
    let classes = Io::with_classes([1, 32, 32], 3);
    all.extend(
        DiscriminatorConditioning::ALL[1..].iter().map(judging).map(|config| (config, classes.clone())),
    );
    all.into_iter().map(|(config, io)| (Box::new(config) as Box<_>, io)).collect()
}

pub(super) fn wgan_gp_discriminators() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = ResnetDiscriminatorConfig { width: Some(4), ..ResnetDiscriminatorConfig::wgan_gp() };
    let of = |norm| ResnetDiscriminatorConfig { norm, ..small.clone() };
    let leaky = ResnetDiscriminatorConfig { activation: Activation::LeakyRelu, ..small.clone() };
    let all = [small.clone(), of(NormKind::Layer), of(NormKind::Batch), leaky];
    all.map(|config| (Box::new(config) as Box<_>, Io::new([1, 32, 32]))).into()
}

pub(super) fn sagan_discriminators() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = ResnetDiscriminatorConfig { width: Some(8), ..ResnetDiscriminatorConfig::sagan() };
    let twice = ResnetDiscriminatorConfig { attention: vec![16, 8], ..small.clone() };
    [small, twice].map(|config| (Box::new(config) as Box<_>, Io::new([1, 32, 32]))).into()
}

pub(super) fn biggan_discriminators() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = ResnetDiscriminatorConfig { width: Some(8), ..ResnetDiscriminatorConfig::biggan() };
    let attentive = ResnetDiscriminatorConfig { attention: vec![16], ..small.clone() };
    let wide = ResnetDiscriminatorConfig {
        width: Some(16),
        conditioning: DiscriminatorConditioning::None,
        ..small.clone()
    };
    let of_vectors = Io { sample: vec![1, 32, 32], condition: ConditionShape::Vectors(5) };
    vec![
        (Box::new(small.clone()), Io::with_classes([1, 32, 32], 3)),
        (Box::new(attentive), Io::with_classes([2, 32, 32], 3)),
        (Box::new(wide), Io::new([2, 64, 64])),
        (Box::new(small), of_vectors),
    ]
}
