//! The discriminator of points.

use ganymede_tensor::{DType, Device, Params, Rng};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{MOST_LAYERS, MOST_WIDTH, Mlp, NAME, check, fits, sides, size};
use crate::conditioning::DiscriminatorConditioning;
use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::minibatch::MinibatchFeatures;
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError, scores};

/// The settings of an [`MlpDiscriminator`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpDiscriminatorConfig {
    /// Units of a hidden layer.
    pub width: usize,
    /// Hidden layers.
    pub layers: usize,
    /// Between the layers.
    pub activation: Activation,
    /// Spectral normalisation of all layers (arXiv:1802.05957).
    pub spectral: bool,
    /// What the last layer sees of the batch as a whole.
    #[serde(skip_serializing_if = "MinibatchFeatures::is_none")]
    pub minibatch: MinibatchFeatures,
    /// Numbers a sample: 1, a score, or the features that a loss between distributions compares.
    #[serde(skip_serializing_if = "scores::is_usual")]
    pub scores: usize,
}

impl Default for MlpDiscriminatorConfig {
    fn default() -> Self {
        Self {
            width: 128,
            layers: 3,
            activation: Activation::LeakyRelu,
            spectral: false,
            minibatch: MinibatchFeatures::None,
            scores: scores::usual(),
        }
    }
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = MlpDiscriminatorConfig { width: 8, layers: 2, ..Default::default() };
    let of = |&activation| MlpDiscriminatorConfig { activation, ..small.clone() };
    let spectral = MlpDiscriminatorConfig { spectral: true, ..small.clone() };
    let seeing = |&minibatch| MlpDiscriminatorConfig { minibatch, ..small.clone() };
    let seeing = MinibatchFeatures::ALL[1..].iter().map(seeing);
    let several = MlpDiscriminatorConfig { scores: 3, ..small.clone() };
    let all = Activation::ALL.iter().map(of).chain([spectral, several]).chain(seeing);
    all.map(|config| (Box::new(config) as Box<_>, Io::new([2]))).collect()
}

impl MlpDiscriminatorConfig {
    fn sides(&self, io: &Io) -> Vec<usize> {
        sides(io.sample[0], self.width, self.layers, self.scores)
    }
}

impl NetworkSpec for MlpDiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[("width", self.width, MOST_WIDTH), ("layers", self.layers, MOST_LAYERS)]);
        problems.extend(scores::check(self.scores, DiscriminatorConditioning::None));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        fits(io)
    }

    fn traits(&self) -> Traits {
        Traits {
            mixes_batch: !self.minibatch.is_none(),
            sees_batch: !self.minibatch.is_none(),
            lipschitz: self.spectral && self.minibatch.is_none(),
            scores: self.scores,
            ..Traits::default()
        }
    }

    fn size(&self, io: &Io) -> Size {
        let extra = self.minibatch.extra() * self.scores;
        size(&self.sides(io)).with_products([(self.minibatch.weights(self.width), 1), (extra as u128, 1)])
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for MlpDiscriminatorConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(MlpDiscriminator::new(self, io, rng, dtype, device)?))
    }
}

/// Points `(N, D)` to raw scores `(N,)`, or `(N, K)` of several.
#[derive(Debug)]
pub struct MlpDiscriminator {
    mlp: Mlp,
    scores: usize,
    io: Io,
}

impl MlpDiscriminator {
    /// A discriminator of points `[D]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the samples are no points.
    pub fn new(
        config: &MlpDiscriminatorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, fits(io))?;
        let features = (config.spectral, config.minibatch);
        let mlp = Mlp::new(&config.sides(io), config.activation, features, (rng, dtype, device))?;
        Ok(Self { mlp, scores: config.scores, io: io.clone() })
    }
}

impl Discriminator for MlpDiscriminator {
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Critique> {
        check("discriminator", "x", input.samples, self.io.sample[0])?;
        Ok(Critique::new(scores::shaped(&self.mlp.forward(input.samples, mode)?, self.scores)?))
    }

    fn params(&self) -> &Params {
        &self.mlp.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
