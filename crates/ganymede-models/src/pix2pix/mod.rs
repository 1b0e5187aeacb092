//! pix2pix (Isola et al., 2017, arXiv:1611.07004): from an image to an image.
//!
//! The generator is a U-Net: convolutions that halve down to the bottom, transposed convolutions that double up again,
//! and at each side a skip that joins what came down to what comes up. The discriminator, PatchGAN, is convolutional to
//! the end and scores each patch. Both see the condition, an image of the samples' size; `Io` says its channels. Names of
//! parameters are those of the authors' program in PyTorch (`model.model.1.model.3.model.1.weight`), whose state dicts
//! fit; weights start from N(0, 0.02), gains from N(1, 0.02), biases at 0.
//!
//! A layer before batch normalisation has no bias. Instance normalisation is without gain and bias here, and the layer
//! before it has one, both as in that program. The paper normalises by the batch that it is shown in tests, too, with a
//! batch of 1, which is instance normalisation. Here evaluation uses running statistics as everywhere, so that a sample
//! does not depend on its companions: `norm = "instance"` is the paper's practice, in training and out of it.
//!
//! The noise of the generator is dropout, which the paper leaves on in tests. Its masks are drawn beforehand
//! ([`Latents::noise`](crate::Latents)); who gives none gets the network without dropout. There is no latent vector: the
//! authors found that the network learned to ignore it (section 3.1).

mod discriminator;
mod generator;
mod infer;

pub use discriminator::{Pix2pixDiscriminator, Pix2pixDiscriminatorConfig};
pub use generator::{Pix2pixGenerator, Pix2pixGeneratorConfig};

use ganymede_tensor::{Init, Result, Tensor, bail};

use crate::io::{Condition, ConditionShape, Io};
use crate::layers::norm::{NormConfig, NormKind};
use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;
use crate::spec::{Problem, read_table};
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};

const NAME: &str = "pix2pix";
const PAPER: &str = "Isola et al., 2017, arXiv:1611.07004";
const MOST_WIDTH: usize = 8192;
/// Channels are at most so many times the width.
const MOST_MULTIPLIER: usize = 8;
/// The longest side of an image.
const MOST_SIDE: usize = 2048;
const KERNEL: usize = 4;
const INIT_STD: f64 = 0.02;

/// The generator's place in the table.
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: NAME,
    summary: "U-Net from an image to an image, with skips from halving to doubling; its noise is dropout",
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<Pix2pixGeneratorConfig>(table)?)),
    infer: Some(infer::generator),
    examples: generator::examples,
};

/// The discriminator's place in the table.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: NAME,
    summary: "PatchGAN: convolutions alone, a score for each patch, of an image beside its condition",
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<Pix2pixDiscriminatorConfig>(table)?)),
    infer: Some(infer::discriminator),
    examples: discriminator::examples,
};

/// Channels at a depth, from 0.
fn channels(width: usize, depth: usize) -> usize {
    width * MOST_MULTIPLIER.min(1 << depth.min(MOST_MULTIPLIER))
}

/// `[C, H, W]` of images of any sides.
fn image(shape: &[usize]) -> Option<[usize; 3]> {
    match *shape {
        [channels, height, width] if channels > 0 && height > 0 && width > 0 => {
            Some([channels, height, width])
        }
        _ => None,
    }
}

/// `[C, H, W]` of the image beside a sample, if there is one of the sample's size.
fn beside(io: &Io) -> Option<[usize; 3]> {
    match &io.condition {
        ConditionShape::Images(shape) => image(shape).filter(|image| io.sample.get(1..) == Some(&image[1..])),
        _ => None,
    }
}

/// What keeps a network that needs such an image from the data, for the sake of `field`; `instead` is another way out.
fn of_images(io: &Io, field: &'static str, instead: &str) -> Option<Problem> {
    if beside(io).is_some() {
        return None;
    }
    let found = match &io.condition {
        ConditionShape::None => "samples with nothing beside them".to_owned(),
        ConditionShape::Classes(classes) => format!("samples of {classes} classes"),
        ConditionShape::Vectors(dim) => format!("samples with vectors of length {dim} beside them"),
        ConditionShape::Images(shape) => {
            format!("samples {:?} with images {shape:?} beside them", io.sample)
        }
    };
    let fix = format!("data with an image of the same size beside each sample{instead}");
    Some(Problem::new(field, found, fix))
}

/// The images of a condition, as a network was built for them.
fn images<'a>(condition: &'a Condition, io: &Io, who: &str, n: usize) -> Result<&'a Tensor> {
    let x = condition.images(who, n)?;
    match beside(io) {
        Some(shape) if x.dims()[1..] == shape => Ok(x),
        expected => {
            bail!(
                "{who}: the condition is {:?}, expected ({n}, ..) of {:?}",
                x.dims(),
                expected.unwrap_or_default()
            )
        }
    }
}

/// A normalisation of these networks.
fn norm_config(kind: NormKind, channels: usize) -> NormConfig {
    let config = NormConfig {
        weight_init: Init::Normal { mean: 1.0, std: INIT_STD },
        ..NormConfig::new(kind, channels)
    };
    if kind == NormKind::Instance { config.without_affine() } else { config }
}

/// Whether layers have a bias before such a normalisation here.
fn has_bias(norm: NormKind) -> bool {
    !norm_config(norm, 1).affine
}

/// A layer of these networks.
fn layer(bias: bool, spectral: bool) -> LayerConfig {
    LayerConfig {
        weight_init: Init::Normal { mean: 0.0, std: INIT_STD },
        bias: bias.then_some(Init::Zeros),
        spectral: spectral.then(SpectralConfig::default),
        equalised: None,
    }
}

#[cfg(test)]
mod tests;
