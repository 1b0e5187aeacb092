//! The two-player game: discriminator updates, then one generator update, as in the papers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ganymede_datasets::{Dataset, Loader, LoaderConfig};
use ganymede_losses::{Samples, Scores, clip_weights};
use ganymede_models::{Discriminator, Generator, Mode};
use ganymede_tensor::{DType, Device, Graph, Optimizer, Params, Rng, Tensor, ema_update, grad};

use super::stats::{DiscriminatorStats, HeldPenalty, StepStats, global_norm};
use crate::config::Run;
use crate::error::TrainError;

/// A pass that trains and moves running statistics and spectral vectors on.
const TRAIN: Mode = Mode::Train { update_stats: true };
/// A pass that trains the other player, or only penalises: it counts no batch twice.
const LOOK: Mode = Mode::Train { update_stats: false };
/// Batches read ahead.
const PREFETCH: usize = 4;

/// Both players, their optimisers, their random streams and their place in the data: all that a step
/// changes.
pub(crate) struct Game {
    pub(super) run: Run,
    pub(super) device: Device,
    pub(super) g: Box<dyn Generator>,
    pub(super) d: Box<dyn Discriminator>,
    /// The averaged generator.
    pub(super) ema: Option<Box<dyn Generator>>,
    pub(super) opt_g: Optimizer,
    pub(super) opt_d: Optimizer,
    pub(super) latents_g: Rng,
    pub(super) latents_d: Rng,
    pub(super) penalty_noise: Rng,
    pub(super) loader: Loader,
    /// Generator updates made.
    pub(super) step: u64,
    /// What each penalty gave when it was last due.
    pub(super) held: Vec<Option<HeldPenalty>>,
    /// No part of the state: how long steps took since this was made, and how much of it they waited for data.
    pub(super) pace: Pace,
}

/// Time in steps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    stepping: Duration,
    waiting: Duration,
}

impl Pace {
    /// The share of the steps' time in which they waited for data, in [0, 1].
    pub(super) fn data_wait(self) -> f64 {
        self.waiting.as_secs_f64() / self.stepping.as_secs_f64().max(1e-9)
    }
}

impl Game {
    /// Both players at their first weights, at step 0.
    pub(crate) fn new(run: &Run, dataset: Arc<dyn Dataset>, device: &Device) -> Result<Self, TrainError> {
        let (g, d) = build_players(run, dataset.as_ref(), device)?;
        let ema = match run.ema {
            Some(_) => Some(build_generator(run, dataset.shape(), dataset.name(), device)?),
            None => None,
        };
        let stream = |name: &str| Rng::stream(run.seed, name);
        let config =
            LoaderConfig { batch: run.batch, seed: run.seed, flip: run.data.flip, prefetch: PREFETCH };
        Ok(Self {
            device: device.clone(),
            opt_g: Optimizer::new(run.optimizer_g, g.params().params())?,
            opt_d: Optimizer::new(run.optimizer_d, d.params().params())?,
            g,
            d,
            ema,
            latents_g: stream("latents/generator"),
            latents_d: stream("latents/discriminator"),
            penalty_noise: stream("penalty"),
            loader: Loader::new(dataset, config)?,
            step: 0,
            held: vec![None; run.penalties.len()],
            pace: Pace::default(),
            run: run.clone(),
        })
    }

    /// Generator updates made.
    pub(crate) fn step(&self) -> u64 {
        self.step
    }

    /// Real samples shown to the discriminator.
    pub(crate) fn images(&self) -> u64 {
        self.loader.cursor()
    }

    /// The generator to draw samples from: the averaged one where there is one.
    pub(crate) fn sampler(&self) -> &dyn Generator {
        self.ema.as_deref().unwrap_or(self.g.as_ref())
    }

