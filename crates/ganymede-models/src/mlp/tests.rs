use ganymede_tensor::{DType, Device, Rng, Tensor};

use super::*;
use crate::{Discriminator, DiscriminatorInput, Generator, GeneratorInput, Latents};

fn io() -> Io {
    Io::new([2])
}

fn generator(config: &MlpGeneratorConfig) -> MlpGenerator {
    MlpGenerator::new(config, &io(), Rng::new(1), DType::F32, &Device::Cpu).unwrap()
}

fn discriminator(config: &MlpDiscriminatorConfig) -> MlpDiscriminator {
    MlpDiscriminator::new(config, &io(), Rng::new(3), DType::F32, &Device::Cpu).unwrap()
}

#[test]
fn names_and_shapes() {
    let g = generator(&MlpGeneratorConfig { z_dim: 3, width: 8, layers: 2, ..Default::default() });
    let shapes = |state: std::collections::BTreeMap<String, Tensor>| -> Vec<(String, Vec<usize>)> {
        state.into_iter().map(|(name, tensor)| (name, tensor.dims().to_vec())).collect()
    };
    let expected = [
        ("main.0.bias", vec![8]),
        ("main.0.weight", vec![8, 3]),
        ("main.2.bias", vec![8]),
        ("main.2.weight", vec![8, 8]),
        ("main.4.bias", vec![2]),
        ("main.4.weight", vec![2, 8]),
    ];
    let expected = expected.map(|(name, shape)| (name.to_string(), shape));
    assert_eq!(shapes(g.params().state_dict()), expected);

    let spectral = MlpDiscriminatorConfig { width: 8, layers: 2, spectral: true, ..Default::default() };
    let d = discriminator(&spectral);
    let names: Vec<String> = d.params().state_dict().into_keys().collect();
    assert_eq!(names.len(), 12);
    assert!(names.contains(&"main.4.weight_orig".to_string()));
}

/// Signals of unit variance come out of a fresh default network near unit variance: neither a
/// point nor an explosion.
#[test]
fn fresh_networks_keep_the_scale() {
    let g = generator(&MlpGeneratorConfig::default());
    let z = Rng::new(2).normal((512, g.z_dim()), DType::F32, &Device::Cpu).unwrap();
    let latents = Latents::new(z);
    let x = g.forward(GeneratorInput::new(&latents), Mode::Eval).unwrap().samples;
    let spread = x.sqr().unwrap().mean_all().unwrap().sqrt().unwrap().to_scalar::<f32>().unwrap();
    assert!((0.3..3.0).contains(&spread), "{spread}");

    let d = discriminator(&MlpDiscriminatorConfig::default());
    let scores = d.forward(DiscriminatorInput::new(&x), Mode::Eval).unwrap().scores;
    let spread = scores.sqr().unwrap().mean_all().unwrap().sqrt().unwrap().to_scalar::<f32>().unwrap();
    assert!((0.1..5.0).contains(&spread), "{spread}");
}

#[test]
fn bad_settings_are_named() {
    let usual = MlpGeneratorConfig::default;
    let cases = [
        ("z_dim = 0", MlpGeneratorConfig { z_dim: 0, ..usual() }),
        ("width = 0", MlpGeneratorConfig { width: 0, ..usual() }),
        ("layers = 1000", MlpGeneratorConfig { layers: 1000, ..usual() }),
    ];
    for (text, config) in cases {
        let built = MlpGenerator::new(&config, &io(), Rng::new(0), DType::F32, &Device::Cpu);
        let message = built.unwrap_err().to_string();
        assert!(message.starts_with(&format!("mlp: {text}")) && message.contains("at most"), "{message}");
    }
    let images = Io::new([1, 8, 8]);
    let built = MlpGenerator::new(&usual(), &images, Rng::new(0), DType::F32, &Device::Cpu);
    assert!(built.unwrap_err().to_string().contains("[1, 8, 8]"));
}
