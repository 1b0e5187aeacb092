//! A generator's adversarial gradient of a steady size.
//!
//! `g / (sqrt(v) + 1e-8)` with `v ← 0.9 v + 0.1 · n Σ g²`
//!
//! where `g` is the gradient of the mean adversarial loss at the generated samples, and `n` the number of its elements. If
//! each element had the gradient `1/n`, that of a mean over all elements with slopes of 1, `n Σ g²` would be 1: whatever
//! the discriminator's scale, the generator sees a loss with slopes around 1, which other terms can be weighed against.
//!
//! # References
//! Lin et al., 2025, arXiv:2511.22475 (AFM), with the decay 0.9.
//!
//! # Differs from reference implementations
//! As in AFM's program the average begins at 0 and is not corrected for it: the first gradient comes out √10 times as
//! large as later ones. Over several workers its program averages `n Σ g²` of each.

use ganymede_tensor::Tensor;

use crate::LossError;

/// Added to the root, so that no gradient stays none.
const EPS: f64 = 1e-8;

/// Scales gradients by a moving average of their size, which the caller keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdversarialGradientNormaliser {
    /// What is left of the average when a gradient comes in, in `[0, 1)`.
    pub decay: f64,
}

impl Default for AdversarialGradientNormaliser {
    /// A decay of 0.9, as in AFM.
    fn default() -> Self {
        Self { decay: 0.9 }
    }
}

/// What [`AdversarialGradientNormaliser::normalise`] gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NormalisedGradient {
    /// The gradient, scaled, detached: for [`with_gradient`](crate::with_gradient).
    pub gradient: Tensor,
    /// The average with this gradient, a scalar, detached: to give next time.
    pub average: Tensor,
}

impl AdversarialGradientNormaliser {
    /// The gradient over the root of the average, which it enters first.
    ///
    /// # Arguments
    /// * `gradient` — of the mean of the generator's adversarial loss, at the samples that the discriminator was given;
    ///   any shape, not empty, detached.
    /// * `average` — of `n Σ g²` so far, a scalar of the gradient's dtype; 0 at first.
    ///
    /// # Errors
    /// [`LossError::Parameter`] if the decay is out of range, [`LossError::Shape`] if `average` is no scalar or `gradient`
    /// is empty.
    pub fn normalise(self, gradient: &Tensor, average: &Tensor) -> Result<NormalisedGradient, LossError> {
        if !(0.0..1.0).contains(&self.decay) {
            let (parameter, expected) = ("gradient normaliser decay", "at least 0, below 1");
            return Err(LossError::Parameter { parameter, value: self.decay, expected });
        }
        if average.rank() != 0 {
            let got = average.dims().to_vec();
            return Err(LossError::Shape { what: "average", got, expected: "(): a scalar".into() });
        }
        let n = gradient.elem_count();
        if n == 0 {
            let got = gradient.dims().to_vec();
            return Err(LossError::Shape { what: "gradient", got, expected: "one element or more".into() });
        }
        let gradient = gradient.detach();
        let size = (gradient.sqr()?.sum_all()? * (n as f64 * (1.0 - self.decay)))?;
        let average = ((average.detach() * self.decay)? + size)?;
        let gradient = gradient.broadcast_div(&(average.sqrt()? + EPS)?)?;
        Ok(NormalisedGradient { gradient, average })
    }
}
