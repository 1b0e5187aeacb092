//! Residual networks of the years 2017 to 2019: one family under four names.
//!
//! | kind | paper | what it has |
//! |---|---|---|
//! | `sngan` | Miyato et al., 2018, arXiv:1802.05957 | a discriminator with spectral normalisation, sums over the image |
//! | `wgan-gp-resnet` | Gulrajani et al., 2017, arXiv:1704.00028 | a critic without, or with layer normalisation; means |
//! | `sagan` | Zhang et al., 2019, arXiv:1805.08318 | spectral normalisation of both, self-attention |
//! | `biggan` | Brock et al., 2019, arXiv:1809.11096 | a shared embedding and parts of z in every normalisation; orthogonal weights |
//!
//! All of them are a [`ResnetGenerator`] and a [`ResnetDiscriminator`] with other settings, each of which can be changed.
//! With conditional normalisation and projection they are those of Miyato and Koyama (2018, arXiv:1802.05637). Blocks,
//! widths and the names of parameters are those of torch-mimicry (`l1`, `block2.c1`, …), at 32, 48, 64 and 128 pixels:
//!
//! | | 32 | 48 | 64 | 128 |
//! |---|---|---|---|---|
//! | generator, from | 4×4 | 6×6 | 4×4 | 4×4 |
//! | generator, channels as shares of `width` | 1 1 1 1 | 1 ½ ¼ ⅛ | 1 ½ ¼ ⅛ 1/16 | 1 1 ½ ¼ ⅛ 1/16 |
//! | usual `width` | 256 | 512 | 1024 | 1024 |
//! | discriminator, channels | 1 1 1 1 | 1/16 ⅛ ¼ ½ 1 | 1/16 ⅛ ¼ ½ 1 | 1/16 ⅛ ¼ ½ 1 1 |
//! | its blocks that halve | the first two | the first four | all | all but the last |
//! | usual `width` | 128 | 1024 | 1024 | 1024 |
//!
//! BigGAN's layout (`layout = "biggan"`, at 32, 64 and 128 pixels) differs: the generator's channels are 1 1 1 1,
//! 1 1 ½ ¼ ⅛ and 1 1 ½ ¼ ⅛ 1/16 of `width`, the discriminator's blocks are as wide inside as behind, and at 64 pixels all
//! of these but the last halve. `width` is 4 times the `ch` of the authors' code at 32 pixels, and 16 times above.
//!
//! How weights start is [`Initialisation`]'s.

mod block;
mod discriminator;
mod examples;
mod generator;
mod infer;
mod layout;
mod styles;

pub use block::Upsampling;
pub use discriminator::{Pooling, ResnetDiscriminator, ResnetDiscriminatorConfig};
pub use generator::{ResnetGenerator, ResnetGeneratorConfig};
pub use layout::LayoutKind;

use ganymede_tensor::Init;
use serde::{Deserialize, Serialize};

use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;
use crate::spec::read_table_over;
use crate::table::{DiscriminatorKind, GeneratorKind, SampleKind};

/// The family's name in errors.
const NAME: &str = "resnet";
const SNGAN: &str = "residual blocks; spectral normalisation in the discriminator";
const SNGAN_PAPER: &str =
    "Miyato et al., 2018, Spectral Normalization for Generative Adversarial Networks, arXiv:1802.05957";
const WGAN_GP: &str = "residual blocks; a critic without spectral normalisation, for a gradient penalty";
const WGAN_GP_PAPER: &str = "Gulrajani et al., 2017, Improved Training of Wasserstein GANs, arXiv:1704.00028";
const SAGAN: &str = "residual blocks with self-attention; spectral normalisation in both players";
const BIGGAN: &str =
    "residual blocks told the class and parts of z in every normalisation; orthogonal weights";
const BIGGAN_PAPER: &str = "Brock et al., 2019, Large Scale GAN Training for High Fidelity Natural Image Synthesis, arXiv:1809.11096";
const SAGAN_PAPER: &str =
    "Zhang et al., 2019, Self-Attention Generative Adversarial Networks, arXiv:1805.08318";

