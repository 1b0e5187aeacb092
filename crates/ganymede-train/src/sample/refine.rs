//! Samples that the discriminator has had a say in: some are refused, or latent vectors move to where it likes what comes of
//! them.
//!
//! A discriminator that was trained with the non-saturating or the minimax loss scores by d(x) = log p_data(x) / p_g(x), as far as
//! it has learned that. Rejection keeps a sample with a probability in proportion to exp d ([`rejection`]); Langevin dynamics draw
//! z from p₀(z) exp d(G(z)) ([`langevin`]). Both would sample the data exactly if d were exact.
//!
//! The generator is the one that is sampled, averaged where there is an average; the discriminator is the one that was trained.

mod langevin;
mod rejection;

use std::path::Path;

use ganymede_losses::AdversarialLoss;
use ganymede_models::{
    Condition, Discriminator, DiscriminatorInput, Generator, GeneratorInput, LatentDistribution, Latents,
    Mode, Network, Role,
};
use ganymede_tensor::{Rng, Tensor};

use super::Sampler;
use crate::error::TrainError;
use crate::score::Scorer;
use crate::trainer::Trainer;
use crate::weights::NetworkWeights;

use langevin::Langevin;
use rejection::Rejection;
pub(crate) use rejection::joined;

/// How the discriminator has a say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refinement {
    /// Discriminator rejection sampling (Azadi et al., 2018, arXiv:1810.06758, algorithm 1).
    Rejection {
        /// What is taken off F before the sigmoid.
        gamma: RejectionGamma,
        /// Samples that the largest score is looked for in before the first is kept, ≥ 1.
        burn_in: usize,
    },
    /// Discriminator-driven latent sampling (Che et al., 2020, arXiv:2003.06060, algorithm 1).
    Langevin {
        /// Moves of each latent vector, ≥ 1.
        steps: usize,
        /// ε, above 0.
        step_size: f64,
    },
}

/// γ of rejection: the larger, the fewer samples are kept, and the likelier ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RejectionGamma {
    /// A number. 0 keeps a sample with probability exp(d − d_max): what is kept is distributed as the data, as far as the
    /// discriminator is right.
    Number(f64),
    /// The percentile of F in the burn-in, from 0 to 100, as in the paper, which has 80: about as many per cent are refused that
    /// are not far above the rest.
    Percentile(f64),
}

/// What latents are drawn again with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redraw {
    /// Latent vectors alone: networks with noise take the constant one, mixtures choose by the vector.
    Vectors,
    /// And noise, as for [`NoiseBatches`](super::NoiseBatches).
    Noise,
    /// All that the generator draws, as measures draw it.
    All,
}

/// Makes latents into others whose samples the discriminator has had a say in.
pub struct Refiner<'a> {
    sampler: &'a Sampler,
    net: Box<dyn Discriminator>,
    redraw: Redraw,
    rng: Rng,
    how: How,
}

enum How {
    Rejection(Rejection),
    Langevin(Langevin),
}

fn fail(reason: impl Into<String>) -> TrainError {
    TrainError::Sample { reason: reason.into() }
}

impl Refinement {
    /// Its name in messages and options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rejection { .. } => "rejection",
            Self::Langevin { .. } => "langevin",
        }
    }

    fn check(self) -> Result<(), TrainError> {
        const MOST_BURN_IN: usize = 1_000_000;
        const MOST_STEPS: usize = 1_000_000;
        match self {
            Self::Rejection { gamma, burn_in } => {
                let is_sound = match gamma {
                    RejectionGamma::Number(gamma) => gamma.abs() <= 1e3,
                    RejectionGamma::Percentile(percentile) => (0.0..=100.0).contains(&percentile),
                };
                if !is_sound {
                    return Err(fail(format!(
                        "{gamma:?}: give γ as a number from -1000 to 1000, or as a percentile from 0 to 100"
                    )));
                }
                if !(1..=MOST_BURN_IN).contains(&burn_in) {
                    return Err(fail(format!("a burn-in of {burn_in} samples: give 1 to {MOST_BURN_IN}")));
                }
            }
            Self::Langevin { steps, step_size } => {
                if !(1..=MOST_STEPS).contains(&steps) {
                    return Err(fail(format!("{steps} steps of Langevin dynamics: give 1 to {MOST_STEPS}")));
                }
                if !(step_size > 0.0 && step_size <= 10.0) {
                    return Err(fail(format!(
                        "a step size of {step_size}: give a number above 0, at most 10"
                    )));
                }
            }
        }
        Ok(())
    }
}

