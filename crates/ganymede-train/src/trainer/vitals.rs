//! What a look at both players shows beside the log. Its draws are its own, and nothing that it does moves a player.

mod yard;

use std::collections::BTreeMap;
use std::sync::Arc;

use ganymede_datasets::{Dataset, Modes, mode_coverage};
use ganymede_tensor::{DType, Device, Params, Rng, Tensor};

use super::augment::Place;
use super::draws::{Told, condition_of, samples_of};
use super::fixed::{Fixed, metric_inputs};
use super::game::Game;
use super::measurements::global_norm;
use super::parts::{others, some, split};
use super::players::Players;
use super::probe::{fitting, generate, points, some_real};
use super::view::{Batch, LOOK};
use crate::config::{MonitorConfig, Run};
use crate::error::TrainError;
use crate::record::LogEntry;
use yard::{Yard, auc, modes_reached};

/// Numbers of the samples of a look together: those of 64 images of 64 pixels.
const NUMBERS: usize = 64 * 3 * 64 * 64;
/// Samples of either side that the discriminator is shown.
const SHOWN: usize = 48;
/// Batches in which a sample's companions are changed, at the most.
const GROUPS: usize = 8;

/// What is looked at, and beside what.
pub(super) struct Vitals {
    every: u64,
    made: Fixed,
    yard: Yard,
    modes: Option<Modes>,
    /// Real samples that are trained on, and some that are not.
    trained: Batch,
    unseen: Option<Batch>,
    /// Whether the discriminator gives scores of whole samples at every stage of the run.
    is_judged: bool,
    /// Whether the generator's and the discriminator's batches are normalised together.
    mixes: [bool; 2],
    batch: usize,
    /// The weights before the step that is to be looked at.
    before: Option<[Vec<Tensor>; 2]>,
}

impl Vitals {
    /// Draws the latent vectors, and reads the real samples to compare with.
    pub(super) fn new(
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
        let batch = |dataset: &dyn Dataset| batch_of(dataset, shown, run.seed, device);
        let (g, d) = (run.generator.traits(), run.discriminator.traits());
        Ok(Self {
            every: config.every,
            yard: Yard::new(&real, &mut Rng::stream(run.seed, "monitor/directions"))?,
            modes: dataset.modes().cloned(),
            trained: batch(parts.trained_on.as_ref())?,
            unseen: unseen.map(|unseen| batch(unseen.as_ref())).transpose()?,
            is_judged: shown > 0 && run.growth.is_none() && run.loss.of_scores().is_some(),
            mixes: [g.mixes_batch && !g.sees_batch, d.mixes_batch && !d.sees_batch && pack == 1],
            batch: run.batch / run.accumulate,
            made,
            before: None,
        })
    }

    /// Whether it is time for a look after this step.
    pub(super) fn is_due(&self, step: u64) -> bool {
        step > 0 && step.is_multiple_of(self.every)
    }

    /// Before a step is made: how far it goes is seen after it.
    pub(super) fn before(&mut self, game: &Game, next: u64) -> Result<(), TrainError> {
        if self.is_due(next) {
            let [g, d] = game.params();
            self.before = Some([g.snapshot()?, d.snapshot()?]);
        }
        Ok(())
    }

    /// The numbers of a look, by the names of [`crate::monitor`].
    pub(super) fn look(&mut self, game: &Game) -> Result<LogEntry, TrainError> {
        let mut values: Vec<(&str, f64)> = Vec::new();
        if let Some(before) = self.before.take() {
            for ((name, params), before) in
                ["update_g", "update_d"].into_iter().zip(game.params()).zip(&before)
            {
                values.push((name, update(params, before)?));
            }
        }
        let samples = generate(game.sampler(), &self.made.grown(game.growth()))?;
        values.extend(self.yard.measure(&samples)?);
        if let Some(modes) = &self.modes {
            let points = points(&samples)?;
            values.push(("modes_reached", modes_reached(&points, modes)));
            values.push(("near_modes", mode_coverage(&points, modes).high_quality_fraction));
        }
        values.extend(self.judgement(game)?);
        let values: BTreeMap<String, f64> =
            values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(LogEntry { step: game.step(), images: game.images(), values })
    }

