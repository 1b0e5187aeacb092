//! A network of either role, where the role does not matter.

use ganymede_tensor::{DType, Device, Params, Rng};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::infer::Evidence;
use crate::spec::NetworkSpec;
use crate::table::{
    DISCRIMINATORS, DiscriminatorConfig, DiscriminatorKind, GENERATORS, GeneratorConfig, GeneratorKind,
};
use crate::{Io, ModelError};

/// Which of the two players.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// From latent vectors to samples.
    Generator,
    /// From samples to scores.
    Discriminator,
}

impl Role {
    /// Both.
    pub const ALL: &[Self] = &[Self::Generator, Self::Discriminator];

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Generator => "generator",
            Self::Discriminator => "discriminator",
        }
    }
}

/// A line of one of the two tables.
#[derive(Clone, Copy, Debug)]
pub enum NetworkKind {
    /// Of [`GENERATORS`].
    Generator(&'static GeneratorKind),
    /// Of [`DISCRIMINATORS`].
    Discriminator(&'static DiscriminatorKind),
}

impl NetworkKind {
    /// The network of a name in the table of a role.
    ///
    /// # Errors
    /// [`ModelError::UnknownModel`], which offers the nearest name.
    pub fn named(role: Role, name: &str) -> Result<Self, ModelError> {
        match role {
            Role::Generator => GeneratorKind::named(name).map(Self::Generator),
            Role::Discriminator => DiscriminatorKind::named(name).map(Self::Discriminator),
        }
    }

    /// Every line of both tables.
    pub fn all() -> impl Iterator<Item = Self> {
        let generators = GENERATORS.iter().map(|kind| Self::Generator(kind));
        generators.chain(DISCRIMINATORS.iter().map(|kind| Self::Discriminator(kind)))
    }

    /// Its name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generator(kind) => kind.name,
            Self::Discriminator(kind) => kind.name,
        }
    }

    /// Which player it is.
    pub fn role(self) -> Role {
        match self {
            Self::Generator(_) => Role::Generator,
            Self::Discriminator(_) => Role::Discriminator,
        }
    }

    pub(super) fn infer_from(self, evidence: &Evidence<'_>) -> Result<(Network, Io), ModelError> {
        match self {
            Self::Generator(kind) => GeneratorConfig::infer_from(kind, evidence)
                .map(|(config, io)| (Network::Generator(config), io)),
            Self::Discriminator(kind) => DiscriminatorConfig::infer_from(kind, evidence)
                .map(|(config, io)| (Network::Discriminator(config), io)),
        }
    }

    /// The names of the parameters and buffers of its small examples.
    pub(super) fn names_of_examples(self) -> Vec<Vec<String>> {
        let rng = || Rng::new(0);
        let names = |params: &Params| params.state_dict().into_keys().collect();
        match self {
            Self::Generator(kind) => (kind.examples)()
                .iter()
                .filter_map(|(spec, io)| spec.build(io, rng(), DType::F32, &Device::Cpu).ok())
                .map(|net| names(net.params()))
                .collect(),
            Self::Discriminator(kind) => (kind.examples)()
                .iter()
                .filter_map(|(spec, io)| spec.build(io, rng(), DType::F32, &Device::Cpu).ok())
                .map(|net| names(net.params()))
                .collect(),
        }
    }
}

/// A network and its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Network {
    /// A generator's.
    Generator(GeneratorConfig),
    /// A discriminator's.
    Discriminator(DiscriminatorConfig),
}

impl Network {
    /// From what [`Network::write`] gave.
    ///
    /// # Errors
    /// There is no such network; it has no such setting.
    pub fn from_table(role: Role, table: &Table) -> Result<Self, ModelError> {
        match role {
            Role::Generator => GeneratorConfig::from_table(table).map(Self::Generator),
            Role::Discriminator => DiscriminatorConfig::from_table(table).map(Self::Discriminator),
        }
    }

    /// Its place in the tables.
    pub fn kind(&self) -> NetworkKind {
        match self {
            Self::Generator(config) => NetworkKind::Generator(config.kind()),
            Self::Discriminator(config) => NetworkKind::Discriminator(config.kind()),
        }
    }

    /// What any network says of itself.
    pub fn spec(&self) -> &dyn NetworkSpec {
        match self {
            Self::Generator(config) => config.as_spec(),
            Self::Discriminator(config) => config.as_spec(),
        }
    }

    /// The kind and every setting.
    pub fn write(&self) -> Table {
        match self {
            Self::Generator(config) => config.write(),
            Self::Discriminator(config) => config.write(),
        }
    }

    /// The parameters and buffers of a network that is built for this, with some values.
    pub(super) fn params(&self, io: &Io) -> Result<Params, ModelError> {
        let rng = Rng::new(0);
        Ok(match self {
            Self::Generator(config) => config.build(io, rng, DType::F32, &Device::Cpu)?.params().clone(),
            Self::Discriminator(config) => config.build(io, rng, DType::F32, &Device::Cpu)?.params().clone(),
        })
    }
}
