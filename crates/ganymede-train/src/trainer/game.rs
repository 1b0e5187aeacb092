//! All that a step changes: the players, their scheme, the averaged generator.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ganymede_datasets::Dataset;
use ganymede_models::{Discriminator, Generator, Growth, Io, NetworkKind, Problem};
use ganymede_tensor::{DType, Device, Params, Rng, Tensor, ema_update};

use super::adversarial::Adversarial;
use super::augment::Augmentation;
use super::critic_updates::CriticUpdates;
use super::draws::{Source, io_of};
use super::init;
use super::lookahead::SlowWeights;
use super::measurements::Measurements;
use super::player::{Learner, Player};
use super::players::Players;
use super::scheme::Scheme;
use super::section::Stateful;
use super::terms::Terms;
use crate::config::Run;
use crate::error::TrainError;
use crate::record::LogEntry;

/// Both players, their scheme and their place in the data.
pub(crate) struct Game {
    run: Run,
    pub(super) players: Players,
    scheme: Box<dyn Scheme>,
    slow: SlowWeights,
    /// The averaged generator.
    pub(super) average: Option<Box<dyn Generator>>,
    /// Generator updates made.
    pub(super) step: u64,
    /// How long steps took since this was made; no part of the state.
    stepping: Duration,
}

/// What a step measured, part of it still on the device.
pub(crate) struct StepStats {
    measured: Measurements,
    numbers: Vec<(&'static str, f64)>,
}

impl Game {
    /// Both players at their first weights, at step 0.
    pub(crate) fn new(run: &Run, dataset: Arc<dyn Dataset>, device: &Device) -> Result<Self, TrainError> {
        Self::in_dtype(run, dataset, DType::F32, device)
    }

    /// Likewise, in a precision of one's own choice.
    pub(crate) fn in_dtype(
        run: &Run,
        dataset: Arc<dyn Dataset>,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let io = io_of(dataset.as_ref());
        let generator = build_generator(run, &io, dataset.name(), (dtype, device))?;
        let discriminator = build_discriminator(run, &io, dataset.name(), (dtype, device))?;
        let average = match run.ema {
            Some(_) => Some(build_generator(run, &io, dataset.name(), (dtype, device))?),
            None => None,
        };
        let terms = Terms::of_generator(run);
        let learner_g =
            Learner::new(generator.params(), &run.optimizer_g, terms, (None, run.clip_norm_g), &[])?;
        let frozen = frozen(run, discriminator.as_ref())?;
        let terms = Terms::of_discriminator(run);
        let bounds = (run.weight_clip, run.clip_norm_d);
        let learner_d = Learner::new(discriminator.params(), &run.optimizer_d, terms, bounds, &frozen)?;
        Ok(Self {
            players: Players {
                generator: Player { net: generator, learner: learner_g },
                discriminator: Player { net: discriminator, learner: learner_d },
                source: Source::new(run, dataset, run.generator.stages(&io), (dtype, device))?,
                augmentation: Augmentation::new(run, device)?,
                adversarial: Adversarial::new(run),
                critic: CriticUpdates::new(run.n_critic.clone()),
                parts: run.accumulate,
                pack: run.discriminator.traits().pack,
                growth: run.growth_at(0),
                inspector: None,
            },
            scheme: run.scheme.spec().build(),
            slow: SlowWeights::new(run.lookahead),
            average,
            step: 0,
            stepping: Duration::ZERO,
            run: run.clone(),
        })
    }

    /// Puts the weights that the run is to begin with into its networks.
    pub(crate) fn begin_with(&mut self, run: &Run, device: &Device) -> Result<(), TrainError> {
        if let Some(path) = &run.init.generator {
            let kind = NetworkKind::Generator(run.generator.kind());
            let generators = [Some(&self.players.generator.net), self.average.as_ref()];
            let generators = generators.into_iter().flatten().map(|generator| generator.params());
            init::load(generators, kind, Path::new(path), device)?;
        }
        if let Some(path) = &run.init.discriminator {
            let kind = NetworkKind::Discriminator(run.discriminator.kind());
            init::load([self.players.discriminator.net.params()], kind, Path::new(path), device)?;
        }
        Ok(())
    }

    /// Generator updates made.
    pub(crate) fn step(&self) -> u64 {
        self.step
    }

    /// Real samples shown to the discriminator.
    pub(crate) fn images(&self) -> u64 {
        self.players.source.loader.cursor()
    }

    /// The generator to draw samples from: the averaged one where there is one.
    pub(crate) fn sampler(&self) -> &dyn Generator {
        self.average.as_deref().unwrap_or(self.players.generator.net.as_ref())
    }