    /// What the discriminator says of samples that it was trained on, of others, and of what the generator makes; and how
    /// much of that is owed to their companions.
    fn judgement(&self, game: &Game) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let players = &game.players;
        let _frozen = (players.generator.net.params().freeze(), players.discriminator.net.params().freeze());
        let mut values = Vec::new();
        if self.mixes[0] {
            let pass = |at, n| self.made_by(players, at, n);
            values.extend(self.dependence(pass, self.made.count()?, None)?.map(|x| ("dependence_g", x)));
        }
        if !self.is_judged {
            return Ok(values);
        }
        let step = game.step();
        let count = self.trained.samples.dim(0)?.min(self.made.count()?);
        let condition = self.made.narrow(0, count)?.condition.read()?;
        let made = Batch { samples: self.made_by(players, 0, count)?, condition };
        let train = scores(players, &self.trained, Place::Real, step)?;
        let made = scores(players, &made, Place::Fake, step)?;
        values.push(("auc", auc(&train, &made)));
        values.extend([("score_train", mean(&train)), ("score_made", mean(&made))]);
        if let Some(unseen) = &self.unseen {
            values.push(("score_unseen", mean(&scores(players, unseen, Place::HeldOut, step)?)));
        }
        if self.mixes[1] {
            let all = [train, made].concat();
            let middle = mean(&all);
            let unit = (all.iter().map(|x| (x - middle).powi(2)).sum::<f64>() / all.len() as f64).sqrt();
            let pass = |at, n| {
                let some = Batch {
                    samples: self.trained.samples.narrow(0, at, n)?,
                    condition: self.trained.condition.narrow(at, n)?,
                };
                let said = scores(players, &some, Place::Real, step)?;
                Ok(Tensor::from_vec(said, (n, 1), &Device::Cpu)?)
            };
            let shown = self.trained.samples.dim(0)?;
            values.extend(self.dependence(pass, shown, Some(unit))?.map(|x| ("dependence_d", x)));
        }
        Ok(values)
    }

    /// Samples of the generator that plays, as it makes them in training.
    fn made_by(&self, players: &Players, at: usize, n: usize) -> Result<Tensor, TrainError> {
        let input = self.made.narrow(at, n)?;
        Ok(players.generate(&input.latents, &input.condition.read()?, LOOK)?.samples.detach())
    }

    /// How much the outcome for a sample changes with its companions in the batch: the root mean square difference between
    /// those of the same samples in two batches of otherwise other ones, in `unit`, or in √2 times the deviation over samples.
    fn dependence(
        &self,
        pass: impl Fn(usize, usize) -> Result<Tensor, TrainError>,
        count: usize,
        unit: Option<f64>,
    ) -> Result<Option<f64>, TrainError> {
        let half = (self.batch / 2).min(count / 3);
        if half == 0 {
            return Ok(None);
        }
        let groups = (count / (3 * half)).min(GROUPS);
        let (mut apart, mut outcomes, mut numbers) = (0.0, Vec::new(), 0);
        for group in 0..groups {
            let at = 3 * half * group;
            // [A, B] and [B, C].
            let (first, second) = (pass(at, 2 * half)?, pass(at + half, 2 * half)?);
            let (one, other) = (rows(&first.narrow(0, half, half)?)?, rows(&second.narrow(0, 0, half)?)?);
            let squares =
                one.iter().flatten().zip(other.iter().flatten()).map(|(x, y)| f64::from(x - y).powi(2));
            apart += squares.sum::<f64>();
            numbers += one.iter().map(Vec::len).sum::<usize>();
            outcomes.extend(rows(&first)?);
        }
        let apart = (apart / numbers.max(1) as f64).sqrt();
        let unit = unit.unwrap_or_else(|| std::f64::consts::SQRT_2 * deviation(&outcomes));
        Ok((unit > 0.0).then(|| apart / unit))
    }
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

/// One score of each sample, or of each pack: the mean over patches and heads.
fn scores(players: &Players, batch: &Batch, place: Place, step: u64) -> Result<Vec<f64>, TrainError> {
    let looks = players.augmentation.looks("monitor", step, "0");
    let said = players.view(&looks).at(place).look(&batch.packed(players.pack)?, LOOK)?.scores.detach();
    let said = if said.rank() > 1 { said.flatten_from(1)?.mean(1)? } else { said };
    Ok(said.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1::<f64>()?)
}

fn rows(samples: &Tensor) -> ganymede_tensor::Result<Vec<Vec<f32>>> {
    samples.flatten_from(1)?.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.to_vec2::<f32>()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The root mean square deviation of rows from their mean, a number.
fn deviation(rows: &[Vec<f32>]) -> f64 {
    let (n, dim) = (rows.len().max(1) as f64, rows.first().map_or(1, Vec::len));
    let column = |at: usize| {
        let middle = rows.iter().map(|row| f64::from(row[at])).sum::<f64>() / n;
        rows.iter().map(|row| (f64::from(row[at]) - middle).powi(2)).sum::<f64>() / n
    };
    ((0..dim).map(column).sum::<f64>() / dim as f64).sqrt()
}
