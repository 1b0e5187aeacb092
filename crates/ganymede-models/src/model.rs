//! The two roles of an adversarial game.

use ganymede_tensor::{Params, Result, Tensor};

use crate::Mode;

/// What a discriminator says of a batch.
#[derive(Clone, Debug)]
pub struct Critique {
    /// Raw scores `(N,)`, without a sigmoid: larger means more real.
    pub scores: Tensor,
    /// Logits `(N, K)` of the classes, where the model has an auxiliary head.
    pub class_logits: Option<Tensor>,
}

impl Critique {
    /// Scores alone.
    pub fn unconditional(scores: Tensor) -> Self {
        Self { scores, class_logits: None }
    }
}

/// From latent vectors to samples.
pub trait Generator: Send + Sync {
    /// Latents `z` `(N, Z)` and, for models with classes, labels `y` `(N,)` of dtype u32, to
    /// samples `(N, C, H, W)` in [−1, 1], or to points `(N, D)` of any range.
    ///
    /// Models without classes ignore `y`.
    ///
    /// # Errors
    /// `z` has another shape or dtype than the model; a batch is too small for its statistics.
    fn forward(&self, z: &Tensor, y: Option<&Tensor>, mode: Mode) -> Result<Tensor>;

    /// All parameters and buffers.
    fn params(&self) -> &Params;

    /// The length Z of a latent vector.
    fn z_dim(&self) -> usize;

    /// The shape of one sample: `[C, H, W]`, or `[D]` for points.
    fn output_shape(&self) -> Vec<usize>;
}

/// From samples to scores.
pub trait Discriminator: Send + Sync {
    /// Samples `x` `(N, C, H, W)` or `(N, D)` and, for models with classes, labels `y` `(N,)` of
    /// dtype u32, to raw scores.
    ///
    /// Models without classes ignore `y`.
    ///
    /// # Errors
    /// `x` has another shape or dtype than the model; a batch is too small for its statistics.
    fn forward(&self, x: &Tensor, y: Option<&Tensor>, mode: Mode) -> Result<Critique>;

    /// All parameters and buffers.
    fn params(&self) -> &Params;
}
