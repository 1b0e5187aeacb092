//! Augmentation of what a discriminator sees, so that few real samples last longer.
//!
//! A discriminator that has seen too few samples learns them by heart. Changed at random they are more, but a generator
//! learns whatever the discriminator takes for real, changes included, unless generated samples are changed likewise and the
//! changes can be told from the data: they do not *leak*. That holds for what is here, as long as it is applied to *all* that
//! the discriminator sees, in the updates of both players, and gradients pass through it.
//!
//! * [`Part`]: the parts of DiffAugment (Zhao et al., 2020, arXiv:2006.10738);
//! * [`AdaDraws`]: the changes of ADA (Karras et al., 2020, arXiv:2006.06676), with [`AdaController`], which finds their
//!   probability;
//! * [`apa`]: generated samples that are shown as real ones (Jiang et al., 2021, arXiv:2111.06849);
//! * [`NoiseDraws`]: noise in real and generated samples (Sønderby et al., 2016, arXiv:1610.04490);
//! * [`Diffusion`]: samples that are diffused, as far as a controller says (Wang et al., 2023, arXiv:2206.02262);
//! * [`AugmentConfig`]: all of these, as a configuration names them.
//!
//! Everything random is drawn before anything is computed, from an explicit stream. What has been drawn is a function of
//! images, with exact gradients of any order in them, which a gradient penalty needs.
//!
//! ```
//! use ganymede_augment::{Draws, Pipe};
//! use ganymede_tensor::{DType, Device, Rng};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut rng = Rng::new(1);
//! let images = rng.uniform(-1.0, 1.0, (4, 3, 32, 32), DType::F32, &Device::Cpu)?;
//! let draws = Draws::ada(Pipe::BGC, 0.6, [4, 3, 32, 32], &mut rng);
//! assert_eq!(draws.apply(&images)?.dims(), [4, 3, 32, 32]);
//! # Ok(())
//! # }
//! ```

mod ada;
pub mod apa;
mod config;
mod controller;
mod diffusion;
mod draws;
mod error;
mod host;
mod noise;
mod parts;
mod probability;

pub use ada::{AdaDraws, Change, FILTER_MARGIN, Geometry, Group, Pipe, Recolour};
pub use config::AugmentConfig;
pub use controller::{AdaController, Adaptive, Heuristic, Seen};
pub use diffusion::{Diffusion, Timesteps};
pub use draws::Draws;
pub use error::AugmentError;
pub use noise::NoiseDraws;
pub use parts::{ColourDraws, CropDraws, CutoutDraws, Part, PartDraws, TranslationDraws};
pub use probability::Probability;
