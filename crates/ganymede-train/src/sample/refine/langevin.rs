//! Discriminator-driven latent sampling (Che et al., 2020, arXiv:2003.06060, algorithm 1): Langevin dynamics on the energy
//! `E(z) = −log p₀(z) − d(G(z))`, with p₀ = N(0, I) and d the discriminator's score,
//!
//! `z ← z − ε/2 ∇E(z) + √ε n`, n from N(0, I),
//!
//! from the vectors that were drawn. Smaller steps are more exact, and have to be more of them.

use ganymede_models::{Condition, Latents};
use ganymede_tensor::{Graph, Rng, grad, watch};

use super::Players;
use crate::error::TrainError;

pub(super) struct Langevin {
    pub(super) steps: usize,
    pub(super) step_size: f64,
}

impl Langevin {
    /// The vectors after all steps.
    pub(super) fn move_on(
        &self,
        players: &Players<'_>,
        latents: &Latents,
        condition: &Condition,
        rng: &mut Rng,
    ) -> Result<Latents, TrainError> {
        let _generator = players.sampler.generator().params().freeze();
        let _discriminator = players.net.params().freeze();
        let mut at = latents.clone();
        for _ in 0..self.steps {
            let z = watch(&at.z)?;
            at.z = z.clone();
            let up = grad(&players.scores(&at, condition)?, &[&z], Graph::Discard)?.remove(0);
            let z = z.detach();
            let noise = rng.normal(z.shape(), z.dtype(), z.device())?;
            let downhill = ((&z - up)? * (0.5 * self.step_size))?;
            at.z = ((z - downhill)? + (noise * self.step_size.sqrt())?)?;
        }
        Ok(at)
    }
}