    /// How far the players have grown by the last update.
    pub(crate) fn growth(&self) -> Growth {
        self.run.growth_at(self.step.saturating_sub(1))
    }

    /// The weights and buffers of the generator and of the discriminator.
    pub(crate) fn params(&self) -> [&Params; 2] {
        self.players.params()
    }

    /// Whether the gradients of the steps from here on are kept, until the next one.
    pub(crate) fn keep_gradients(&mut self, keeps: bool) {
        self.players.generator.learner.keep_gradients(keeps);
        self.players.discriminator.learner.keep_gradients(keeps);
    }

    /// The gradients of the adversarial loss in the last update of either player, where they were kept.
    pub(crate) fn gradients(&self) -> [Option<&[Tensor]>; 2] {
        [self.players.generator.learner.gradients(), self.players.discriminator.learner.gradients()]
    }

    /// Number of the generator's and of the discriminator's weights.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        let (g, d) = (&self.players.generator.net, &self.players.discriminator.net);
        (g.params().num_elements(), d.params().num_elements())
    }

    /// The share of the steps' time in which they waited for data, in [0, 1].
    pub(super) fn data_wait(&self) -> f64 {
        self.players.source.waited.as_secs_f64() / self.stepping.as_secs_f64().max(1e-9)
    }

    /// One step of the scheme, and one of the average.
    ///
    /// The step is only measured when `measure` says so: reading a number back from a device waits for all
    /// of it.
    pub(crate) fn play(&mut self, measure: bool) -> Result<Option<StepStats>, TrainError> {
        let start = Instant::now();
        let stats = self.advance(measure);
        self.stepping += start.elapsed();
        stats
    }

    fn advance(&mut self, measure: bool) -> Result<Option<StepStats>, TrainError> {
        let factor = self.run.lr_factor_at(self.step);
        let renewed = self.run.resets_at(self.step);
        self.players.generator.learner.prepare(self.step, factor, renewed)?;
        self.players.discriminator.learner.prepare(self.step, factor, renewed)?;
        self.players.growth = self.run.growth_at(self.step);
        self.players.source.prepare(self.players.growth, self.run.batch_at(self.step))?;
        let augmented = self.players.augmentation.numbers(self.step);
        let images = self.images();
        self.slow.begin(self.players.params())?;
        let mut measured = self.scheme.step(&mut self.players, self.step, measure)?;
        self.slow.stepped(self.step + 1, self.players.params())?;
        if let (Some(config), Some(average)) = (&self.run.ema, &self.average) {
            let params = self.players.generator.net.params();
            let decay = config.decay_at(self.step, images, self.images() - images);
            ema_update(average.params(), params, decay)?;
        }
        self.step += 1;
        if !measure {
            return Ok(None);
        }
        let (g, d) = (&self.players.generator.learner, &self.players.discriminator.learner);
        measured.append(d.terms.measured()?);
        measured.append(g.terms.measured()?);
        let mut numbers = vec![("lr_factor", factor), ("lr_g", g.optimizer.lr()), ("lr_d", d.optimizer.lr())];
        if self.run.growth.is_some() {
            let Growth { stage, alpha } = self.players.growth;
            numbers.extend([("growth_stage", stage as f64), ("growth_alpha", alpha)]);
        }
        numbers.extend(augmented);
        Ok(Some(StepStats { measured, numbers }))
    }

    /// All parts of the state by the names of their sections.
    pub(super) fn parts(&self) -> Vec<(&'static str, &dyn Stateful)> {
        let (g, d) = (&self.players.generator, &self.players.discriminator);
        let mut parts: Vec<(&'static str, &dyn Stateful)> = vec![
            (GENERATOR, g.net.params()),
            (DISCRIMINATOR, d.net.params()),
            (OPT_G, &g.learner.optimizer),
            (OPT_D, &d.learner.optimizer),
            (TERMS_G, &g.learner.terms),
            (TERMS_D, &d.learner.terms),
            (SOURCE, &self.players.source),
            (AUGMENT, &self.players.augmentation),
            (SCHEME, &*self.scheme),
            (SLOW, &self.slow),
            (CRITIC, &self.players.critic),
        ];
        parts.extend(self.average.iter().map(|average| (AVERAGE, average.params() as &dyn Stateful)));
        parts
    }

