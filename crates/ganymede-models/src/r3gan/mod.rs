//! R3GAN (Huang et al., 2024, arXiv:2501.05441): residual networks without normalisation, for the relativistic paired loss
//! with R1 and R2.
//!
//! Both networks are a mirror of the other: a stage at each side from 4×4 to that of the image, each of some blocks, with
//! filtered resampling ([1 3 3 1]) between them. A block is x + C₃(a(C₂(a(C₁(x))))) with 1×1, grouped 3×3 and 1×1
//! convolutions that have no bias, twice as wide inside, and a(x) a leaky ReLU of x + bias. C₃ starts at 0, C₁ and C₂ by
//! He's rule over L^(1/4), L the number of blocks of a network (Fixup; section 3.4 of the paper), and the others by He's
//! rule with gain 1. Names of parameters are those of the authors' code (`MainLayers.0.Layers.1.LinearLayer1.Layer.weight`).
//!
//! The paper's network for 32 pixels has `width = 768` at each side; at 64 pixels and above a stage has
//! `width`·32/side channels, as in the authors' for FFHQ. Samples are not bounded by a tanh, as there: they may leave
//! [−1, 1] by a little, and pictures are cut off.

mod block;
mod discriminator;
mod generator;
mod infer;

pub use discriminator::{R3ganDiscriminator, R3ganDiscriminatorConfig};
pub use generator::{R3ganGenerator, R3ganGeneratorConfig};

use ganymede_tensor::{Builder, Init, Param, Result, Tensor};

use crate::io::Io;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::weight::LayerConfig;
use crate::spec::{Problem, Size, read_table};
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};

const NAME: &str = "r3gan";
const SUMMARY: &str = "residual blocks without normalisation, for the relativistic loss with R1 and R2";
const PAPER: &str =
    "Huang et al., 2024, The GAN is dead; long live the GAN! A Modern GAN Baseline, arXiv:2501.05441";
const MOST_WIDTH: usize = 8192;
const MOST_BLOCKS: usize = 100;
/// The side that both networks are widest at.
const BOTTOM: usize = 4;
/// How much wider a block is inside.
const EXPANSION: usize = 2;

/// The generator's place in the table.
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<R3ganGeneratorConfig>(table)?)),
    infer: Some(infer::generator),
    examples: generator::examples,
};

/// The discriminator's place in the table.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: NAME,
    summary: SUMMARY,
    paper: PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table::<R3ganDiscriminatorConfig>(table)?)),
    infer: Some(infer::discriminator),
    examples: discriminator::examples,
};

/// The stages of a network, from 4×4 to the image: side and channels.
fn stages(io: &Io, width: usize) -> Vec<(usize, usize)> {
    let side = io.square().unwrap_or_default().1;
    let doublings = (side / BOTTOM).checked_ilog2().map_or(0, |n| n + 1);
    (0..doublings).map(|i| BOTTOM << i).map(|side| (side, (width * 32 / side.max(32)).max(1))).collect()
}

/// What keeps either network from the data.
fn fits(io: &Io, width: usize, group_channels: usize) -> Vec<Problem> {
    match io.square() {
        Some((1.., side)) if side.is_power_of_two() && (8..=2048).contains(&side) => {
            let multiple = (side / 32).max(1);
            if !width.is_multiple_of(multiple) {
                return vec![Problem::new(
                    "width",
                    width,
                    format!("a multiple of {multiple} at {side} pixels"),
                )];
            }
            let narrowest = stages(io, width).last().map_or(width, |stage| stage.1);
            let fix =
                format!("groups of channels that divide the narrowest block, of {}", narrowest * EXPANSION);
            let fits = (narrowest * EXPANSION).is_multiple_of(group_channels);
            (!fits).then(|| Problem::new("group_channels", group_channels, fix)).into_iter().collect()
        }
        _ => {
            let fix = "square images of a power of two from 8 to 2048 pixels (28×28 images are padded to 32)";
            vec![Problem::new(NAME, format!("samples of shape {:?}", io.sample), fix)]
        }
    }
}

/// How large the stages and what lies between them are.
fn size(stages: &[(usize, usize)], blocks: usize, group_channels: usize, image: usize) -> Size {
    let mut size = Size::default();
    for (i, &(side, width)) in stages.iter().enumerate() {
        let (area, width) = ((side * side) as u128, width as u128);
        let wide = width * EXPANSION as u128;
        size.activations = size.activations.max(wide * area);
        // In a block: what comes in, and behind each convolution and activation; then resampling.
        size.held += (blocks as u128 * (width + 4 * wide) + 2 * width) * area;
        for _ in 0..blocks {
            let convs = [width * wide, 9 * wide * group_channels as u128, wide * width];
            size = size.with_products(convs.map(|weights| (weights, area))).with_vectors(2 * wide);
        }
        if let Some(&(_, next)) = stages.get(i + 1)
            && next as u128 != width
        {
            size = size.with_products([(width * next as u128, area)]);
        }
    }
    let (side, last) = stages.last().copied().unwrap_or_default();
    size.with_products([((last * image) as u128, (side * side) as u128)])
}

/// A convolution without a bias that keeps the side, under `at`.`Layer`.
fn conv([from, to]: [usize; 2], kernel: usize, groups: usize, gain: f64, at: &Builder) -> Result<Conv2d> {
    let weight_init = if gain == 0.0 { Init::Zeros } else { Init::KaimingNormal { gain } };
    let layer = LayerConfig { weight_init, bias: None, spectral: None, equalised: None };
    let mut config = Conv2dConfig::new(from, to, kernel).with_stride(1, kernel / 2).with_layer(layer);
    config.conv.groups = groups;
    Conv2d::new(&config, &at.pp("Layer"))
}

/// A vector of each class, as a linear layer of unit vectors: `weight` `(E, K)`.
#[derive(Debug)]
struct ClassEmbedding {
    weight: Param,
    classes: usize,
}

impl ClassEmbedding {
    fn new(classes: usize, dim: usize, gain: f64, at: &Builder) -> Result<Self> {
        let weight =
            at.pp("EmbeddingLayer").tables().param("weight", (dim, classes), Init::KaimingNormal { gain })?;
        Ok(Self { weight, classes })
    }

    fn forward(&self, y: &Tensor) -> Result<Tensor> {
        let weight = self.weight.get();
        let units = crate::layers::embedding::one_hot(y, self.classes, weight.dtype())?;
        ganymede_tensor::linear(&units, &weight, None)
    }
}
