//! What a generator makes of the losses that several discriminators set it.
//!
//! | kind | loss of K discriminators' ℓ₁ … ℓ_K |
//! |---|---|
//! | mean | Σ ℓᵢ / K |
//! | softmax | Σ wᵢ ℓᵢ, wᵢ = exp(λ ℓᵢ) / Σ exp(λ ℓⱼ) |
//! | max | the largest ℓᵢ |
//!
//! λ = 0 is the mean and λ → ∞ the harshest critic. ℓᵢ is the mean over the batch of the loss that discriminator i sets. The
//! weights are functions of the losses, and are differentiated as such.
//!
//! # References
//! Durugkar et al., 2017, Generative Multi-Adversarial Networks, arXiv:1611.01673, section 4 and equation 6 (`F_soft`).
//!
//! # Differs from reference implementations
//! The paper's generator of GMAN* learns λ as well, beside a term −βλ; here λ is given.

use ganymede_tensor::{Tensor, softmax};

use crate::LossError;

/// How the losses of several discriminators become one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Aggregate {
    /// Their mean.
    #[default]
    Mean,
    /// Their mean by the weights of a softmax.
    Softmax {
        /// λ, at least 0: how much the harsher critics count for more.
        lambda: f64,
    },
    /// The largest.
    Max,
}

impl Aggregate {
    /// The names, in the order of the table.
    pub const NAMES: &'static [&'static str] = &["mean", "softmax", "max"];

    /// One of [`Aggregate::NAMES`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Softmax { .. } => "softmax",
            Self::Max => "max",
        }
    }

    /// The loss, a scalar.
    ///
    /// # Arguments
    /// * `losses` — `(K,)`, the mean loss of each discriminator.
    ///
    /// # Errors
    /// [`LossError::Shape`] for another shape; [`LossError::Parameter`] for a λ that is negative or no number.
    pub fn of(self, losses: &Tensor) -> Result<Tensor, LossError> {
        if losses.rank() != 1 || losses.elem_count() == 0 {
            let expected = "(K,): one loss for each discriminator".to_owned();
            return Err(LossError::Shape { what: "losses", got: losses.dims().to_vec(), expected });
        }
        match self {
            Self::Mean => Ok(losses.mean_all()?),
            Self::Max => Ok(losses.max_all()?),
            Self::Softmax { lambda } => {
                crate::error::check_non_negative("gman lambda", lambda)?;
                let weights = softmax(&(losses * lambda)?, 0)?;
                Ok((weights * losses)?.sum_all()?)
            }
        }
    }
}
