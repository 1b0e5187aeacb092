//! What a look at both players shows beside the log. Its draws are its own, and nothing that it does moves a player.

mod gap;
mod gradients;
mod judgement;
mod slope;
mod spectra;
mod thorough;
mod yard;

use std::sync::Arc;

use ganymede_datasets::{Dataset, Modes, mode_coverage};
use ganymede_losses::AdversarialLoss;
use ganymede_tensor::{DType, Device, Params, Rng, Tensor};

use super::draws::{Told, condition_of, has_image_conditions, samples_of};
use super::fixed::{Fixed, metric_inputs};
use super::game::Game;
use super::measurements::global_norm;
use super::parts::{others, some, split};
use super::probe::{fitting, generate, points, some_real};
use super::view::Batch;
use crate::config::{MonitorConfig, Run};
use crate::error::TrainError;
use crate::monitor::THOROUGH;
use crate::record::LogEntry;
use gap::Gap;
use gradients::Norms;
use yard::{Yard, modes_reached};

/// Numbers of the samples of a look together: those of 64 images of 64 pixels.
const NUMBERS: usize = 64 * 3 * 64 * 64;
/// Samples of either side that the discriminator is shown.
const SHOWN: usize = 48;
/// Numbers by name.
type Named = Vec<(String, f64)>;

/// What is looked at, and beside what.
pub(crate) struct Vitals {
    every: u64,
    seed: u64,
    made: Fixed,
    yard: Yard,
    modes: Option<Modes>,
    /// Real samples that are trained on, and some that are not.
    trained: Batch,
    unseen: Option<Batch>,
    /// More of those that are trained on, where a score is the logarithm of how much more often data are there than samples.
    covered: Option<Batch>,
    /// Whether the discriminator gives scores of whole samples at every stage of the run, and whether nothing has to be known of
    /// generated samples that only the data know.
    is_judged: bool,
    is_played: bool,
    /// Whether the generator's and the discriminator's batches are normalised together.
    mixes: [bool; 2],
    batch: usize,
    /// How far both are from having nothing to gain, where somebody wants to know.
    gap: Option<Gap>,
    /// The weights before the step that is to be looked at.
    before: Option<[Vec<Tensor>; 2]>,
}

impl Vitals {
    /// Draws the latent vectors, and reads the real samples to compare with.
    pub(crate) fn new(
        run: &Run,
        config: MonitorConfig,
        game: &Game,
        dataset: &Arc<dyn Dataset>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let n = fitting(NUMBERS, dataset.shape().iter().product(), config.samples).max(2);
        let made = metric_inputs(run.seed, game.sampler(), dataset, n, device)?;
        let real = some_real(run, dataset, 2 * n, device)?;
        let trained_on = some(Arc::clone(dataset), run.data.subset, run.seed)?;
        let parts = split(trained_on, run.augment.start().held_out(), run.seed)?;
        let unseen = parts.held_out.or_else(|| others(dataset, run.data.subset, SHOWN, run.seed));
        let pack = run.discriminator.traits().pack;
        let shown = SHOWN.min(n).next_multiple_of(pack).min(n / pack * pack);
        let batch = |dataset: &dyn Dataset, n: usize| batch_of(dataset, n, run.seed, device);
        let (g, d) = (run.generator.traits(), run.discriminator.traits());
        let loss = run.loss.of_scores();
        let is_judged = shown > 0 && run.growth.is_none() && loss.is_some();
        let is_ratio = matches!(loss, Some(AdversarialLoss::Minimax | AdversarialLoss::NonSaturating));
        let covered = (is_judged && is_ratio).then(|| batch(parts.trained_on.as_ref(), n / pack * pack));
        let is_played = is_judged && !has_image_conditions(dataset.as_ref());
        let gap = Gap::new(run, config, &parts.trained_on, unseen.as_ref(), (n / pack * pack, device));
        Ok(Self {
            every: config.every,
            seed: run.seed,
            yard: Yard::new(&real, &mut Rng::stream(run.seed, "monitor/directions"))?,
            modes: dataset.modes().cloned(),
            trained: batch(parts.trained_on.as_ref(), shown)?,
            unseen: unseen.map(|unseen| batch(unseen.as_ref(), shown)).transpose()?,
            covered: covered.transpose()?,
            is_judged,
            is_played,
            mixes: [g.mixes_batch && !g.sees_batch, d.mixes_batch && !d.sees_batch && pack == 1],
            batch: run.batch / run.accumulate,
            gap: gap.filter(|_| is_played),
            made,
            before: None,
        })
    }

