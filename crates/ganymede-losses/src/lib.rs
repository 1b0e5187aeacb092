//! Adversarial losses, gradient penalties, regularisers of scores, gradients and weights, distances between features, and
//! tools for an adversarial term in another model.
//!
//! Everything here is a number to *minimise*, has no parameters of its own, and comes back
//! *unreduced*: one value a sample, shape `(N,)`. The caller takes the mean. Scores are raw
//! (no sigmoid was applied), of shape `(N,)` or, of patches or heads, `(N, P)`, and always named:
//! [`Scores`] has a `real` and a `fake`, so that the two cannot be swapped.
//!
//! The closed sets [`AdversarialLoss`] and [`Penalty`] are what a configuration names; their arms
//! call the public functions of one module a family ([`minimax`], [`non_saturating`],
//! [`least_squares`], [`wasserstein`], [`hinge`], [`relativistic_average`],
//! [`relativistic_paired`]; [`wgan_gp`], [`dragan`], [`zero_centered`], [`first_order`]), which can be called
//! without the enums. Beside them, each a module of pure functions:
//!
//! | what | modules |
//! |---|---|
//! | a generator that is told more | [`auxiliary`] (a classifier beside the critic), [`l1`] (the true answer), [`path_length`] (a mapping network), [`top_k`] (its best samples only) |
//! | scores that stay where they are | [`drift`], [`lecam`], [`logit_centring`], [`consistency`] |
//! | gradients of a bounded size | [`gradient_normalised`] (of the critic), [`AdversarialGradientNormaliser`] (of the generator's loss) |
//! | weights | [`orthogonal`], [`clip_weights`], [`spectral`] |
//! | distances between features, in place of scores | [`mmd`] (with the repulsive loss), [`cramer`], [`sinkhorn`], [`sliced_wasserstein`]; [`FeatureLoss`] is the closed set |
//! | one loss out of those of several discriminators | [`gman`] |
//! | an adversarial term in another model | [`adversarial_term`]: starts, weights, several discriminators |
//!
//! What has to be remembered from one step to the next (averages, spectra) goes in and comes out: the caller keeps it.
//!
//! # One critic step
//! ```
//! use ganymede_losses::{AdversarialLoss, LabelSmoothing, Penalty, Samples, Scores};
//! use ganymede_tensor::{DType, Device, Graph, Result, Rng, Tensor, Var, grad, linear};
//!
//! # fn main() -> Result<()> {
//! let mut rng = Rng::new(1);
//! let real = rng.normal((8, 2), DType::F32, &Device::Cpu)?;
//! let fake = rng.normal((8, 2), DType::F32, &Device::Cpu)?;
//! let weight = Var::from_tensor(&rng.normal((1, 2), DType::F32, &Device::Cpu)?)?;
//!
//! let critic = |x: &Tensor| -> Result<Tensor> { linear(x, &weight, None)?.squeeze(1) };
//! let scores = Scores { real: &critic(&real)?, fake: &critic(&fake)? };
//! let loss = AdversarialLoss::NonSaturating.discriminator(scores, LabelSmoothing::OFF)?;
//! let samples = Samples { real: &real, fake: &fake };
//! let penalty = Penalty::R1 { gamma: 10.0 }.evaluate(&critic, samples, &mut rng)?;
//!
//! let total = (loss.mean_all()? + penalty.value.mean_all()?)?;
//! let gradients = grad(&total, &[weight.as_tensor()], Graph::Discard)?;
//! assert_eq!(gradients[0].dims(), &[1, 2]);
//! # Ok(())
//! # }
//! ```

mod adversarial;
pub mod adversarial_term;
pub mod auxiliary;
mod clip;
pub mod consistency;
pub mod cramer;
pub mod dragan;
pub mod drift;
mod error;
mod feature_loss;
mod features;
pub mod first_order;
pub mod gman;
mod gradient;
pub mod gradient_normalised;
mod gradient_normaliser;
pub mod hinge;
pub mod l1;
mod lazy;
pub mod least_squares;
pub mod lecam;
pub mod logit_centring;
pub mod minimax;
pub mod mmd;
pub mod non_saturating;
pub mod orthogonal;
pub mod path_length;
mod penalty;
pub mod relativistic_average;
pub mod relativistic_paired;
mod scores;
pub mod sinkhorn;
pub mod sliced_wasserstein;
mod smoothing;
pub mod spectral;
pub mod top_k;
pub mod wasserstein;
pub mod wgan_gp;
pub mod zero_centered;

pub use adversarial::AdversarialLoss;
pub use clip::clip_weights;
pub use error::LossError;
pub use feature_loss::{FeatureLoss, KernelKind};
pub use features::Features;
pub use gradient::{Critic, gradient_norm, input_gradient, with_gradient};
pub use gradient_normaliser::{AdversarialGradientNormaliser, NormalisedGradient};
pub use lazy::LazyPenalty;
pub use penalty::{Penalty, PenaltyTerm};
pub use scores::{Samples, Scores};
pub use smoothing::LabelSmoothing;
