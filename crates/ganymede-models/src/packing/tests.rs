use ganymede_tensor::{DType, Device, Rng, Tensor};

use super::pack_samples;
use crate::{DiscriminatorConfig, DiscriminatorInput, Io, Mode};

fn config(text: &str) -> DiscriminatorConfig {
    DiscriminatorConfig::from_table(&text.parse().unwrap()).unwrap()
}

#[test]
fn neighbours_are_joined_along_the_channels() {
    let x = Tensor::arange(0f32, 12.0, &Device::Cpu).unwrap().reshape((4, 1, 1, 3)).unwrap();
    let packs = pack_samples(&x, 2).unwrap();
    assert_eq!(packs.dims(), [2, 2, 1, 3]);
    assert_eq!(packs.get(1).unwrap().to_vec3::<f32>().unwrap(), [[[6.0, 7.0, 8.0]], [[9.0, 10.0, 11.0]]]);
    assert!(pack_samples(&x, 3).is_err());
    assert!(pack_samples(&x, 0).is_err());
}

#[test]
fn a_packed_discriminator_judges_packs_and_keeps_its_setting() {
    let config = config("kind = \"mlp\"\nwidth = 8\npack = 3");
    assert_eq!(config.traits().pack, 3);
    assert_eq!(config.write()["pack"].as_integer(), Some(3));
    assert_eq!(DiscriminatorConfig::from_table(&config.write()).unwrap(), config);
    let d = config.build(&Io::with_classes([2], 8), Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    let x = Rng::new(1).normal((6, 2), DType::F32, &Device::Cpu).unwrap();
    let said = d.forward(DiscriminatorInput::new(&pack_samples(&x, 3).unwrap()), Mode::Eval).unwrap();
    assert_eq!(said.scores.dims(), [2]);
}

#[test]
fn packs_of_a_senseless_size_or_of_several_classes_are_refused() {
    for pack in ["0", "65", "9223372036854775807"] {
        let problems = config(&format!("kind = \"mlp\"\npack = {pack}")).check();
        assert_eq!(problems[0].field, "pack", "{pack}");
    }
    for pack in ["-1", "1.5", "\"2\""] {
        let text = format!("kind = \"mlp\"\npack = {pack}");
        assert!(DiscriminatorConfig::from_table(&text.parse().unwrap()).is_err(), "{pack}");
    }
    let judging = config("kind = \"dcgan\"\nconditioning = \"projection\"\npack = 2");
    assert_eq!(judging.check()[0].field, "pack");
    assert_eq!(config("kind = \"mlp\"\npack = 1").write().get("pack"), None);
}
