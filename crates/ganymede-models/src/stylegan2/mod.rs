//! StyleGAN2 (Karras et al., 2020, arXiv:1912.04958) as stylegan2-ada-pytorch (Karras et al., 2020, arXiv:2006.06676)
//! computes it.
//!
//! The generator maps z to w by some fully connected layers whose learning rate is a hundredth of that of the others. From
//! w each layer of the synthesis network has its styles, one factor for each channel that comes in; weights are scaled by
//! them and brought back to unit norm (demodulation), and behind the convolution comes noise, the same for all channels. A
//! layer is told a w of its own: L = 2·log₂R − 2 of them for R pixels. Resolutions are joined in one of three ways
//! ([`Stylegan2Architecture`]), and changed with the filter \[1 3 3 1\]. All weights have an equalised learning rate
//! ([`LayerConfig::equalised`](crate::LayerConfig::equalised)), and leaky ReLUs, of slope 0.2, a gain of √2.
//!
//! The discriminator is a residual network, at its end the deviation over the batch and, where it is told the class, the
//! score ⟨c, φ(x)⟩/√dim of a mapped class c.
//!
//! Names of parameters are those of that program (`synthesis.b8.conv0.affine.weight`). Its 16-bit passes are not here, and
//! with them `conv_clamp`, 256 there, is off unless set. Samples are not bounded by a tanh: they may leave [−1, 1] by a
//! little, and pictures are cut off. Its filters are constants here, and are written again on export.

mod auto;
mod discriminator;
mod generator;
mod infer;
mod layers;
mod mapping;
mod synthesis;

pub use auto::Stylegan2Auto;
pub use discriminator::{Stylegan2Discriminator, Stylegan2DiscriminatorConfig};
pub use generator::{Stylegan2Generator, Stylegan2GeneratorConfig};

use serde::{Deserialize, Serialize};

use crate::io::Io;
use crate::spec::{Problem, read_table, sizes};
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};

const NAME: &str = "stylegan2";
const SUMMARY: &str = "mapped latent vectors as styles of modulated convolutions, noise in each layer";
const PAPER: &str =
    "Karras et al., 2020, Analyzing and Improving the Image Quality of StyleGAN, arXiv:1912.04958";
/// The side that both networks begin and end at.
const BOTTOM: usize = 4;
const MOST_SIDE: usize = 1024;
const MOST_CHANNELS: usize = 8192;
const MOST_CHANNEL_BASE: usize = 1 << 23;
const MOST_DIM: usize = 65_536;
const MOST_MAPPING_LAYERS: usize = 64;
const MOST_CLAMP: f64 = 1e6;
/// The learning rate of the mapping network, relative to that of the other layers.
const MAPPING_LR: f64 = 0.01;

/// How the resolutions of a network are joined (figure 7 of the paper).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stylegan2Architecture {
    /// One after the other: an image comes out of the last one alone, and goes into the first one alone.
    Orig,
    /// Each makes an image of its size, and is shown one: they are resampled and added up. The generator's default.
    Skip,
    /// Residual blocks. The discriminator's default.
    Resnet,
}

impl Stylegan2Architecture {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::Orig, Self::Skip, Self::Resnet];
}

/// The generator's place in the table.
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<Stylegan2GeneratorConfig>(table)?)),
    infer: Some(infer::generator),
    examples: generator::examples,
};

/// The discriminator's place in the table.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<Stylegan2DiscriminatorConfig>(table)?)),
    infer: Some(infer::discriminator),
    examples: discriminator::examples,
};

/// Channels at each resolution: `base` divided by the side, at most `max`.
#[derive(Clone, Copy, Debug)]
struct Widths {
    base: usize,
    max: usize,
}

impl Widths {
    fn at(self, side: usize) -> usize {
        (self.base / side).min(self.max)
    }

    /// What is wrong with them by themselves.
    fn check(self) -> Vec<Problem> {
        sizes(&[("channel_base", self.base, MOST_CHANNEL_BASE), ("channel_max", self.max, MOST_CHANNELS)])
    }

    /// What keeps a network of them from the data.
    fn fits(self, io: &Io) -> Vec<Problem> {
        match io.square() {
            Some((1.., side)) if side.is_power_of_two() && (2 * BOTTOM..=MOST_SIDE).contains(&side) => {
                let problem =
                    || Problem::new("channel_base", self.base, format!("{side} or more at {side} pixels"));
                (self.base < side).then(problem).into_iter().collect()
            }
            _ => {
                let found = format!("samples of shape {:?}", io.sample);
                let fix =
                    "square images of a power of two from 8 to 1024 pixels (28×28 images are padded to 32)";
                vec![Problem::new(NAME, found, fix)]
            }
        }
    }
}

/// The sides of images that a network of `io` passes, from 4 up.
fn sides(io: &Io) -> Vec<usize> {
    let side = io.square().unwrap_or_default().1;
    std::iter::successors(Some(BOTTOM), |side| Some(2 * side)).take_while(|at| *at <= side).collect()
}

/// What is wrong with a bound of activations.
fn check_clamp(clamp: Option<f64>) -> Option<Problem> {
    let clamp = clamp?;
    let is_sound = clamp > 0.0 && clamp <= MOST_CLAMP;
    (!is_sound).then(|| {
        Problem::new("conv_clamp", clamp, format!("a number above 0, at most {MOST_CLAMP}, or none"))
    })
}

#[cfg(test)]
mod tests;