    /// Whether it is time for a look after this step.
    pub(super) fn is_due(&self, step: u64) -> bool {
        step > 0 && step.is_multiple_of(self.every)
    }

    /// Whether that look is a thorough one.
    pub(super) fn is_thorough(&self, step: u64) -> bool {
        step.is_multiple_of(self.every * THOROUGH)
    }

    /// Before the step that is to be looked at: how far it goes, and by which gradients, is seen after it.
    pub(crate) fn before(&mut self, game: &mut Game) -> Result<(), TrainError> {
        let [g, d] = game.params();
        self.before = Some([g.snapshot()?, d.snapshot()?]);
        game.keep_gradients(true);
        Ok(())
    }

    /// The numbers of a look, by the names of [`crate::monitor`].
    pub(crate) fn look(&mut self, game: &mut Game, thorough: bool) -> Result<LogEntry, TrainError> {
        let mut values = steepness(game)?;
        let before = self.before.take();
        if let Some(before) = &before {
            let names = ["update_g", "update_d"].into_iter().zip(game.params());
            for ((name, params), before) in names.zip(before) {
                values.push((name.to_owned(), update(params, before)?));
            }
        }
        let samples = generate(game.sampler(), &self.made.grown(game.growth()))?;
        values.extend(named(self.yard.measure(&samples)?));
        if let Some(modes) = &self.modes {
            let points = points(&samples)?;
            let near = mode_coverage(&points, modes).high_quality_fraction;
            values
                .extend(named(vec![("modes_reached", modes_reached(&points, modes)), ("near_modes", near)]));
        }
        values.extend(self.judgement(game)?);
        if thorough {
            values.extend(self.thorough(game, before.as_ref())?);
        }
        Ok(LogEntry { step: game.step(), images: game.images(), values: values.into_iter().collect() })
    }
}

/// The norms of the gradients of the step, of both players and of their layers.
fn steepness(game: &Game) -> Result<Named, TrainError> {
    let ([g, d], [Some(of_g), Some(of_d)]) = (game.params(), game.gradients()) else {
        return Ok(Vec::new());
    };
    let (g, d) = (Norms::of(g, of_g)?, Norms::of(d, of_d)?);
    let mut values = [g.numbers("g"), d.numbers("d")].concat();
    if d.whole > 0.0 {
        values.push(("grad_ratio".to_owned(), g.whole / d.whole));
    }
    Ok(values)
}

fn named(values: Vec<(&'static str, f64)>) -> Named {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Real samples of a data set, drawn at random with the run's seed, and what is known of them; all where there are no more.
fn batch_of(dataset: &dyn Dataset, n: usize, seed: u64, device: &Device) -> Result<Batch, TrainError> {
    let order = Rng::stream(seed, "monitor/real").permutation(dataset.len());
    let told: Vec<Told> = order.into_iter().cycle().take(n.max(1)).map(|index| (index, false)).collect();
    let known = !dataset.class_names().is_empty() || dataset.condition_shape().is_some();
    let condition = condition_of(dataset, if known { &told } else { &[] }, device)?;
    Ok(Batch { samples: samples_of(dataset, &told, device)?, condition })
}

/// The length of an update in that of the weights before it.
fn update(params: &Params, before: &[Tensor]) -> ganymede_tensor::Result<f64> {
    let now = params.params();
    let moved = now
        .iter()
        .zip(before)
        .map(|(param, before)| param.var().as_detached_tensor() - before)
        .collect::<ganymede_tensor::Result<Vec<_>>>()?;
    let number = |tensors: &[Tensor]| -> ganymede_tensor::Result<f64> {
        global_norm(tensors)?.to_dtype(DType::F64)?.to_scalar::<f64>()
    };
    Ok(number(&moved)? / number(before)?.max(f64::MIN_POSITIVE))
}
