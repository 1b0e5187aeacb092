use std::collections::BTreeMap;

use ganymede_tensor::{DType, Device, Rng};

use super::{ModelConfig, ModelName};
use crate::{DcganConfig, MlpConfig, ModelError, NormKind};

#[test]
fn every_model_is_named_described_and_found() {
    for &name in ModelName::ALL {
        assert_eq!(name.to_string().parse::<ModelName>().unwrap(), name);
        assert!(!name.description().is_empty() && !name.description().contains('\n'));
        assert!(name.paper().contains("arXiv:"));
        let config = ModelConfig::default_of(name);
        assert_eq!(config.name(), name);
        config.validate().unwrap();
        // The name in files is the tag of the configuration.
        let text = toml::to_string(&config).unwrap();
        assert!(text.starts_with(&format!("kind = \"{name}\"")), "{text}");
        assert_eq!(toml::from_str::<ModelConfig>(&text).unwrap(), config);
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<ModelConfig>(&json).unwrap(), config);
        // All fields may be left out.
        let bare = toml::from_str::<ModelConfig>(&format!("kind = \"{name}\"")).unwrap();
        assert_eq!(bare, config);
    }
}

#[test]
fn unknown_names_offer_the_nearest() {
    let message = "dcgna".parse::<ModelName>().unwrap_err().to_string();
    assert_eq!(message, "there is no model named \"dcgna\", did you mean \"dcgan\"?; known are dcgan, mlp");
    let message = "xyz".parse::<ModelName>().unwrap_err().to_string();
    assert_eq!(message, "there is no model named \"xyz\"; known are dcgan, mlp");
}

#[test]
fn unknown_fields_and_wrong_types_are_refused() {
    let refusal = |text: &str| toml::from_str::<ModelConfig>(text).unwrap_err().to_string();
    let message = refusal("kind = \"dcgan\"\nresolutoin = 32");
    assert!(message.contains("resolutoin") && message.contains("resolution"), "{message}");
    assert!(refusal("kind = \"mlp\"\nresolution = 32").contains("resolution"));
    assert!(refusal("kind = \"biggan\"").contains("biggan"));
    assert!(refusal("resolution = 32").contains("kind"));
    assert!(refusal("kind = \"dcgan\"\nwidth = \"wide\"").contains("wide"));
    assert!(refusal("kind = \"dcgan\"\nnorm = \"bacth\"").contains("bacth"));
    assert!(refusal("kind = \"dcgan\"\nwidth = -1").contains("-1"));
}

#[test]
fn choices_are_written_and_read() {
    let text = "kind = \"dcgan\"\nnorm = \"instance\"\ndiscriminator_norm = \"none\"\nspectral = true";
    let expected = DcganConfig {
        norm: NormKind::Instance,
        discriminator_norm: Some(NormKind::None),
        spectral: true,
        ..Default::default()
    };
    let config: ModelConfig = toml::from_str(text).unwrap();
    assert_eq!(config, ModelConfig::Dcgan(expected));
    assert_eq!(toml::from_str::<ModelConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
}

#[test]
fn bad_configurations_build_nothing() {
    let config = ModelConfig::Dcgan(DcganConfig { resolution: 33, ..Default::default() });
    let rng = || Rng::new(0);
    let g = config.build_generator(rng(), DType::F32, &Device::Cpu).err().unwrap();
    assert!(matches!(g, ModelError::InvalidField { field: "resolution", .. }));
    let d = config.build_discriminator(rng(), DType::F32, &Device::Cpu).err().unwrap();
    assert!(matches!(d, ModelError::InvalidField { field: "resolution", .. }));
}

#[test]
fn configurations_are_inferred_where_weights_tell() {
    let small = DcganConfig { resolution: 16, width: 2, z_dim: 3, ..Default::default() };
    let config = ModelConfig::Dcgan(small);
    let g = config.build_generator(Rng::new(0), DType::F32, &Device::Cpu).unwrap();
    let state = g.params().state_dict();
    assert_eq!(ModelConfig::infer(ModelName::Dcgan, &state).unwrap(), config);
    let error = ModelConfig::infer(ModelName::Mlp, &BTreeMap::new()).unwrap_err();
    assert!(matches!(error, ModelError::NotInferable { model: "mlp", .. }));
}

#[test]
fn the_size_of_a_generator_is_known_before_it_is_made() {
    for config in [
        ModelConfig::Dcgan(DcganConfig { resolution: 16, width: 3, z_dim: 5, ..DcganConfig::default() }),
        ModelConfig::Mlp(MlpConfig { hidden: 7, ..MlpConfig::default() }),
    ] {
        let generator = config.build_generator(Rng::new(0), DType::F32, &Device::Cpu).unwrap();
        let weights = generator.params().params().into_iter().filter(|param| param.var().dims().len() > 1);
        let counted: usize = weights.map(|param| param.var().elem_count()).sum();
        assert_eq!(config.generator_numbers(), counted as u64, "{config:?}");
    }
    let giant = ModelConfig::Dcgan(DcganConfig { width: 65_536, ..DcganConfig::default() });
    assert!(giant.generator_numbers() > 1 << 40);
    let useless = ModelConfig::Dcgan(DcganConfig { resolution: 0, ..DcganConfig::default() });
    assert_eq!(useless.generator_numbers(), 0);
}
