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
//!
//! Weights start from N(0, 0.02²), γ of the normalisation from N(1, 0.02²), β at 0 (section 3; γ as
//! in the authors' code and the tutorial).

mod config;
mod discriminator;
mod generator;
mod infer;

pub use config::DcganConfig;
pub use discriminator::DcganDiscriminator;
pub use generator::DcganGenerator;

use ganymede_tensor::Init;

use crate::layers::norm::{NormConfig, NormKind};
use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;

/// The model's name in configuration files and errors.
pub(crate) const NAME: &str = "dcgan";

/// Standard deviation of the first weights.
const INIT_STD: f64 = 0.02;

/// A convolution of a network that normalises with `norm`.
fn layer_config(norm: NormKind, spectral: bool) -> LayerConfig {
    LayerConfig {
        weight_init: Init::Normal { mean: 0.0, std: INIT_STD },
        bias: (norm == NormKind::None).then_some(Init::Zeros),
        spectral: spectral.then(SpectralConfig::default),
    }
}

fn norm_config(kind: NormKind, channels: usize) -> NormConfig {
    NormConfig { weight_init: Init::Normal { mean: 1.0, std: INIT_STD }, ..NormConfig::new(kind, channels) }
}

#[cfg(test)]
mod tests;