    /// Number of the generator's and of the discriminator's weights.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.g.params().num_elements(), self.d.params().num_elements())
    }

    /// One step: `n_critic` discriminator updates, one generator update, one step of the average.
    ///
    /// The step is only measured when `measure` says so: reading a number back from a device waits for all
    /// of it.
    pub(crate) fn play(&mut self, measure: bool) -> Result<Option<StepStats>, TrainError> {
        let start = Instant::now();
        let stats = self.advance(measure);
        self.pace.stepping += start.elapsed();
        stats
    }

    fn advance(&mut self, measure: bool) -> Result<Option<StepStats>, TrainError> {
        let factor = self.run.schedule.factor(self.step);
        self.opt_g.set_lr(self.run.optimizer_g.lr() * factor);
        self.opt_d.set_lr(self.run.optimizer_d.lr() * factor);

        let n_critic = self.run.n_critic;
        let mut seen = None;
        for i in 0..n_critic {
            let last = i + 1 == n_critic;
            seen = Some(self.train_discriminator(self.step * n_critic + i, measure && last)?);
        }
        let seen = seen.expect("n_critic is at least 1");
        let stats = self.train_generator(&seen.real, measure)?;
        if let (Some(config), Some(ema)) = (self.run.ema, &self.ema) {
            ema_update(ema.params(), self.g.params(), config.decay_at(self.step))?;
        }
        self.step += 1;
        let Some((loss_g, grad_norm_g)) = stats else { return Ok(None) };
        let measured = seen.stats.map(|discriminator| StepStats {
            discriminator,
            loss_g,
            grad_norm_g,
            penalties: self.held.iter().flatten().cloned().collect(),
            lr_factor: factor,
        });
        Ok(measured)
    }

    fn train_discriminator(&mut self, update: u64, measure: bool) -> Result<Seen, TrainError> {
        let real = self.next_real()?;
        let fake = {
            let _frozen = self.g.params().freeze();
            let z = draw(&mut self.latents_d, self.run.batch, self.g.as_ref(), &self.device)?;
            self.g.forward(&z, None, LOOK)?.detach()
        };
        // Apart, as the papers do: batch normalisation must not mix real and generated samples.
        let real_scores = self.d.forward(&real, None, TRAIN)?.scores;
        let fake_scores = self.d.forward(&fake, None, TRAIN)?.scores;
        let scores = Scores { real: &real_scores, fake: &fake_scores };
        let loss = self.run.loss.discriminator(scores, self.run.smoothing)?.mean_all()?;

        let mut total = loss.clone();
        let critic = |x: &Tensor| Ok(self.d.forward(x, None, LOOK)?.scores);
        for (lazy, held) in self.run.penalties.iter().zip(&mut self.held) {
            let samples = Samples { real: &real, fake: &fake };
            if let Some(term) = lazy.evaluate(update, &critic, samples, &mut self.penalty_noise)? {
                let value = term.value.mean_all()?;
                total = (total + &value)?;
                let norm = term.grad_norm.mean_all()?;
                *held = Some(HeldPenalty { value: value.detach(), norm });
            }
        }
        let grads = gradients(&total, self.d.params())?;
        self.opt_d.step(&grads)?;
        if let Some(c) = self.run.weight_clip {
            clip_weights(self.d.params(), c)?;
        }
        let stats = measure.then(|| DiscriminatorStats::new(self.run.loss, &loss, scores, &grads));
        Ok(Seen { stats: stats.transpose()?, real })
    }

    /// The generator's loss and gradient norm, where measured. `real` is the discriminator's last batch,
    /// which the relativistic losses compare with.
    fn train_generator(
        &mut self,
        real: &Tensor,
        measure: bool,
    ) -> Result<Option<(Tensor, Tensor)>, TrainError> {
        let _frozen = self.d.params().freeze();
        let z = draw(&mut self.latents_g, self.run.batch, self.g.as_ref(), &self.device)?;
        let fake = self.g.forward(&z, None, TRAIN)?;
        let fake_scores = self.d.forward(&fake, None, LOOK)?.scores;
        let real_scores = match self.run.loss.needs_real_for_generator() {
            true => self.d.forward(real, None, LOOK)?.scores,
            false => fake_scores.clone(),
        };
        let scores = Scores { real: &real_scores, fake: &fake_scores };
        let loss = self.run.loss.generator(scores)?.mean_all()?;
        let grads = gradients(&loss, self.g.params())?;
        self.opt_g.step(&grads)?;
        Ok(if measure { Some((loss.detach(), global_norm(&grads)?)) } else { None })
    }

    fn next_real(&mut self) -> Result<Tensor, TrainError> {
        let start = Instant::now();
        let batch = self.loader.next();
        self.pace.waiting += start.elapsed();
        let batch = batch?;
        Ok(Tensor::from_vec(batch.images, batch.shape, &self.device)?)
    }
}

/// What a discriminator update leaves behind.
struct Seen {
    stats: Option<DiscriminatorStats>,
    real: Tensor,
}

fn gradients(loss: &Tensor, params: &Params) -> ganymede_tensor::Result<Vec<Tensor>> {
    let weights: Vec<Tensor> = params.params().iter().map(|param| param.get()).collect();
    grad(loss, &weights.iter().collect::<Vec<_>>(), Graph::Discard)
}

/// `n` latent vectors `(N, Z)` of N(0, 1).
fn draw(rng: &mut Rng, n: usize, g: &dyn Generator, device: &Device) -> ganymede_tensor::Result<Tensor> {
    rng.normal((n, g.z_dim()), DType::F32, device)
}

/// The generator of a run, for samples of `shape`.
pub(crate) fn build_generator(
    run: &Run,
    shape: &[usize],
    data: &str,
    device: &Device,
) -> Result<Box<dyn Generator>, TrainError> {
    let config = run.generator.network.model(shape, run.generator.z_dim);
    let config = config.ok_or_else(|| mismatch(data, shape, "generator"))?;
    let rng = Rng::stream(run.seed, "init/generator");
    let generator = config.build_generator(rng, DType::F32, device)?;
    // Fail before training if the network rounds the shape.
    if generator.output_shape() != shape {
        return Err(mismatch(data, shape, "generator"));
    }
    Ok(generator)
}

type Players = (Box<dyn Generator>, Box<dyn Discriminator>);

fn build_players(run: &Run, dataset: &dyn Dataset, device: &Device) -> Result<Players, TrainError> {
    let (shape, name) = (dataset.shape(), dataset.name());
    let g = build_generator(run, shape, name, device)?;
    let config = run.discriminator.model(shape, run.generator.z_dim);
    let config = config.ok_or_else(|| mismatch(name, shape, "discriminator"))?;
    let rng = Rng::stream(run.seed, "init/discriminator");
    let d = config.build_discriminator(rng, DType::F32, device)?;
    Ok((g, d))
}

fn mismatch(data: &str, shape: &[usize], network: &'static str) -> TrainError {
    TrainError::SampleShape { data: data.to_owned(), shape: shape.to_vec(), network }
}

#[cfg(test)]
mod tests;
