//! Multi-layer perceptrons for points in the plane: rings and grids of Gaussians, spirals.
//!
//! The toy problem on which Goodfellow et al. (2014, arXiv:1406.2661) and those after them show
//! collapse and its cures. State-dict keys are those of an `nn.Sequential` called `main`, with
//! linear layers at `main.0`, `main.2`, …

use ganymede_tensor::{DType, Device, Init, Params, Rng, Tensor, bail};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::linear::Linear;
use crate::layers::minibatch::{MinibatchFeatures, MinibatchLayer};
use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;
use crate::spec::{
    DiscriminatorSpec, Fault, GeneratorSpec, NetworkSpec, Problem, Size, Traits, read_table, refuse, sizes,
    write_table,
};
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};
use crate::{
    Critique, Discriminator, DiscriminatorInput, Generated, Generator, GeneratorInput, Mode, ModelError,
};

/// The model's name in configuration files and errors.
pub(crate) const NAME: &str = "mlp";
const SUMMARY: &str = "linear layers for points in the plane";
const PAPER: &str = "Goodfellow et al., 2014, arXiv:1406.2661";
const MOST_WIDTH: usize = 8192;
const MOST_LAYERS: usize = 100;

/// The generator's place in the table.
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Points,
    read: read_generator,
    // Weights do not tell the activation.
    infer: None,
    examples: generator_examples,
};

/// The discriminator's place in the table.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Points,
    read: read_discriminator,
    examples: discriminator_examples,
};

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
}

impl Default for MlpGeneratorConfig {
    fn default() -> Self {
        Self { z_dim: 16, width: 128, layers: 3, activation: Activation::LeakyRelu }
    }
}

impl Default for MlpDiscriminatorConfig {
    fn default() -> Self {
        Self {
            width: 128,
            layers: 3,
            activation: Activation::LeakyRelu,
            spectral: false,
            minibatch: MinibatchFeatures::None,
        }
    }
}

fn read_generator(table: &Table) -> Result<Box<dyn GeneratorSpec>, Fault> {
    Ok(Box::new(read_table::<MlpGeneratorConfig>(table)?))
}

fn read_discriminator(table: &Table) -> Result<Box<dyn DiscriminatorSpec>, Fault> {
    Ok(Box::new(read_table::<MlpDiscriminatorConfig>(table)?))
}

fn generator_examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = MlpGeneratorConfig { z_dim: 4, width: 8, layers: 2, ..Default::default() };
    let of = |&activation| MlpGeneratorConfig { activation, ..small.clone() };
    Activation::ALL.iter().map(of).map(|config| (Box::new(config) as Box<_>, Io::new([2]))).collect()
}

fn discriminator_examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = MlpDiscriminatorConfig { width: 8, layers: 2, ..Default::default() };
    let of = |&activation| MlpDiscriminatorConfig { activation, ..small.clone() };
    let spectral = MlpDiscriminatorConfig { spectral: true, ..small.clone() };
    let seeing = |&minibatch| MlpDiscriminatorConfig { minibatch, ..small.clone() };
    let seeing = MinibatchFeatures::ALL[1..].iter().map(seeing);
    let all = Activation::ALL.iter().map(of).chain([spectral]).chain(seeing);
    all.map(|config| (Box::new(config) as Box<_>, Io::new([2]))).collect()
}

fn fits(io: &Io) -> Vec<Problem> {
    match io.sample[..] {
        [1..=65_536] => Vec::new(),
        _ => {
            let fix = "points (D,) of 1 to 65536 coordinates";
            vec![Problem::new(NAME, format!("samples of shape {:?}", io.sample), fix)]
        }
    }
}

/// How large a network of these layers is.
fn size(sides: &[usize]) -> Size {
    let pairs = sides.windows(2).map(|pair| pair[0] as u128 * pair[1] as u128);
    let inner = &sides[1..sides.len() - 1];
    Size {
        activations: sides.iter().copied().max().unwrap_or(0) as u128,
        held: inner.iter().map(|width| *width as u128).sum(),
        largest_weight: pairs.clone().max().unwrap_or(0),
        weights: pairs.sum(),
    }
}

fn sides(from: usize, width: usize, layers: usize, to: usize) -> Vec<usize> {
    std::iter::once(from).chain(std::iter::repeat_n(width, layers)).chain([to]).collect()
}

impl MlpGeneratorConfig {
    fn sides(&self, io: &Io) -> Vec<usize> {
        sides(self.z_dim, self.width, self.layers, io.sample[0])
    }
}

impl MlpDiscriminatorConfig {
    fn sides(&self, io: &Io) -> Vec<usize> {
        sides(io.sample[0], self.width, self.layers, 1)
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

impl NetworkSpec for MlpDiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        sizes(&[("width", self.width, MOST_WIDTH), ("layers", self.layers, MOST_LAYERS)])
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        fits(io)
    }

    fn traits(&self) -> Traits {
        Traits {
            mixes_batch: !self.minibatch.is_none(),
            lipschitz: self.spectral && self.minibatch.is_none(),
            ..Traits::default()
        }
    }

    fn size(&self, io: &Io) -> Size {
        size(&self.sides(io))
            .with_layers([self.minibatch.weights(self.width), self.minibatch.extra() as u128])
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

/// Weights start so that the variance of signals is kept (He et al., arXiv:1502.01852), biases as in PyTorch: with zero
/// biases all kinks of a network of points would meet in the origin.
fn layer_config(gain: f64, spectral: bool) -> LayerConfig {
    LayerConfig {
        weight_init: Init::KaimingNormal { gain },
        spectral: spectral.then(SpectralConfig::default),
        ..LayerConfig::default()
    }
}

/// Linear layers with an activation between them, none after the last, which sees features of the batch.
#[derive(Debug)]
struct Mlp {
    layers: Vec<Linear>,
    minibatch: MinibatchLayer,
    activation: Activation,
    params: Params,
}

impl Mlp {
    fn new(
        sides: &[usize],
        activation: Activation,
        (spectral, minibatch): (bool, MinibatchFeatures),
        (rng, dtype, device): (Rng, DType, &Device),
    ) -> Result<Self, ModelError> {
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let main = root.pp("main");
        let last = sides.len() - 2;
        let layer = |i: usize| {
            let gain = if i == last { 1.0 } else { activation.gain() };
            let from = sides[i] + if i == last { minibatch.extra() } else { 0 };
            Linear::new(from, sides[i + 1], &layer_config(gain, spectral), &main.pp(2 * i))
        };
        let layers = (0..=last).map(layer).collect::<ganymede_tensor::Result<_>>()?;
        let minibatch = minibatch.build(sides[last], &layer_config(1.0, spectral), &root.pp("minibatch"))?;
        Ok(Self { layers, minibatch, activation, params })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> ganymede_tensor::Result<Tensor> {
        let mut x = x.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            if i > 0 {
                x = self.activation.forward(&x)?;
            }
            if i + 1 == self.layers.len() {
                x = self.minibatch.append(&x, mode)?;
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

/// Points `(N, D)` to raw scores `(N,)`.
#[derive(Debug)]
pub struct MlpDiscriminator {
    mlp: Mlp,
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
        Ok(Self { mlp, io: io.clone() })
    }
}

impl Discriminator for MlpDiscriminator {
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Critique> {
        check("discriminator", "x", input.samples, self.io.sample[0])?;
        Ok(Critique::new(self.mlp.forward(input.samples, mode)?.flatten_all()?))
    }

    fn params(&self) -> &Params {
        &self.mlp.params
    }

    fn io(&self) -> &Io {
        &self.io
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
