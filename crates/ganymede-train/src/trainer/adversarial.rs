//! The adversarial loss of both players: of the scores of one discriminator or of several, or of features.

use ganymede_losses::gman::Aggregate;
use ganymede_losses::{FeatureLoss, Features, LabelSmoothing, Scores, top_k};
use ganymede_models::Critique;
use ganymede_tensor::{Rng, Tensor};

use crate::config::{Course, LossConfig, Run};
use crate::error::TrainError;

/// The loss that both play for.
pub(crate) struct Adversarial {
    pub(crate) loss: LossConfig,
    smoothing: LabelSmoothing,
    /// What the generator makes of the losses of several discriminators, and how many there are.
    aggregate: Aggregate,
    members: usize,
    /// The share of its samples that the generator learns from.
    top_k: Course,
}

impl Adversarial {
    pub(crate) fn new(run: &Run) -> Self {
        Self {
            loss: run.loss.clone(),
            smoothing: run.smoothing,
            aggregate: run.aggregate,
            members: run.discriminator.traits().members,
            top_k: run.top_k.clone(),
        }
    }

    /// What the discriminator minimises: the mean over the batch, and over the members. `noise` is what a loss draws from.
    pub(crate) fn discriminator(&self, scores: Scores<'_>, noise: &Rng) -> Result<Tensor, TrainError> {
        match &self.loss {
            LossConfig::OfScores(loss) => Ok(loss.discriminator(scores, self.smoothing)?.mean_all()?),
            LossConfig::OfFeatures(loss) => {
                let noise = &mut noise.clone();
                let losses =
                    self.of_each(scores, |features| Ok(loss.critic(features, noise)?.mean_all()?))?;
                Ok(losses.mean(0)?)
            }
        }
    }

    /// What the generator minimises in a step, likewise.
    pub(crate) fn generator(&self, scores: Scores<'_>, step: u64, noise: &Rng) -> Result<Tensor, TrainError> {
        let loss = match &self.loss {
            LossConfig::OfFeatures(loss) => {
                let noise = &mut noise.clone();
                let losses =
                    self.of_each(scores, |features| Ok(loss.generator(features, noise)?.mean_all()?))?;
                return Ok(self.aggregate.of(&losses)?);
            }
            LossConfig::OfScores(loss) => loss,
        };
        let share = self.top_k.at(step);
        let mean = |Features { real, fake }: Features<'_>| -> Result<Tensor, TrainError> {
            let losses = loss.generator(Scores { real, fake })?;
            match share < 1.0 {
                true => {
                    let n = fake.dim(0)?;
                    let k = ((share * n as f64).ceil() as usize).clamp(1, n);
                    Ok((losses * top_k::weights(fake, k)?)?.mean_all()?)
                }
                false => Ok(losses.mean_all()?),
            }
        };
        if self.aggregate == Aggregate::Mean {
            return mean(Features { real: scores.real, fake: scores.fake });
        }
        Ok(self.aggregate.of(&self.of_each(scores, mean)?)?)
    }

    /// What stands for the score of samples of which the discriminator says `said`, beside what it says of a batch: `said`
    /// itself, or of features their witness, one of each member; nothing where there is none.
    pub(crate) fn score(
        &self,
        said: &Tensor,
        batch: Scores<'_>,
        noise: &Rng,
    ) -> Result<Option<Tensor>, TrainError> {
        let loss = match &self.loss {
            LossConfig::OfFeatures(loss) if loss.has_witness() => loss,
            LossConfig::OfFeatures(_) => return Ok(None),
            LossConfig::OfScores(_) => return Ok(Some(said.clone())),
        };
        self.witness(loss, said, batch, &mut noise.clone()).map(Some)
    }

    fn witness(
        &self,
        loss: &FeatureLoss,
        said: &Tensor,
        batch: Scores<'_>,
        noise: &mut Rng,
    ) -> Result<Tensor, TrainError> {
        let of_one = |i: usize| -> Result<Tensor, TrainError> {
            let [at, real, fake] = [said, batch.real, batch.fake].map(|scores| self.columns(scores, i));
            let features = Features { real: &real?, fake: &fake? };
            let missing = || ganymede_tensor::Error::msg(format!("`{loss}` has no witness"));
            Ok(loss.witness(&at?, features, noise)?.ok_or_else(missing)?)
        };
        let each = (0..self.members).map(of_one).collect::<Result<Vec<_>, TrainError>>()?;
        Ok(Tensor::stack(&each, 1)?)
    }

    /// Means over the batch, one of each member.
    fn of_each(
        &self,
        scores: Scores<'_>,
        mut mean: impl FnMut(Features<'_>) -> Result<Tensor, TrainError>,
    ) -> Result<Tensor, TrainError> {
        let mut losses = Vec::new();
        for i in 0..self.members {
            let (real, fake) = (self.columns(scores.real, i)?, self.columns(scores.fake, i)?);
            losses.push(mean(Features { real: &real, fake: &fake })?);
        }
        Ok(Tensor::stack(&losses, 0)?)
    }

    /// What one member says: its columns of what all of them say side by side.
    fn columns(&self, scores: &Tensor, member: usize) -> ganymede_tensor::Result<Tensor> {
        if self.members == 1 {
            return Ok(scores.clone());
        }
        let each = scores.dim(1)? / self.members;
        scores.narrow(1, member * each, each)
    }
}

/// What was said of both sides of a batch.
pub(crate) fn scores_of<'a>(real: &'a Critique, fake: &'a Critique) -> Scores<'a> {
    Scores { real: &real.scores, fake: &fake.scores }
}