    /// Hands each part to `load`, with the name of its section.
    pub(super) fn load_parts<E>(
        &mut self,
        mut load: impl FnMut(&'static str, &mut dyn Stateful) -> Result<(), E>,
    ) -> Result<(), E> {
        let (g, d) = (&mut self.players.generator, &mut self.players.discriminator);
        // Handles: what is loaded through a clone is loaded.
        load(GENERATOR, &mut g.net.params().clone())?;
        load(DISCRIMINATOR, &mut d.net.params().clone())?;
        load(OPT_G, &mut g.learner.optimizer)?;
        load(OPT_D, &mut d.learner.optimizer)?;
        load(TERMS_G, &mut g.learner.terms)?;
        load(TERMS_D, &mut d.learner.terms)?;
        load(SOURCE, &mut self.players.source)?;
        load(AUGMENT, &mut self.players.augmentation)?;
        load(SCHEME, &mut *self.scheme)?;
        load(SLOW, &mut self.slow)?;
        load(CRITIC, &mut self.players.critic)?;
        match &self.average {
            Some(average) => load(AVERAGE, &mut average.params().clone()),
            None => Ok(()),
        }
    }
}

pub(super) const GENERATOR: &str = "g";
pub(super) const DISCRIMINATOR: &str = "d";
pub(super) const AVERAGE: &str = "ema";
pub(super) const OPT_G: &str = "opt_g";
pub(super) const OPT_D: &str = "opt_d";
pub(super) const TERMS_G: &str = "terms_g";
pub(super) const TERMS_D: &str = "terms_d";
pub(super) const SOURCE: &str = "source";
pub(super) const AUGMENT: &str = "augment";
pub(super) const SCHEME: &str = "scheme";
pub(super) const SLOW: &str = "lookahead";
pub(super) const CRITIC: &str = "critic";

/// A section in words.
pub(super) fn words(section: &str) -> &'static str {
    match section {
        GENERATOR => "the generator's weights",
        DISCRIMINATOR => "the discriminator's weights",
        AVERAGE => "the averaged generator's weights",
        OPT_G => "the generator's optimiser",
        OPT_D => "the discriminator's optimiser",
        TERMS_G => "the terms of the generator's loss",
        TERMS_D => "the terms of the discriminator's loss",
        SOURCE => "the place in the data and in the random streams",
        AUGMENT => "the controller of augmentation",
        CRITIC => "the number of the discriminator's updates",
        SLOW => "the slow weights of lookahead",
        _ => "the scheme of updates",
    }
}

impl StepStats {
    /// Reads everything back, in one transfer.
    pub(crate) fn read(&self, step: u64, images: u64) -> ganymede_tensor::Result<LogEntry> {
        let mut values: BTreeMap<String, f64> = self.measured.read()?;
        values.extend(self.numbers.iter().map(|(name, value)| ((*name).to_owned(), *value)));
        Ok(LogEntry { step, images, values })
    }
}

/// The generator of a run.
pub(crate) fn build_generator(
    run: &Run,
    io: &Io,
    data: &str,
    (dtype, device): (DType, &Device),
) -> Result<Box<dyn Generator>, TrainError> {
    suits("generator", data, run.generator.fits(io))?;
    let rng = Rng::stream(run.seed, "init/generator");
    Ok(run.generator.build(io, rng, dtype, device)?)
}

fn build_discriminator(
    run: &Run,
    io: &Io,
    data: &str,
    (dtype, device): (DType, &Device),
) -> Result<Box<dyn Discriminator>, TrainError> {
    suits("discriminator", data, run.discriminator.fits(io))?;
    let rng = Rng::stream(run.seed, "init/discriminator");
    Ok(run.discriminator.build(io, rng, dtype, device)?)
}

/// The names of the discriminator's parameters that keep their weights.
fn frozen(run: &Run, discriminator: &dyn Discriminator) -> Result<Vec<String>, TrainError> {
    let names = discriminator.freezable(run.init.freeze);
    if run.init.freeze > 0 && names.is_empty() {
        let reason = format!(
            "init.freeze is {}, and the discriminator `{}` has no layers that can be frozen: use 0",
            run.init.freeze,
            run.discriminator.kind().name
        );
        return Err(TrainError::Unfit { data: run.data.name.clone(), network: "discriminator", reason });
    }
    Ok(names)
}

/// Fails before training where the network is not for these data.
fn suits(network: &'static str, data: &str, problems: Vec<Problem>) -> Result<(), TrainError> {
    match problems.into_iter().next() {
        None => Ok(()),
        Some(problem) => {
            Err(TrainError::Unfit { data: data.to_owned(), network, reason: problem.to_string() })
        }
    }
}

#[cfg(test)]
mod tests;
