//! PGGAN (Karras et al., 2018, arXiv:1710.10196): networks that grow from 4×4 pixels to the size of the images.
//!
//! Stage s makes or judges images of 4·2ˢ pixels ([`Growth`](crate::Growth)). A new stage fades in: of the generator's image
//! α is the newest stage's and 1 − α that of the stage before it, doubled; in the discriminator α is the newest stage's
//! share in the feature map at half the side, and 1 − α that of the halved image. All stages have their parameters from the
//! start, so that optimisers and checkpoints never change; those that a pass does not use have a gradient of 0. At a side R
//! maps have min(`width_base`/R, `width_max`) channels; the defaults are the paper's table 2.
//!
//! Names of parameters are those of pytorch_GAN_zoo (`scaleLayers.0.1.module.weight`), whose state dicts fit, and so is what
//! decides whether they give the same numbers. There, and here, each layer is √(2/fan-in)·(W·x + b) with W from N(0, 1) and
//! b = 0, the bias scaled like the weight, with the gain √2 in every layer. The authors' program adds biases as they are, has
//! the gain 1 in the layers to colours and to the score, and √2/4 in the generator's first one: other numbers for the same
//! weights, and other steps of the biases. [`minibatch_stddev_unbiased`](crate::minibatch_stddev_unbiased) is
//! pytorch_GAN_zoo's, too, where the authors' groups lie otherwise.
//!
//! Where the choice does not show in the weights, it is the authors'. pytorch_GAN_zoo's α is the share of the *older* stage,
//! and its discriminator does not fade the stage of 8 pixels in, though its generator does: here both fade alike. It adds
//! stages when they are due, so that a file of a network that is still growing is that of the stage it has reached.
//!
//! A class is told as the networks here are told it (`conditioning`): by a vector that is learned, where both programs put
//! the unit vector of the class beside the latent one. As in pytorch_GAN_zoo the logits of an auxiliary classifier stand
//! behind the score in the last layer.

mod discriminator;
mod generator;
mod infer;

pub use discriminator::{PgganDiscriminator, PgganDiscriminatorConfig};
pub use generator::{PgganGenerator, PgganGeneratorConfig};

use std::f64::consts::SQRT_2;

use ganymede_tensor::{Builder, Init, Result, Tensor};

use crate::io::Io;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::linear::Linear;
use crate::layers::weight::{Equalised, LayerConfig};
use crate::spec::{Problem, read_table};
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};

const NAME: &str = "pggan";
const PAPER: &str = "Karras et al., 2018, Progressive Growing of GANs for Improved Quality, Stability, and Variation, \
                     arXiv:1710.10196";
const MOST_WIDTH: usize = 8192;
/// The widest map, at the largest image.
const MOST_BASE: usize = MOST_WIDTH * MOST_SIDE;
/// The side of the first stage.
const BOTTOM: usize = 4;
const MOST_SIDE: usize = 2048;
/// Weights of a convolution between two maps, for a pair of channels.
const KERNEL: u128 = 9;

/// The generator's place in the table.
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: NAME,
    summary: "grows from 4×4 pixels, stage by stage; pixel normalisation, an equalised learning rate",
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<PgganGeneratorConfig>(table)?)),
    infer: Some(infer::generator),
    examples: generator::examples,
};

/// The discriminator's place in the table.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: NAME,
    summary: "grows with its generator; sees how much the samples of a batch differ, an equalised learning rate",
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<PgganDiscriminatorConfig>(table)?)),
    infer: Some(infer::discriminator),
    examples: discriminator::examples,
};

/// The usual widths: those of the paper's table 2.
const USUAL_BASE: usize = 16_384;
const USUAL_MAX: usize = 512;

/// Stages for such images: their sides are 4, 8, … up to that of the images.
fn stages(io: &Io) -> usize {
    let side = io.square().unwrap_or_default().1;
    (side / BOTTOM).checked_ilog2().map_or(0, |doublings| doublings as usize + 1)
}

/// The side of a stage.
fn side(stage: usize) -> usize {
    BOTTOM << stage
}

/// Channels of the maps of each of so many stages.
fn widths(stages: usize, base: usize, max: usize) -> Vec<usize> {
    (0..stages).map(|stage| (base / side(stage)).min(max)).collect()
}

/// What keeps either network from the data.
fn fits(io: &Io, base: usize) -> Vec<Problem> {
    match io.square() {
        Some((1.., side)) if side.is_power_of_two() && (BOTTOM..=MOST_SIDE).contains(&side) => {
            let fix = format!("{side} or more at {side} pixels, where maps have width_base/{side} channels");
            (base < side).then(|| Problem::new("width_base", base, fix)).into_iter().collect()
        }
        _ => {
            let fix = format!(
                "square images of a power of two from {BOTTOM} to {MOST_SIDE} pixels (28×28 images are padded to 32)"
            );
            vec![Problem::new(NAME, format!("samples of shape {:?}", io.sample), fix)]
        }
    }
}

/// How a layer starts, and how its weight is used. Without an equalised learning rate the first values that are used are
/// the same, and are learned as they are.
fn layer(equalised: bool) -> LayerConfig {
    let plain = LayerConfig {
        weight_init: Init::KaimingNormal { gain: SQRT_2 },
        bias: Some(Init::Zeros),
        spectral: None,
        equalised: None,
    };
    let scale = Equalised { gain: SQRT_2, lr_multiplier: 1.0, scales_bias: true };
    let unit = Init::Normal { mean: 0.0, std: 1.0 };
    if equalised { LayerConfig { weight_init: unit, equalised: Some(scale), ..plain } } else { plain }
}

/// A convolution that keeps the side, under `at`.`module`.
fn conv([from, to]: [usize; 2], kernel: usize, equalised: bool, at: &Builder) -> Result<Conv2d> {
    let config = Conv2dConfig::new(from, to, kernel).with_stride(1, kernel / 2);
    Conv2d::new(&config.with_layer(layer(equalised)), &at.pp("module"))
}

/// A linear layer, likewise.
fn linear([from, to]: [usize; 2], equalised: bool, at: &Builder) -> Result<Linear> {
    Linear::new(from, to, &layer(equalised), &at.pp("module"))
}

/// `alpha` of the newer stage and the rest of the older one.
fn blended(older: &Tensor, newer: &Tensor, alpha: f64) -> Result<Tensor> {
    (older * (1.0 - alpha))? + (newer * alpha)?
}

#[cfg(test)]
mod tests;
