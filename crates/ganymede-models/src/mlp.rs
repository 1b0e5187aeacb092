//! Multi-layer perceptrons for points in the plane: rings and grids of Gaussians, spirals.
//!
//! The toy problem on which Goodfellow et al. (2014, arXiv:1406.2661) and those after them show
//! collapse and its cures. State-dict keys are those of an `nn.Sequential` called `main`, with
//! linear layers at `main.0`, `main.2`, …

use ganymede_tensor::{DType, Device, Init, Params, Rng, Tensor, bail};
use serde::{Deserialize, Serialize};

use crate::error::check_sizes;
use crate::layers::activation::Activation;
use crate::layers::linear::Linear;
use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;
use crate::{Critique, Discriminator, Generator, Mode, ModelError};

/// The model's name in configuration files and errors.
pub(crate) const NAME: &str = "mlp";

/// An MLP generator and its discriminator, of equal width and depth.
///
/// The default suits the ring of 8 and the grid of 25. A latent plane matters most: with 16 latent
/// coordinates far more samples fall between the modes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpConfig {
    /// Length of a latent vector.
    pub z_dim: usize,
    /// Width of the hidden layers.
    pub hidden: usize,
    /// Number of hidden layers.
    pub layers: usize,
    /// Coordinates of a point: what the generator gives and the discriminator takes.
    pub output: usize,
    /// Between the layers of both networks.
    pub activation: Activation,
    /// Spectral normalisation of all layers of the discriminator (arXiv:1802.05957).
    pub spectral: bool,
}

impl Default for MlpConfig {
    fn default() -> Self {
        Self { z_dim: 2, hidden: 128, layers: 4, output: 2, activation: Activation::Tanh, spectral: false }
    }
}

impl MlpConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ModelError::InvalidField`] for the first field that cannot be used.
    pub fn validate(&self) -> Result<(), ModelError> {
        let sizes = [
            ("z_dim", self.z_dim),
            ("hidden", self.hidden),
            ("layers", self.layers),
            ("output", self.output),
        ];
        check_sizes(NAME, &sizes)
    }
}

/// Linear layers with an activation between them, none after the last.
#[derive(Debug)]
struct Mlp {
    layers: Vec<Linear>,
    activation: Activation,
    params: Params,
}

impl Mlp {
    /// Weights start so that the variance of signals is kept (He et al., arXiv:1502.01852), biases
    /// as in PyTorch: with zero biases all kinks of a network of points would meet in the origin.
    fn new(
        config: &MlpConfig,
        [from, to]: [usize; 2],
        spectral: bool,
        (rng, dtype, device): (Rng, DType, &Device),
    ) -> Result<Self, ModelError> {
        config.validate()?;
        let params = Params::new();
        let main = params.builder(rng, dtype, device).pp("main");
        let sizes: Vec<usize> = std::iter::once(from)
            .chain(std::iter::repeat_n(config.hidden, config.layers))
            .chain([to])
            .collect();
        let layer = |i: usize| {
            let gain = if i == config.layers { 1.0 } else { config.activation.gain() };
            let layer = LayerConfig {
                weight_init: Init::KaimingNormal { gain },
                spectral: spectral.then(SpectralConfig::default),
                ..LayerConfig::default()
            };
            Linear::new(sizes[i], sizes[i + 1], &layer, &main.pp(2 * i))
        };
        let layers = (0..=config.layers).map(layer).collect::<ganymede_tensor::Result<_>>()?;
        Ok(Self { layers, activation: config.activation, params })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> ganymede_tensor::Result<Tensor> {
        let mut x = x.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            if i > 0 {
                x = self.activation.forward(&x)?;
            }
            x = layer.forward(&x, mode)?;
        }
        Ok(x)
    }
}

/// `(N, Z)` to points `(N, D)`; the last layer is linear, so points may lie anywhere.
#[derive(Debug)]
pub struct MlpGenerator {
    mlp: Mlp,
    config: MlpConfig,
}

impl MlpGenerator {
    /// A generator with first weights from `rng`.
    ///
    /// # Errors
    /// A field of `config` cannot be used.
    pub fn new(config: &MlpConfig, rng: Rng, dtype: DType, device: &Device) -> Result<Self, ModelError> {
        let mlp = Mlp::new(config, [config.z_dim, config.output], false, (rng, dtype, device))?;
        Ok(Self { mlp, config: config.clone() })
    }
}

impl Generator for MlpGenerator {
    fn forward(&self, z: &Tensor, _y: Option<&Tensor>, mode: Mode) -> ganymede_tensor::Result<Tensor> {
        check("generator", "z", z, self.config.z_dim)?;
        self.mlp.forward(z, mode)
    }

    fn params(&self) -> &Params {
        &self.mlp.params
    }

    fn z_dim(&self) -> usize {
        self.config.z_dim
    }

    fn output_shape(&self) -> Vec<usize> {
        vec![self.config.output]
    }
}

/// Points `(N, D)` to raw scores `(N,)`.
#[derive(Debug)]
pub struct MlpDiscriminator {
    mlp: Mlp,
    config: MlpConfig,
}

impl MlpDiscriminator {
    /// A discriminator with first weights from `rng`.
    ///
    /// # Errors
    /// A field of `config` cannot be used.
    pub fn new(config: &MlpConfig, rng: Rng, dtype: DType, device: &Device) -> Result<Self, ModelError> {
        let mlp = Mlp::new(config, [config.output, 1], config.spectral, (rng, dtype, device))?;
        Ok(Self { mlp, config: config.clone() })
    }
}

impl Discriminator for MlpDiscriminator {
    fn forward(&self, x: &Tensor, _y: Option<&Tensor>, mode: Mode) -> ganymede_tensor::Result<Critique> {
        check("discriminator", "x", x, self.config.output)?;
        Ok(Critique::unconditional(self.mlp.forward(x, mode)?.flatten_all()?))
    }

    fn params(&self) -> &Params {
        &self.mlp.params
    }
}

fn check(role: &str, input: &str, x: &Tensor, len: usize) -> ganymede_tensor::Result<()> {
    match x.dims() {
        &[_, d] if d == len => Ok(()),
        dims => bail!("{NAME} {role}: {input} is {dims:?}, expected (N, {len})"),
    }
}

#[cfg(test)]
mod tests;
