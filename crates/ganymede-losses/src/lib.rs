//! Adversarial losses, gradient penalties, an auxiliary classifier's loss, one-sided label smoothing and weight
//! clipping.
//!
//! Everything here is a number to *minimise*, has no parameters of its own, and comes back
//! *unreduced*: one value a sample, shape `(N,)`. The caller takes the mean. Scores are raw
//! (no sigmoid was applied), of shape `(N,)` or, of patches or heads, `(N, P)`, and always named:
//! [`Scores`] has a `real` and a `fake`, so that the two cannot be swapped.
//!
//! The closed sets [`AdversarialLoss`] and [`Penalty`] are what a configuration names; their arms
//! call the public functions of one module a family ([`minimax`], [`non_saturating`],
//! [`least_squares`], [`wasserstein`], [`hinge`], [`relativistic_average`],
//! [`relativistic_paired`]; [`wgan_gp`], [`dragan`], [`zero_centered`]), which can be called
//! without the enums. [`auxiliary`] is what both players add where a classifier sits beside the critic, [`l1`] what
//! a generator adds where the true answer is known, [`path_length`] what one with a mapping network adds, [`drift`] what
//! keeps a Wasserstein critic's scores near 0, [`lecam`] what keeps any scores near where they were,
//! [`orthogonal`] a regularisation of weights.
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
pub mod auxiliary;
mod clip;
pub mod dragan;
pub mod drift;
mod error;
mod gradient;
pub mod hinge;
pub mod l1;
mod lazy;
pub mod least_squares;
pub mod lecam;
pub mod minimax;
pub mod non_saturating;
pub mod orthogonal;
pub mod path_length;
mod penalty;
pub mod relativistic_average;
pub mod relativistic_paired;
mod scores;
mod smoothing;
pub mod wasserstein;
pub mod wgan_gp;
pub mod zero_centered;

pub use adversarial::AdversarialLoss;
pub use clip::clip_weights;
pub use error::LossError;
pub use gradient::{Critic, gradient_norm, input_gradient};
pub use lazy::LazyPenalty;
pub use penalty::{Penalty, PenaltyTerm};
pub use scores::{Samples, Scores};
pub use smoothing::LabelSmoothing;
