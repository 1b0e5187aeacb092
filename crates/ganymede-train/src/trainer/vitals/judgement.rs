//! What the discriminator says of samples, and how much of that is owed to their companions in the batch.

use ganymede_tensor::{DType, Device, Result as TensorResult, Tensor};

use super::yard::auc;
use super::{Named, Vitals, named};
use crate::error::TrainError;
use crate::trainer::augment::Place;
use crate::trainer::game::Game;
use crate::trainer::players::Players;
use crate::trainer::view::{Batch, LOOK};

/// Batches in which a sample's companions are changed, at the most.
const GROUPS: usize = 8;

impl Vitals {
    /// What the discriminator says of samples that it was trained on, of others, and of what the generator makes; and how
    /// much of that is owed to their companions.
    pub(super) fn judgement(&self, game: &Game) -> Result<Named, TrainError> {
        let players = &game.players;
        let _frozen = (players.generator.net.params().freeze(), players.discriminator.net.params().freeze());
        let mut values = Vec::new();
        if self.mixes[0] {
            let pass = |at, n| self.made_by(players, at, n);
            values.extend(self.dependence(pass, self.made.count()?, None)?.map(|x| ("dependence_g", x)));
        }
        if !self.is_judged {
            return Ok(named(values));
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
        Ok(named(values))
    }

    /// Samples of the generator that plays, as it makes them in training.
    pub(super) fn made_by(&self, players: &Players, at: usize, n: usize) -> Result<Tensor, TrainError> {
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

/// One score of each sample, or of each pack: the mean over patches and heads.
pub(super) fn scores(
    players: &Players,
    batch: &Batch,
    place: Place,
    step: u64,
) -> Result<Vec<f64>, TrainError> {
    let looks = players.augmentation.looks("monitor", step, "0");
    let said = players.view(&looks).at(place).look(&batch.packed(players.pack)?, LOOK)?.scores.detach();
    let said = if said.rank() > 1 { said.flatten_from(1)?.mean(1)? } else { said };
    Ok(said.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1::<f64>()?)
}

fn rows(samples: &Tensor) -> TensorResult<Vec<Vec<f32>>> {
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
