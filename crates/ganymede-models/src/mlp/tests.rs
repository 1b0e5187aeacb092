use ganymede_tensor::{DType, Device, Rng, Tensor};

use super::{MlpConfig, MlpDiscriminator, MlpGenerator};
use crate::{Discriminator, Generator, Mode};

#[test]
fn names_and_shapes() {
    let config = MlpConfig { z_dim: 3, hidden: 8, layers: 2, spectral: true, ..Default::default() };
    let g = MlpGenerator::new(&config, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
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

    let d = MlpDiscriminator::new(&config, Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    let names: Vec<String> = d.params().state_dict().into_keys().collect();
    assert_eq!(names.len(), 12);
    assert!(names.contains(&"main.4.weight_orig".to_string()));
}

/// Signals of unit variance come out of a fresh default network near unit variance: neither a
/// point nor an explosion.
#[test]
fn fresh_networks_keep_the_scale() {
    let config = MlpConfig::default();
    let g = MlpGenerator::new(&config, Rng::new(1), DType::F32, &Device::Cpu).unwrap();
    let z = Rng::new(2).normal((512, g.z_dim()), DType::F32, &Device::Cpu).unwrap();
    let x = g.forward(&z, None, Mode::Eval).unwrap();
    let spread = x.sqr().unwrap().mean_all().unwrap().sqrt().unwrap().to_scalar::<f32>().unwrap();
    assert!((0.3..3.0).contains(&spread), "{spread}");

    let d = MlpDiscriminator::new(&config, Rng::new(3), DType::F32, &Device::Cpu).unwrap();
    let scores = d.forward(&x, None, Mode::Eval).unwrap().scores;
    let spread = scores.sqr().unwrap().mean_all().unwrap().sqrt().unwrap().to_scalar::<f32>().unwrap();
    assert!((0.1..5.0).contains(&spread), "{spread}");
}

#[test]
fn bad_fields_are_named() {
    let cases = [
        ("z_dim = 0", MlpConfig { z_dim: 0, ..Default::default() }),
        ("hidden = 0", MlpConfig { hidden: 0, ..Default::default() }),
        ("layers = 0", MlpConfig { layers: 0, ..Default::default() }),
        ("output = 1000000", MlpConfig { output: 1_000_000, ..Default::default() }),
    ];
    for (text, config) in cases {
        let message = config.validate().unwrap_err().to_string();
        assert!(message.starts_with(&format!("mlp: {text}")), "{message}");
        assert!(MlpGenerator::new(&config, Rng::new(0), DType::F32, &Device::Cpu).is_err());
    }
}
