//! Tools for those who add an adversarial term to another model: an autoencoder, a codec, super-resolution.
//!
//! | question | tool |
//! |---|---|
//! | from which step on | [`WarmUp`]: a discriminator that is trained before it is listened to |
//! | from which quality on | [`Onset`]: once a reconstruction loss has stayed low |
//! | how much | [`adaptive_weight`]: as much as the reconstruction, in the last layer |
//! | how much of each of several | [`Balancer`]: shares of the gradient at the output |
//! | with several discriminators | [`ensemble`]: sums, and features that match |
//!
//! A sudden term is the usual failure: a discriminator that has learned nothing pushes the model in no direction that
//! means anything, and the reconstruction loss jumps. Warm-up, or a discriminator with a start of its own, avoids it.
//!
//! ```
//! use ganymede_losses::adversarial_term::{AdaptiveWeight, WarmUp, adaptive_weight};
//! use ganymede_losses::{AdversarialLoss, LabelSmoothing, Scores};
//! use ganymede_tensor::{DType, Device, Graph, Result, Rng, Tensor, Var, grad, linear};
//!
//! # fn main() -> Result<()> {
//! let mut rng = Rng::new(1);
//! let mut draw = |shape: (usize, usize)| rng.normal(shape, DType::F32, &Device::Cpu);
//! let (code, truth) = (draw((8, 2))?, draw((8, 4))?);
//! let last = Var::from_tensor(&draw((4, 2))?)?;
//! let judge = draw((1, 4))?;
//!
//! let warm_up = WarmUp { d_start: 100, g_start: 200, ramp: 50 };
//! let output = linear(&code, &last, None)?;
//! let reconstruction = (&output - &truth)?.sqr()?.mean_all()?;
//! let fake = linear(&output, &judge, None)?.squeeze(1)?;
//! let adversarial = AdversarialLoss::Hinge.generator(Scores { real: &fake, fake: &fake })?.mean_all()?;
//! // Both gradients in the last layer say how much the term may weigh.
//! let of = |loss: &Tensor| Ok::<_, ganymede_tensor::Error>(grad(loss, &[&last], Graph::Discard)?.remove(0));
//! let weight = adaptive_weight(&of(&reconstruction)?, &of(&adversarial)?, AdaptiveWeight::default())?;
//! let total = (reconstruction + ((adversarial * weight)? * (0.8 * warm_up.generator(230)))?)?;
//! assert_eq!(grad(&total, &[&last], Graph::Discard)?[0].dims(), [4, 2]);
//! # Ok(())
//! # }
//! ```

mod adaptive_weight;
mod balancer;
pub mod ensemble;
mod onset;
mod warm_up;

pub use adaptive_weight::{AdaptiveWeight, adaptive_weight};
pub use balancer::{Balanced, Balancer, BalancerState};
pub use onset::{Onset, OnsetState};
pub use warm_up::WarmUp;
