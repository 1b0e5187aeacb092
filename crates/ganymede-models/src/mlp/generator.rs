//! The generator of points.

use ganymede_tensor::{DType, Device, Params, Rng};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{MOST_LAYERS, MOST_WIDTH, Mlp, NAME, check, fits, sides, size};
use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::minibatch::MinibatchFeatures;
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Generated, Generator, GeneratorInput, Mode, ModelError};

/// The settings of an [`MlpGenerator`].
///
/// For rings and grids a latent plane is best: with 16 latent coordinates far more samples fall between the modes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpGeneratorConfig {
    /// Length of a latent vector.
    pub z_dim: usize,
    /// Units of a hidden layer.
    pub width: usize,
    /// Hidden layers.
    pub layers: usize,
    /// Between the layers.
    pub activation: Activation,
}

impl Default for MlpGeneratorConfig {
    fn default() -> Self {
        Self { z_dim: 16, width: 128, layers: 3, activation: Activation::LeakyRelu }
    }
}

pub(super) fn examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = MlpGeneratorConfig { z_dim: 4, width: 8, layers: 2, ..Default::default() };
    let of = |&activation| MlpGeneratorConfig { activation, ..small.clone() };
    Activation::ALL.iter().map(of).map(|config| (Box::new(config) as Box<_>, Io::new([2]))).collect()
}

impl MlpGeneratorConfig {
    fn sides(&self, io: &Io) -> Vec<usize> {
        sides(self.z_dim, self.width, self.layers, io.sample[0])
    }
}

impl NetworkSpec for MlpGeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        sizes(&[
            ("z_dim", self.z_dim, 65_536),
            ("width", self.width, MOST_WIDTH),
            ("layers", self.layers, MOST_LAYERS),
        ])
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        fits(io)
    }

    fn traits(&self) -> Traits {
        Traits::default()
    }

    fn size(&self, io: &Io) -> Size {
        size(&self.sides(io))
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl GeneratorSpec for MlpGeneratorConfig {
    fn z_dim(&self) -> usize {
        self.z_dim
    }

    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Generator>, ModelError> {
        Ok(Box::new(MlpGenerator::new(self, io, rng, dtype, device)?))
    }
}

/// `(N, Z)` to points `(N, D)`; the last layer is linear, so points may lie anywhere.
#[derive(Debug)]
pub struct MlpGenerator {
    mlp: Mlp,
    z_dim: usize,
    io: Io,
}

impl MlpGenerator {
    /// A generator of points `[D]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the samples are no points.
    pub fn new(
        config: &MlpGeneratorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, fits(io))?;
        let mlp = Mlp::new(
            &config.sides(io),
            config.activation,
            (false, MinibatchFeatures::None),
            (rng, dtype, device),
        )?;
        Ok(Self { mlp, z_dim: config.z_dim, io: io.clone() })
    }
}

impl Generator for MlpGenerator {
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Generated> {
        let z = &input.latents.z;
        check("generator", "z", z, self.z_dim)?;
        Ok(Generated::new(self.mlp.forward(z, mode)?))
    }

    fn params(&self) -> &Params {
        &self.mlp.params
    }

    fn z_dim(&self) -> usize {
        self.z_dim
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
