//! The plain convolutional networks of spectral normalisation (Miyato et al., 2018, arXiv:1802.05957, table 3).
//!
//! The generator doubles three times from S×S, S = R/8; the discriminator halves three times, with a convolution of
//! kernel 3 before each halving and one at the end. Channels are shares of `width`, 512 in the paper:
//!
//! | | S | 2S | 4S | 8S = R |
//! |---|---|---|---|---|
//! | generator | 1 | ½ | ¼ | ⅛ |
//! | discriminator | ½, then 1 | ¼, ½ | ⅛, ¼ | ⅛ |
//!
//! Weights start from N(0, 0.02), biases at 0.

mod discriminator;
mod generator;
mod infer;

pub use discriminator::{SndcganDiscriminator, SndcganDiscriminatorConfig};
pub use generator::{SndcganGenerator, SndcganGeneratorConfig};

use ganymede_tensor::Init;

use crate::io::Io;
use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;
use crate::spec::{Problem, read_table};
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};

const NAME: &str = "sndcgan";
const SUMMARY: &str = "plain convolutions, seven in the discriminator; spectral normalisation there";
const PAPER: &str =
    "Miyato et al., 2018, Spectral Normalization for Generative Adversarial Networks, arXiv:1802.05957";
const MOST_WIDTH: usize = 8192;

/// The generator's place in the table.
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<SndcganGeneratorConfig>(table)?)),
    infer: Some(infer::generator),
    examples: generator::examples,
};

/// The discriminator's place in the table.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<SndcganDiscriminatorConfig>(table)?)),
    infer: Some(infer::discriminator),
    examples: discriminator::examples,
};

/// A layer, with a bias or before a normalisation that brings one.
fn layer(bias: bool, spectral: bool) -> LayerConfig {
    LayerConfig {
        weight_init: Init::Normal { mean: 0.0, std: 0.02 },
        bias: bias.then_some(Init::Zeros),
        spectral: spectral.then(SpectralConfig::default),
        equalised: None,
    }
}

/// What keeps either network from the data.
fn fits(io: &Io) -> Vec<Problem> {
    match io.square() {
        Some((1.., side)) if side % 8 == 0 && (8..=2048).contains(&side) => Vec::new(),
        _ => {
            let fix = "square images of a multiple of 8 pixels, at most 2048 (28×28 images are padded to 32)";
            vec![Problem::new(NAME, format!("samples of shape {:?}", io.sample), fix)]
        }
    }
}

/// A width that does not divide.
fn odd_width(width: usize) -> Option<Problem> {
    (!width.is_multiple_of(8)).then(|| Problem::new("width", width, "a multiple of 8"))
}