/// The places of the generators in the table.
pub(crate) static SNGAN_GENERATOR: GeneratorKind = GeneratorKind {
    name: "sngan",
    summary: SNGAN,
    paper: SNGAN_PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table_over(&ResnetGeneratorConfig::sngan(), table)?)),
    infer: Some(|evidence| infer::generator("sngan", ResnetGeneratorConfig::sngan(), evidence)),
    examples: examples::sngan_generators,
};
pub(crate) static WGAN_GP_GENERATOR: GeneratorKind = GeneratorKind {
    name: "wgan-gp-resnet",
    summary: WGAN_GP,
    paper: WGAN_GP_PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table_over(&ResnetGeneratorConfig::wgan_gp(), table)?)),
    infer: Some(|evidence| infer::generator("wgan-gp-resnet", ResnetGeneratorConfig::wgan_gp(), evidence)),
    examples: examples::wgan_gp_generators,
};
pub(crate) static SAGAN_GENERATOR: GeneratorKind = GeneratorKind {
    name: "sagan",
    summary: SAGAN,
    paper: SAGAN_PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table_over(&ResnetGeneratorConfig::sagan(), table)?)),
    infer: Some(|evidence| infer::generator("sagan", ResnetGeneratorConfig::sagan(), evidence)),
    examples: examples::sagan_generators,
};

pub(crate) static BIGGAN_GENERATOR: GeneratorKind = GeneratorKind {
    name: "biggan",
    summary: BIGGAN,
    paper: BIGGAN_PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table_over(&ResnetGeneratorConfig::biggan(), table)?)),
    infer: Some(|evidence| infer::generator("biggan", ResnetGeneratorConfig::biggan(), evidence)),
    examples: examples::biggan_generators,
};

/// The places of the discriminators in the table.
pub(crate) static SNGAN_DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: "sngan",
    summary: SNGAN,
    paper: SNGAN_PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table_over(&ResnetDiscriminatorConfig::sngan(), table)?)),
    infer: Some(|evidence| infer::discriminator("sngan", ResnetDiscriminatorConfig::sngan(), evidence)),
    examples: examples::sngan_discriminators,
};
pub(crate) static WGAN_GP_DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: "wgan-gp-resnet",
    summary: WGAN_GP,
    paper: WGAN_GP_PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table_over(&ResnetDiscriminatorConfig::wgan_gp(), table)?)),
    infer: Some(|evidence| {
        infer::discriminator("wgan-gp-resnet", ResnetDiscriminatorConfig::wgan_gp(), evidence)
    }),
    examples: examples::wgan_gp_discriminators,
};
pub(crate) static SAGAN_DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: "sagan",
    summary: SAGAN,
    paper: SAGAN_PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table_over(&ResnetDiscriminatorConfig::sagan(), table)?)),
    infer: Some(|evidence| infer::discriminator("sagan", ResnetDiscriminatorConfig::sagan(), evidence)),
    examples: examples::sagan_discriminators,
};

pub(crate) static BIGGAN_DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: "biggan",
    summary: BIGGAN,
    paper: BIGGAN_PAPER,
    samples: SampleKind::Images,
    read: |table| Ok(Box::new(read_table_over(&ResnetDiscriminatorConfig::biggan(), table)?)),
    infer: Some(|evidence| infer::discriminator("biggan", ResnetDiscriminatorConfig::biggan(), evidence)),
    examples: examples::biggan_discriminators,
};

const MOST_WIDTH: usize = 8192;

/// How the weights of a network start. Biases start at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initialisation {
    /// Glorot's uniform rule, with gain √2 in the convolutions of blocks.
    #[default]
    Glorot,
    /// Random orthogonal matrices (Saxe et al., 2014, arXiv:1312.6120), as in BigGAN.
    Orthogonal,
}

impl Initialisation {
    /// The weights of a layer whose gain by Glorot's rule would be `gain`.
    fn weights(self, gain: f64) -> Init {
        match self {
            Self::Glorot => Init::XavierUniform { gain },
            Self::Orthogonal => Init::Orthogonal { gain: 1.0 },
        }
    }

    /// A layer with a bias.
    fn layer(self, gain: f64, spectral: bool) -> LayerConfig {
        LayerConfig {
            weight_init: self.weights(gain),
            bias: Some(Init::Zeros),
            spectral: spectral.then(SpectralConfig::default),
            equalised: None,
        }
    }
}