impl<'a> Refiner<'a> {
    /// With the discriminator of a checkpoint of the run in `dir`, for the generator of the same checkpoint.
    ///
    /// # Errors
    /// A setting is out of range; no run is in the folder; it was trained with a loss whose scores are no logarithm of a ratio of
    /// densities; its discriminator gives no one score of one sample; the generator's latent vectors are not normal, or truncated,
    /// for Langevin dynamics.
    pub fn open(
        sampler: &'a Sampler,
        (dir, checkpoint): (&Path, &Path),
        (refinement, redraw): (Refinement, Redraw),
        seed: u64,
    ) -> Result<Self, TrainError> {
        let run = Trainer::layers_of(dir)?.resolve()?;
        let name = refinement.name();
        let ratio = [AdversarialLoss::NonSaturating, AdversarialLoss::Minimax];
        if !run.loss.of_scores().is_some_and(|loss| ratio.contains(&loss)) {
            let loss = &run.loss;
            return Err(fail(format!(
                "{name}: the scores of a run with the loss `{loss}` are no logarithm of a ratio of densities; this takes runs \
                 with `non-saturating` or `minimax`"
            )));
        }
        if !run.smoothing.is_off() {
            let label = run.smoothing.real;
            return Err(fail(format!(
                "{name}: the run smoothed its labels (loss.real_label = {label}), so that its scores are no logarithm of a ratio of \
                 densities; this takes runs without"
            )));
        }
        let weights = NetworkWeights::of_checkpoint(checkpoint, Role::Discriminator, true, &sampler.device)?;
        if let Network::Discriminator(config) = &weights.network {
            let traits = config.traits();
            if traits.pack > 1 || traits.sees_batch {
                let reason = "the run's discriminator judges several samples together, as packs of them or by features of the batch";
                return Err(fail(format!("{name}: {reason}")));
            }
            if traits.members > 1 || traits.scores > 1 {
                return Err(fail(format!(
                    "{name}: the run's discriminator gives several scores of a sample, not one"
                )));
            }
        }
        let net = Scorer::new(weights, checkpoint, &sampler.device)?.into_net();
        Self::new(sampler, net, (refinement, redraw), seed)
    }

    pub(super) fn new(
        sampler: &'a Sampler,
        net: Box<dyn Discriminator>,
        (refinement, redraw): (Refinement, Redraw),
        seed: u64,
    ) -> Result<Self, TrainError> {
        refinement.check()?;
        if sampler.z_dim() == 0 {
            let name = refinement.name();
            return Err(fail(format!("{name}: this generator has no latent vector that could be another")));
        }
        let how = match refinement {
            Refinement::Rejection { gamma, burn_in } => How::Rejection(Rejection::new(gamma, burn_in)),
            Refinement::Langevin { steps, step_size } => {
                if sampler.generator().latent_distribution() != LatentDistribution::Normal {
                    return Err(fail("langevin: the generator's latent vectors are not drawn from N(0, 1)"));
                }
                if sampler.truncation.is_some() {
                    return Err(fail("langevin: moves latent vectors out of any truncation; leave it out"));
                }
                How::Langevin(Langevin { steps, step_size })
            }
        };
        let rng = Rng::stream(seed, &format!("sample/{}", refinement.name()));
        Ok(Self { sampler, net, redraw, rng, how })
    }

    /// Latents in the place of such that were drawn, each under its condition.
    ///
    /// # Errors
    /// The condition is not what the networks are told; the device refuses the memory; of very many samples none is kept.
    pub fn refine(&mut self, latents: &Latents, condition: &Condition) -> Result<Latents, TrainError> {
        let sampler = self.sampler;
        let Self { net, redraw, rng, how, .. } = self;
        let players = Players { sampler, net: net.as_ref() };
        match how {
            How::Rejection(rejection) => {
                let mut fresh = Fresh { sampler, redraw: *redraw, rng: rng.clone() };
                let kept = rejection.keep(&players, latents, condition, &mut fresh);
                *rng = fresh.rng;
                kept
            }
            How::Langevin(langevin) => langevin.move_on(&players, latents, condition, rng),
        }
    }

    /// How many samples were kept and how many drawn so far, of rejection.
    pub fn kept(&self) -> Option<(u64, u64)> {
        match &self.how {
            How::Rejection(rejection) => Some((rejection.kept, rejection.drawn)),
            How::Langevin(_) => None,
        }
    }
}

/// Both networks, in evaluation.
struct Players<'a> {
    sampler: &'a Sampler,
    net: &'a dyn Discriminator,
}

impl Players<'_> {
    /// d(G(z)), `(N,)`.
    fn scores(&self, latents: &Latents, condition: &Condition) -> Result<Tensor, TrainError> {
        let generator = self.sampler.truncated()?;
        let growth = self.sampler.growth();
        let input = GeneratorInput { latents, condition, growth };
        let samples = generator.forward(input, Mode::Eval)?.samples;
        let input = DiscriminatorInput { samples: &samples, condition, growth };
        let scores = self.net.forward(input, Mode::Eval)?.scores;
        match scores.rank() {
            1 => Ok(scores),
            _ => Err(fail("the run's discriminator judges patches of a sample, and has no one score of it")),
        }
    }
}

/// Latents that are drawn again.
struct Fresh<'a> {
    sampler: &'a Sampler,
    redraw: Redraw,
    rng: Rng,
}

impl Fresh<'_> {
    fn draw(&mut self, n: usize) -> Result<Latents, TrainError> {
        let Self { sampler, redraw, rng } = self;
        let (generator, device) = (sampler.truncated()?, &sampler.device);
        let z = generator.drawing().z(n, rng, device)?;
        let own = sampler.generator();
        let noise = match redraw {
            Redraw::Vectors => Vec::new(),
            Redraw::Noise => own.noise_for_training(n, rng, device)?,
            Redraw::All => own.noise(n, rng, device)?,
        };
        Ok(Latents::new(z).with_noise(noise))
    }
}

#[cfg(test)]
mod tests;
