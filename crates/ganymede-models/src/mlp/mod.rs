//! Multi-layer perceptrons for points in the plane: rings and grids of Gaussians, spirals.
//!
//! The toy problem on which Goodfellow et al. (2014, arXiv:1406.2661) and those after them show
//! collapse and its cures. State-dict keys are those of an `nn.Sequential` called `main`, with
//! linear layers at `main.0`, `main.2`, …

mod discriminator;
mod generator;
mod infer;

pub use discriminator::{MlpDiscriminator, MlpDiscriminatorConfig};
pub use generator::{MlpGenerator, MlpGeneratorConfig};
pub(crate) use infer::chain;

use ganymede_tensor::{DType, Device, Init, Params, Rng, Tensor, bail};

use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::linear::Linear;
use crate::layers::minibatch::{MinibatchFeatures, MinibatchLayer};
use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;
use crate::spec::{Problem, Size, read_table};
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};
use crate::{Mode, ModelError};

/// The model's name in configuration files and errors.
pub(crate) const NAME: &str = "mlp";
const SUMMARY: &str = "linear layers for points in the plane";
const PAPER: &str = "Goodfellow et al., 2014, Generative Adversarial Networks, arXiv:1406.2661";
const MOST_WIDTH: usize = 8192;
const MOST_LAYERS: usize = 100;

/// The generator's place in the table.
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Points,
    read: |table| Ok(Box::new(read_table::<MlpGeneratorConfig>(table)?)),
    infer: Some(infer::generator),
    examples: generator::examples,
};

/// The discriminator's place in the table.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Points,
    read: |table| Ok(Box::new(read_table::<MlpDiscriminatorConfig>(table)?)),
    infer: Some(infer::discriminator),
    examples: discriminator::examples,
};

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
    let pairs = sides.windows(2).map(|pair| (pair[0] as u128 * pair[1] as u128, 1));
    let sum = |sides: &[usize]| sides.iter().map(|width| *width as u128).sum();
    let size = Size {
        activations: sides.iter().copied().max().unwrap_or(0) as u128,
        held: sum(&sides[1..sides.len() - 1]),
        ..Size::default()
    };
    size.with_products(pairs).with_vectors(sum(&sides[1..]))
}

fn sides(from: usize, width: usize, layers: usize, to: usize) -> Vec<usize> {
    std::iter::once(from).chain(std::iter::repeat_n(width, layers)).chain([to]).collect()
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

fn check(role: &str, input: &str, x: &Tensor, len: usize) -> ganymede_tensor::Result<()> {
    match x.dims() {
        &[_, d] if d == len => Ok(()),
        dims => bail!("{NAME} {role}: {input} is {dims:?}, expected (N, {len})"),
    }
}

#[cfg(test)]
mod tests;
