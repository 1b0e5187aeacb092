//! The table of all models: names, papers, configurations.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ganymede_tensor::{DType, Device, Rng, Shapes, Tensor};
use serde::{Deserialize, Serialize};

use crate::dcgan::{self, DcganConfig, DcganDiscriminator, DcganGenerator};
use crate::mlp::{self, MlpConfig, MlpDiscriminator, MlpGenerator};
use crate::{Discriminator, Generator, ModelError};

/// The name of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelName {
    /// Convolutions for images.
    Dcgan,
    /// Linear layers for points.
    Mlp,
}

impl ModelName {
    /// Every model.
    pub const ALL: &[Self] = &[Self::Dcgan, Self::Mlp];

    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dcgan => dcgan::NAME,
            Self::Mlp => mlp::NAME,
        }
    }

    /// What it is, in one line.
    pub fn description(self) -> &'static str {
        match self {
            Self::Dcgan => "strided convolutions for images of any power-of-two resolution",
            Self::Mlp => "linear layers for points in the plane",
        }
    }

    /// Where it was published.
    pub fn paper(self) -> &'static str {
        match self {
            Self::Dcgan => "Radford, Metz and Chintala, 2016, arXiv:1511.06434",
            Self::Mlp => "Goodfellow et al., 2014, arXiv:1406.2661",
        }
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ModelName {
    type Err = ModelError;

    fn from_str(name: &str) -> Result<Self, ModelError> {
        if let Some(&found) = Self::ALL.iter().find(|model| model.name() == name) {
            return Ok(found);
        }
        let names: Vec<&str> = Self::ALL.iter().map(|model| model.name()).collect();
        let similarity = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), known);
        let nearest = (Self::ALL.iter().map(|model| (similarity(model.name()), model.name())))
            .filter(|(similarity, _)| *similarity > 0.7)
            .max_by(|a, b| a.0.total_cmp(&b.0));
        Err(ModelError::UnknownModel {
            name: name.to_string(),
            nearest: nearest.map(|(_, known)| known),
            known: names.join(", "),
        })
    }
}

/// A model and its sizes, as a configuration file gives them: `kind = "dcgan"` and the fields of
/// [`DcganConfig`], all of which may be left out. Unknown fields are refused.
///
/// ```
/// use ganymede_models::{ModelConfig, NormKind};
/// let text = "kind = \"dcgan\"\nresolution = 32\nnorm = \"layer\"";
/// let ModelConfig::Dcgan(config) = toml::from_str(text)? else { panic!("not a dcgan") };
/// assert_eq!((config.resolution, config.norm, config.z_dim), (32, NormKind::Layer, 100));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum ModelConfig {
    /// [`DcganGenerator`] and [`DcganDiscriminator`].
    Dcgan(DcganConfig),
    /// [`MlpGenerator`] and [`MlpDiscriminator`].
    Mlp(MlpConfig),
}

impl ModelConfig {
    /// The default configuration of a model.
    pub fn default_of(name: ModelName) -> Self {
        match name {
            ModelName::Dcgan => Self::Dcgan(DcganConfig::default()),
            ModelName::Mlp => Self::Mlp(MlpConfig::default()),
        }
    }

    /// The configuration of the generator of model `name` that a state dict belongs to.
    ///
    /// # Errors
    /// [`ModelError::NotInferable`]: the weights do not tell, or belong to another model. Those of
    /// an MLP never tell the activation.
    pub fn infer(name: ModelName, state: &BTreeMap<String, Tensor>) -> Result<Self, ModelError> {
        Self::infer_shapes(name, &state.iter().map(|(name, t)| (name.clone(), t.dims().to_vec())).collect())
    }

    /// As [`ModelConfig::infer`], where only names and shapes are known.
    ///
    /// # Errors
    /// As [`ModelConfig::infer`].
    pub fn infer_shapes(name: ModelName, state: &Shapes) -> Result<Self, ModelError> {
        match name {
            ModelName::Dcgan => DcganConfig::infer_shapes(state).map(Self::Dcgan),
            ModelName::Mlp => Err(ModelError::NotInferable {
                model: name.name(),
                reason: "they do not tell the activation".to_string(),
                fix: "give the configuration",
            }),
        }
    }

    /// The name of the model.
    pub fn name(&self) -> ModelName {
        match self {
            Self::Dcgan(_) => ModelName::Dcgan,
            Self::Mlp(_) => ModelName::Mlp,
        }
    }

    /// Numbers in the weights of a generator's layers, biases and normalisation left out; 0 where the configuration
    /// cannot be used. Whoever has a configuration from a file asks this before anything of that size is made.
    pub fn generator_numbers(&self) -> u64 {
        match self {
            Self::Dcgan(config) if config.validate().is_ok() => {
                let inner = config.widths().into_iter().rev();
                let sides: Vec<usize> =
                    std::iter::once(config.z_dim).chain(inner).chain([config.channels]).collect();
                sides.windows(2).fold(0, |sum: u64, pair| sum.saturating_add((pair[0] * pair[1] * 16) as u64))
            }
            Self::Mlp(config) if config.validate().is_ok() => {
                let (hidden, layers) = (config.hidden as u64, config.layers as u64);
                let ends = (config.z_dim as u64 + config.output as u64) * hidden;
                (hidden * hidden).saturating_mul(layers.saturating_sub(1)).saturating_add(ends)
            }
            _ => 0,
        }
    }

    /// The shape of one sample, which the data must have: `[C, H, W]`, or `[D]` for points.
    pub fn sample_shape(&self) -> Vec<usize> {
        match self {
            Self::Dcgan(config) => vec![config.channels, config.resolution, config.resolution],
            Self::Mlp(config) => vec![config.output],
        }
    }

    /// The length of a latent vector.
    pub fn z_dim(&self) -> usize {
        match self {
            Self::Dcgan(config) => config.z_dim,
            Self::Mlp(config) => config.z_dim,
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`ModelError::InvalidField`] for the first field that cannot be used.
    pub fn validate(&self) -> Result<(), ModelError> {
        match self {
            Self::Dcgan(config) => config.validate(),
            Self::Mlp(config) => config.validate(),
        }
    }

    /// The generator, with first weights from `rng`.
    ///
    /// # Errors
    /// As [`ModelConfig::validate`]; the device refuses the memory.
    pub fn build_generator(
        &self,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Generator>, ModelError> {
        Ok(match self {
            Self::Dcgan(config) => Box::new(DcganGenerator::new(config, rng, dtype, device)?),
            Self::Mlp(config) => Box::new(MlpGenerator::new(config, rng, dtype, device)?),
        })
    }

    /// The discriminator, with first weights from `rng`.
    ///
    /// # Errors
    /// As [`ModelConfig::validate`]; the device refuses the memory.
    pub fn build_discriminator(
        &self,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(match self {
            Self::Dcgan(config) => Box::new(DcganDiscriminator::new(config, rng, dtype, device)?),
            Self::Mlp(config) => Box::new(MlpDiscriminator::new(config, rng, dtype, device)?),
        })
    }
}

#[cfg(test)]
mod tests;
