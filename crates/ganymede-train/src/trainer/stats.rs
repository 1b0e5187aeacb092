//! The numbers of one step, left on the device until somebody asks.

use ganymede_losses::{AdversarialLoss, Scores};
use ganymede_tensor::{DType, Result, Tensor};

use crate::record::LogEntry;

/// A penalty's mean value and mean gradient norm, when last due.
#[derive(Clone, Debug)]
pub(crate) struct HeldPenalty {
    pub(crate) value: Tensor,
    pub(crate) norm: Tensor,
}

/// Of the last discriminator update of a step.
#[derive(Debug)]
pub(crate) struct DiscriminatorStats {
    loss: Tensor,
    score_real: Tensor,
    score_fake: Tensor,
    grad_norm: Tensor,
    /// Shares of real and generated samples on their side of the border.
    accuracy: Option<(Tensor, Tensor)>,
}

impl DiscriminatorStats {
    pub(crate) fn new(
        kind: AdversarialLoss,
        loss: &Tensor,
        scores: Scores<'_>,
        grads: &[Tensor],
    ) -> Result<Self> {
        let (real, fake) = (scores.real.detach(), scores.fake.detach());
        let accuracy = match border(kind) {
            Some(at) => Some((share(&real.gt(at)?)?, share(&fake.lt(at)?)?)),
            None => None,
        };
        Ok(Self {
            loss: loss.detach(),
            score_real: real.mean_all()?,
            score_fake: fake.mean_all()?,
            grad_norm: global_norm(grads)?,
            accuracy,
        })
    }
}

/// The score at which the discriminator is undecided. Wasserstein and relativistic scores mean something
/// only by their differences.
fn border(loss: AdversarialLoss) -> Option<f64> {
    use AdversarialLoss as Loss;
    match loss {
        Loss::Minimax | Loss::NonSaturating | Loss::Hinge => Some(0.0),
        Loss::LeastSquares => Some(0.5),
        Loss::Wasserstein | Loss::RelativisticAverage | Loss::RelativisticPaired => None,
    }
}

fn share(mask: &Tensor) -> Result<Tensor> {
    mask.to_dtype(DType::F32)?.mean_all()
}

/// The Euclidean norm of all gradients as one vector.
pub(crate) fn global_norm(grads: &[Tensor]) -> Result<Tensor> {
    let squares = grads.iter().map(|g| g.sqr()?.sum_all()).collect::<Result<Vec<_>>>()?;
    Tensor::stack(&squares, 0)?.sum_all()?.sqrt()
}

/// Of a whole step.
#[derive(Debug)]
pub(crate) struct StepStats {
    pub(crate) discriminator: DiscriminatorStats,
    pub(crate) loss_g: Tensor,
    pub(crate) grad_norm_g: Tensor,
    pub(crate) penalties: Vec<HeldPenalty>,
    pub(crate) lr_factor: f64,
}

impl StepStats {
    /// Reads everything back, in one transfer.
    pub(crate) fn read(&self, step: u64, images: u64) -> Result<LogEntry> {
        let d = &self.discriminator;
        let mut tensors =
            vec![&d.loss, &self.loss_g, &d.score_real, &d.score_fake, &d.grad_norm, &self.grad_norm_g];
        if let Some((real, fake)) = &d.accuracy {
            tensors.extend([real, fake]);
        }
        let first_penalty = tensors.len();
        tensors.extend(self.penalties.iter().flat_map(|held| [&held.value, &held.norm]));
        let values = Tensor::stack(&tensors, 0)?.to_vec1::<f32>()?;
        let at = |i: usize| f64::from(values[i]);
        let penalties = &values[first_penalty..];
        let sum: f64 = penalties.iter().step_by(2).map(|x| f64::from(*x)).sum();
        Ok(LogEntry {
            step,
            images,
            loss_d: at(0),
            loss_g: at(1),
            penalty: (!penalties.is_empty()).then_some(sum),
            penalty_norm: penalties.get(1).map(|x| f64::from(*x)),
            score_real: at(2),
            score_fake: at(3),
            accuracy_real: d.accuracy.is_some().then(|| at(6)),
            accuracy_fake: d.accuracy.is_some().then(|| at(7)),
            grad_norm_d: at(4),
            grad_norm_g: at(5),
            lr_factor: self.lr_factor,
        })
    }
}
