//! Layers and generative adversarial networks, one file a paper.
//!
//! * [`Generator`] and [`Discriminator`]: the two small traits that a trainer needs;
//! * [`Mode`]: whether a forward pass trains, and whether it may change statistics;
//! * layers with PyTorch's parameter names: [`Linear`], [`Conv2d`], [`ConvTranspose2d`], [`Norm`],
//!   [`SpectralNorm`], [`Activation`];
//! * models: [`DcganGenerator`] and [`DcganDiscriminator`] (Radford et al., 2016), and
//!   [`MlpGenerator`] and [`MlpDiscriminator`] for points in the plane;
//! * [`ModelConfig`]: the table of all models, as a configuration file names them.
//!
//! Every model owns its [`Params`](ganymede_tensor::Params), draws its first weights from an
//! explicit stream, and can be differentiated to any order. Discriminators return raw scores: no
//! model ends in a sigmoid, the losses do that in a form that does not overflow.
//!
//! ```
//! use ganymede_models::{Discriminator, Generator, Mode, ModelConfig, ModelName};
//! use ganymede_tensor::{DType, Device, Rng};
//!
//! let config = ModelConfig::default_of(ModelName::Mlp);
//! let g = config.build_generator(Rng::stream(0, "generator"), DType::F32, &Device::Cpu)?;
//! let d = config.build_discriminator(Rng::stream(0, "discriminator"), DType::F32, &Device::Cpu)?;
//! let z = Rng::stream(0, "latents").normal((4, g.z_dim()), DType::F32, &Device::Cpu)?;
//! let points = g.forward(&z, None, Mode::Eval)?;
//! assert_eq!(points.dims(), [4, 2]);
//! let critique = d.forward(&points, None, Mode::Train { update_stats: true })?;
//! assert_eq!(critique.scores.dims(), [4]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod dcgan;
mod error;
mod layers;
mod mlp;
mod mode;
mod model;
mod registry;

pub use dcgan::{DcganConfig, DcganDiscriminator, DcganGenerator};
pub use error::ModelError;
pub use layers::activation::Activation;
pub use layers::conv::{Conv2d, Conv2dConfig};
pub use layers::conv_transpose::{ConvTranspose2d, ConvTranspose2dConfig};
pub use layers::linear::Linear;
pub use layers::norm::{Norm, NormConfig, NormKind};
pub use layers::spectral::{SpectralConfig, SpectralNorm};
pub use layers::weight::LayerConfig;
pub use mlp::{MlpConfig, MlpDiscriminator, MlpGenerator};
pub use mode::Mode;
pub use model::{Critique, Discriminator, Generator};
pub use registry::{ModelConfig, ModelName};
