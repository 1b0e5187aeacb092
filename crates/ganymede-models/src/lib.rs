//! Layers and generative adversarial networks, one file a paper.
//!
//! * [`Generator`] and [`Discriminator`]: the two small traits that a trainer needs; one struct goes in
//!   ([`GeneratorInput`], [`DiscriminatorInput`]) and one comes out ([`Generated`], [`Critique`]);
//! * [`Mode`]: whether a forward pass trains, and whether it may change statistics;
//! * layers with PyTorch's parameter names: [`Linear`], [`Conv2d`], [`ConvTranspose2d`], [`Norm`],
//!   [`SpectralNorm`], [`Activation`], [`Embedding`], [`ConditionalBatchNorm`], [`Dropout`];
//! * models: [`DcganGenerator`] and [`DcganDiscriminator`] (Radford et al., 2016), [`SndcganGenerator`], the residual
//!   family of [`ResnetGenerator`] (SNGAN, WGAN-GP, SAGAN, BigGAN), [`R3ganGenerator`], [`Stylegan2Generator`], whose
//!   vectors between z and the samples [`Mapping`] shows, [`PgganGenerator`] and [`PgganDiscriminator`], which grow,
//!   [`LipschitzCritic`], [`Pix2pixGenerator`] and [`Pix2pixDiscriminator`] from images to images, and [`MlpGenerator`] and
//!   [`MlpDiscriminator`] for points in the plane;
//! * several networks in the place of one: [`Mixture`] of generators, [`Several`] discriminators;
//! * against collapse: [`MinibatchFeatures`] and [`pack_samples`];
//! * [`GENERATORS`] and [`DISCRIMINATORS`]: the tables of all of them. [`GeneratorConfig`] and
//!   [`DiscriminatorConfig`] are a line of a table and its settings, as a configuration file names them; any two that
//!   take the same samples can play.
//!
//! Every model owns its [`Params`](ganymede_tensor::Params), draws its first weights from an
//! explicit stream, and can be differentiated to any order. Discriminators return raw scores: no
//! model ends in a sigmoid, the losses do that in a form that does not overflow.
//!
//! ```
//! use ganymede_models::{
//!     DiscriminatorConfig, DiscriminatorInput, GeneratorConfig, GeneratorInput, Io, Mode,
//! };
//! use ganymede_tensor::{DType, Device, Rng};
//!
//! let io = Io::new([2]);
//! let g = GeneratorConfig::from_table(&"kind = \"mlp\"".parse()?)?;
//! let g = g.build(&io, Rng::stream(0, "generator"), DType::F32, &Device::Cpu)?;
//! let d = DiscriminatorConfig::from_table(&"kind = \"mlp\"".parse()?)?;
//! let d = d.build(&io, Rng::stream(0, "discriminator"), DType::F32, &Device::Cpu)?;
//! let latents = g.draw(4, &mut Rng::stream(0, "latents"), &Device::Cpu)?;
//! let points = g.forward(GeneratorInput::new(&latents), Mode::Eval)?.samples;
//! assert_eq!(points.dims(), [4, 2]);
//! let critique = d.forward(DiscriminatorInput::new(&points), Mode::Train { update_stats: true })?;
//! assert_eq!(critique.scores.dims(), [4]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod conditioning;
mod dcgan;
mod error;
mod foreign;
mod infer;
mod io;
mod latents;
mod layers;
mod lipschitz;
mod mapping;
mod members;
mod mlp;
mod mode;
mod model;
mod normalised;
mod origins;
mod packing;
mod pggan;
mod pix2pix;
mod r3gan;
mod reference;
mod resnet;
mod scores;
mod sndcgan;
mod spec;
mod standing;
mod stylegan2;
mod table;

pub use conditioning::{DiscriminatorConditioning, GeneratorConditioning};
pub use dcgan::{DcganDiscriminator, DcganDiscriminatorConfig, DcganGenerator, DcganGeneratorConfig};
pub use error::ModelError;
pub use foreign::{
    DIALECTS, Dialect, Hints, Network, NetworkKind, Recognised, Relatives, Role, exported, how_to_export,
    recognise, translated, who_else,
};
pub use infer::Evidence;
pub use io::{Condition, ConditionShape, Growth, Io};
pub use latents::LatentDistribution;
pub use layers::activation::Activation;
pub use layers::attention::SelfAttention2d;
pub use layers::conv::{Conv2d, Conv2dConfig};
pub use layers::conv_transpose::{ConvTranspose2d, ConvTranspose2dConfig};
pub use layers::dropout::Dropout;
pub use layers::embedding::Embedding;
pub use layers::linear::Linear;
pub use layers::lipschitz::{AolConv2d, OrthonormalConv2d, OrthonormalLinear, max_min};
pub use layers::minibatch::{
    MinibatchDiscrimination, MinibatchDiscriminationConfig, MinibatchFeatures, minibatch_stddev,
    minibatch_stddev_unbiased,
};
pub use layers::norm::conditional::ConditionalBatchNorm;
pub use layers::norm::styled::StyledBatchNorm;
pub use layers::norm::{Norm, NormConfig, NormKind};
pub use layers::spectral::{SpectralConfig, SpectralNorm};
pub use layers::weight::{Equalised, LayerConfig};
pub use lipschitz::{LipschitzCritic, LipschitzCriticConfig, LipschitzMlp, LipschitzMlpConfig};
pub use mapping::{Mapping, Mix, broadcast_ws, mix_ws, truncate};
pub use members::{Mixture, Several};
pub use mlp::{MlpDiscriminator, MlpDiscriminatorConfig, MlpGenerator, MlpGeneratorConfig};
pub use mode::Mode;
pub use model::{Critique, Discriminator, DiscriminatorInput, Generated, Generator, GeneratorInput, Latents};
pub use packing::pack_samples;
pub use pggan::{PgganDiscriminator, PgganDiscriminatorConfig, PgganGenerator, PgganGeneratorConfig};
pub use pix2pix::{
    Pix2pixDiscriminator, Pix2pixDiscriminatorConfig, Pix2pixGenerator, Pix2pixGeneratorConfig,
};
pub use r3gan::{R3ganDiscriminator, R3ganDiscriminatorConfig, R3ganGenerator, R3ganGeneratorConfig};
pub use resnet::{
    Initialisation, LayoutKind, Pooling, ResnetDiscriminator, ResnetDiscriminatorConfig, ResnetGenerator,
    ResnetGeneratorConfig, Upsampling,
};
pub use sndcgan::{
    SndcganDiscriminator, SndcganDiscriminatorConfig, SndcganGenerator, SndcganGeneratorConfig,
};
pub use spec::{DiscriminatorSpec, Fault, GeneratorSpec, NetworkSpec, Problem, Size, Traits, read_table};
pub use standing::{has_running_statistics, standing_statistics};
pub use stylegan2::{
    Stylegan2Architecture, Stylegan2Auto, Stylegan2Discriminator, Stylegan2DiscriminatorConfig,
    Stylegan2Generator, Stylegan2GeneratorConfig,
};
pub use table::{
    DISCRIMINATORS, DiscriminatorConfig, DiscriminatorExample, DiscriminatorKind, GENERATORS,
    GeneratorConfig, GeneratorExample, GeneratorKind, Infer, SampleKind,
};
