//! DCGAN (Radford, Metz and Chintala, 2016, arXiv:1511.06434).
//!
//! Strided convolutions, normalisation in both networks, ReLU up and leaky ReLU down, no hidden
//! dense layers. The layers and the state-dict keys are those of PyTorch's DCGAN tutorial
//! (`main.0.weight`, …), so its published weights load, with these differences:
//!
//! * any power-of-two resolution from 8 up; the tutorial is 64;
//! * the discriminator returns raw scores, the tutorial's ends in a sigmoid (which has no
//!   parameters): `sigmoid(scores)` is what the tutorial prints;
//! * the normalisation can be chosen, and the discriminator can be spectrally normalised. A network
//!   without normalisation has a bias in each convolution, which starts at 0; one with it has
//!   none, as in the tutorial. Keys are numbered as `nn.Sequential` would: without normalisation the
//!   convolutions are `main.0`, `main.2`, `main.4`, …
//! * either network can be told the class of a sample ([`GeneratorConditioning`](crate::GeneratorConditioning),
//!   [`DiscriminatorConditioning`](crate::DiscriminatorConditioning)).
//!
//! Weights start from N(0, 0.02²), γ of the normalisation from N(1, 0.02²), β at 0 (section 3; γ as
//! in the authors' code and the tutorial).

mod discriminator;
mod generator;
mod infer;

pub use discriminator::{DcganDiscriminator, DcganDiscriminatorConfig};
pub use generator::{DcganGenerator, DcganGeneratorConfig};

use ganymede_tensor::Init;

use crate::io::Io;
use crate::layers::norm::{NormConfig, NormKind};
use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;
use crate::spec::{Problem, Size};
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};

/// The model's name in configuration files and errors.
pub(crate) const NAME: &str = "dcgan";
const SUMMARY: &str = "strided convolutions for square images of any power-of-two resolution";
const PAPER: &str = "Radford, Metz and Chintala, 2016, Unsupervised Representation Learning with Deep Convolutional Generative \
     Adversarial Networks, arXiv:1511.06434";

/// The generator's place in the table.
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Images,
    read: generator::read,
    infer: Some(infer::generator),
    examples: generator::examples,
};

/// The discriminator's place in the table.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Images,
    read: discriminator::read,
    infer: Some(infer::discriminator),
    examples: discriminator::examples,
};

/// Standard deviation of the first weights.
const INIT_STD: f64 = 0.02;
/// Weights of a convolution for a pair of channels.
const KERNEL: u128 = 16;
const MOST_WIDTH: usize = 8192;
const MOST_MULTIPLIER: usize = 1024;

/// How weights start.
fn weight_init() -> Init {
    Init::Normal { mean: 0.0, std: INIT_STD }
}

/// A convolution of a network that normalises with `norm`.
fn layer_config(norm: NormKind, spectral: bool) -> LayerConfig {
    LayerConfig {
        weight_init: weight_init(),
        // Where no normalisation brings one.
        bias: (!norm.is_affine()).then_some(Init::Zeros),
        spectral: spectral.then(SpectralConfig::default),
        equalised: None,
    }
}

fn norm_config(kind: NormKind, channels: usize) -> NormConfig {
    NormConfig { weight_init: Init::Normal { mean: 1.0, std: INIT_STD }, ..NormConfig::new(kind, channels) }
}

/// Channels of the feature maps, from half the resolution down to 4×4.
///
/// They grow wider as the image shrinks. From half the resolution (i = 0) down to 4×4
/// (i = log₂(resolution/4) − 1) they have `width·min(2ⁱ, max_multiplier)` channels: at 64 that is 1,
/// 2, 4 and 8 times the width, as in the tutorial. At 128 and above a `max_multiplier`
/// of 8 is reached before 4×4; a larger one lets the widths double on.
fn widths(resolution: usize, width: usize, max_multiplier: usize) -> Vec<usize> {
    let halvings = (resolution / 4).ilog2();
    (0..halvings).map(|i| width * (1 << i).min(max_multiplier)).collect()
}

/// What keeps either network from the data: they take square images of 8, 16, … 2048 pixels.
fn fits(io: &Io) -> Vec<Problem> {
    let is_possible = |side: usize| side.is_power_of_two() && (8..=2048).contains(&side);
    match io.square() {
        Some((channels, side)) if channels > 0 && is_possible(side) => Vec::new(),
        _ => {
            let fix = "square images of a power of two from 8 to 2048 pixels, such as 32 (28×28 images are padded to it)";
            vec![Problem::new(NAME, format!("samples of shape {:?}", io.sample), fix)]
        }
    }
}

/// How large a network is whose convolutions have these channels, from one end to the other; `width` is that of the
/// feature maps at half the resolution, `places` those of the smaller map of each convolution.
fn size(io: &Io, width: usize, channels: &[usize], places: impl Iterator<Item = u128>) -> Size {
    let (own, side) = io.square().unwrap_or_default();
    let (half, side) = (side as u128 / 2, side as u128);
    let pairs = channels.windows(2).map(|pair| pair[0] as u128 * pair[1] as u128 * KERNEL);
    let held = width as u128 * half * half;
    let size = Size { activations: held.max(own as u128 * side * side), held, ..Size::default() };
    size.with_products(pairs.zip(places))
}

/// The places that each of so many convolutions is made at, from the latent vector on: 1×1, 4×4, 8×8, ….
fn places(convolutions: usize) -> impl DoubleEndedIterator<Item = u128> + ExactSizeIterator {
    (0..convolutions).map(|i| if i == 0 { 1 } else { (4u128 << (i - 1)).pow(2) })
}

/// Biases of the convolutions, and gains and biases of the normalisations behind maps of `normed` channels.
fn vectors(norm: NormKind, channels: &[usize], normed: &[usize]) -> u128 {
    let sum = |channels: &[usize]| channels.iter().map(|channels| *channels as u128).sum::<u128>();
    if norm.is_affine() { 2 * sum(normed) } else { sum(&channels[1..]) }
}

#[cfg(test)]
mod tests;
