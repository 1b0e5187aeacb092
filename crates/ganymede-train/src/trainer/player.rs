//! One player: its network, its update rule, and what its loss has besides the adversarial part.

use ganymede_losses::clip_weights;
use ganymede_models::{Discriminator, Generator};
use ganymede_tensor::{Moments, Optimizer, OptimizerConfig, Params, Tensor};

use super::measurements::{Measurements, global_norm};
use super::terms::{Given, Terms};
use crate::config::Scheduled;
use crate::error::TrainError;

/// Beside the norm of a gradient that is clipped, in parts of the bound: a norm of 0 is none to divide by.
const NORM_EPS: f64 = 1e-6;

/// A network that learns.
pub(crate) struct Player<N: ?Sized> {
    pub(crate) net: Box<N>,
    pub(crate) learner: Learner,
}

/// The generator's player.
pub(crate) type GeneratorPlayer = Player<dyn Generator>;
/// The discriminator's player.
pub(crate) type DiscriminatorPlayer = Player<dyn Discriminator>;

/// How a network's parameters move.
pub(crate) struct Learner {
    params: Params,
    pub(crate) optimizer: Optimizer,
    rule: Scheduled<OptimizerConfig>,
    pub(crate) terms: Terms,
    /// The bound of weight clipping.
    clip: Option<f64>,
    /// The most that the gradient's norm may be.
    clip_norm: Option<f64>,
    /// The numbers of the parameters that move.
    moving: Vec<usize>,
    /// Whether somebody wants to see the gradients of the next updates, and those of the last one.
    keeps: bool,
    kept: Option<Vec<Tensor>>,
}

/// Where a player's loss falls at one point of the game, and what was seen there. Making one moves nothing.
pub(crate) struct Field {
    /// The gradient in each parameter.
    pub(crate) gradients: Vec<Tensor>,
    /// The buffers as the passes of this update leave them.
    pub(crate) buffers: Vec<Tensor>,
    /// The mean of the adversarial loss; nothing where the terms are on their own.
    pub(crate) loss: Option<Tensor>,
    /// What the terms gave.
    pub(crate) given: Given,
    /// What was measured, if it was asked for.
    pub(crate) measured: Measurements,
    /// What a controller of augmentation saw, in the discriminator's field where there is one.
    pub(crate) seen: Option<Tensor>,
}

impl Field {
    /// The field of a batch out of those of its parts, which are of one size.
    pub(crate) fn mean(mut parts: Vec<Self>) -> ganymede_tensor::Result<Self> {
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        let over = |of: &dyn Fn(&Self) -> Vec<Tensor>| {
            let lists: Vec<Vec<Tensor>> = parts.iter().map(of).collect();
            (0..lists[0].len()).map(|i| mean(lists.iter().map(|list| &list[i]))).collect::<Result<_, _>>()
        };
        let (gradients, buffers) =
            (over(&|part| part.gradients.clone())?, over(&|part| part.buffers.clone())?);
        let optional = |of: fn(&Self) -> Option<&Tensor>| {
            let all: Option<Vec<&Tensor>> = parts.iter().map(of).collect();
            all.map(|all| mean(all.into_iter())).transpose()
        };
        let (loss, seen) = (optional(|part| part.loss.as_ref())?, optional(|part| part.seen.as_ref())?);
        let given = (0..parts[0].given.len()).map(|i| {
            let of_term: Option<Vec<Measurements>> = parts.iter().map(|part| part.given[i].clone()).collect();
            of_term.map(|of_term| Measurements::mean(&of_term)).transpose()
        });
        let given = given.collect::<Result<_, _>>()?;
        let measured: Vec<Measurements> = parts.iter().map(|part| part.measured.clone()).collect();
        Ok(Self { gradients, buffers, loss, given, measured: Measurements::mean(&measured)?, seen })
    }
}

/// Counts, which are the same in all, stay what they are.
fn mean<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> ganymede_tensor::Result<Tensor> {
    let tensors: Vec<&Tensor> = tensors.collect();
    if !tensors[0].dtype().is_float() {
        return Ok(tensors[0].clone());
    }
    Tensor::stack(&tensors, 0)?.mean(0)
}

impl Learner {
    pub(crate) fn new(
        params: &Params,
        rule: &Scheduled<OptimizerConfig>,
        terms: Terms,
        (clip, clip_norm): (Option<f64>, Option<f64>),
        frozen: &[String],
    ) -> Result<Self, TrainError> {
        let all = params.params();
        let moving: Vec<usize> =
            (0..all.len()).filter(|&i| !frozen.iter().any(|name| name == all[i].name())).collect();
        let rule_0 = rule.at(0).shared_with(terms.share_of_loss());
        let optimizer = Optimizer::new(rule_0, moving.iter().map(|&i| all[i].clone()).collect())?;
        Ok(Self {
            params: params.clone(),
            optimizer,
            rule: rule.clone(),
            terms,
            clip,
            clip_norm,
            moving,
            keeps: false,
            kept: None,
        })
    }

    /// The update rule of a step, with the learning rate times `factor`; where it is `renewed`, without a memory of the
    /// steps before.
    pub(crate) fn prepare(&mut self, step: u64, factor: f64, renewed: bool) -> Result<(), TrainError> {
        if renewed {
            self.optimizer = Optimizer::new(self.optimizer.config(), self.optimizer.params().to_vec())?;
        }
        let rule = self.rule.at(step).shared_with(self.terms.share_of_loss());
        let lr = rule.lr() * factor;
        if !self.rule.is_fixed() {
            self.optimizer.configure(rule).map_err(ganymede_tensor::Error::wrap)?;
        }
        self.optimizer.set_lr(lr);
        Ok(())
    }

    /// Where an update by gradients takes values of the parameters and moments: a function that can be differentiated.
    pub(crate) fn propose(
        &self,
        values: &[Tensor],
        gradients: &[Tensor],
        moments: &Moments,
    ) -> Result<(Vec<Tensor>, Moments), TrainError> {
        self.propose_by(&self.optimizer, values, gradients, moments)
    }

    fn propose_by(
        &self,
        optimizer: &Optimizer,
        values: &[Tensor],
        gradients: &[Tensor],
        moments: &Moments,
    ) -> Result<(Vec<Tensor>, Moments), TrainError> {
        let moving: Vec<Tensor> = self.moving.iter().map(|&i| values[i].clone()).collect();
        let (there, moments) = optimizer.propose(&moving, &self.clipped(gradients)?, moments)?;
        let mut all = values.to_vec();
        for (&i, value) in self.moving.iter().zip(there) {
            all[i] = value;
        }
        if let Some(bound) = self.clip {
            all = all.iter().map(|value| value.clamp(-bound, bound)).collect::<Result<_, _>>()?;
        }
        Ok((all, moments))
    }

    /// Where so many updates by the run's first rule lead from `values`, each by the gradient that `field` gives for the
    /// values before it and its number: a learner without a past, whatever is left of the rate. Nothing moves.
    pub(super) fn respond(
        &self,
        mut values: Vec<Tensor>,
        updates: u64,
        mut field: impl FnMut(u64, &[Tensor]) -> Result<Vec<Tensor>, TrainError>,
    ) -> Result<Vec<Tensor>, TrainError> {
        let rule = self.rule.at(0).shared_with(self.terms.share_of_loss());
        let optimizer = Optimizer::new(rule, self.optimizer.params().to_vec())?;
        let mut moments = optimizer.moments()?;
        for update in 0..updates {
            let gradients = field(update, &values)?;
            let (there, then) = self.propose_by(&optimizer, &values, &gradients, &moments)?;
            values = there.iter().map(Tensor::detach).collect();
            moments = then.detach();
        }
        Ok(values)
    }

    /// From now on keeps the gradients of the last update for the adversarial loss, or does no longer; those of the step
    /// before are forgotten.
    pub(super) fn keep_gradients(&mut self, keeps: bool) {
        self.keeps = keeps;
        self.kept = None;
    }

    /// These gradients, one for each parameter.
    pub(super) fn gradients(&self) -> Option<&[Tensor]> {
        self.kept.as_deref()
    }

    /// The gradients of the parameters that move, of a norm no larger than may be.
    fn clipped(&self, gradients: &[Tensor]) -> ganymede_tensor::Result<Vec<Tensor>> {
        let moving: Vec<Tensor> = self.moving.iter().map(|&i| gradients[i].clone()).collect();
        let Some(most) = self.clip_norm.filter(|_| !moving.is_empty()) else { return Ok(moving) };
        let factor = (global_norm(&moving)?.affine(1.0 / most, NORM_EPS)?.recip()?).minimum(1.0)?;
        moving.iter().map(|gradient| gradient.broadcast_mul(&factor)).collect()
    }

    /// Moves the parameters to where an update by these gradients would take them, and says where they were. The update rule
    /// remembers nothing of it.
    pub(crate) fn look_ahead(&self, gradients: &[Tensor]) -> Result<Vec<Tensor>, TrainError> {
        let before = self.params.snapshot()?;
        let (there, _) = self.propose(&before, gradients, &self.optimizer.moments()?)?;
        self.params.restore(&there)?;
        Ok(before)
    }

    /// Takes back [`Learner::look_ahead`].
    pub(crate) fn come_back(&self, before: &[Tensor]) -> Result<(), TrainError> {
        Ok(self.params.restore(before)?)
    }

    /// Makes an update.
    pub(crate) fn apply(&mut self, field: Field) -> Result<Measurements, TrainError> {
        set_buffers(&self.params, &field.buffers)?;
        if self.keeps && field.loss.is_some() {
            self.kept = Some(field.gradients.clone());
        }
        self.optimizer.step(&self.clipped(&field.gradients)?)?;
        if let Some(bound) = self.clip {
            clip_weights(&self.params, bound)?;
        }
        self.terms.advance(field.given)?;
        Ok(field.measured)
    }

    /// Runs passes that move the network's buffers, moves them back, and says where they were.
    pub(crate) fn in_place<T>(
        &self,
        passes: impl FnOnce() -> Result<T, TrainError>,
    ) -> Result<(T, Vec<Tensor>), TrainError> {
        let before = buffers(&self.params);
        let result = passes();
        let after = buffers(&self.params);
        set_buffers(&self.params, &before)?;
        Ok((result?, after))
    }
}

fn buffers(params: &Params) -> Vec<Tensor> {
    params.buffers().iter().map(|buffer| buffer.get()).collect()
}

fn set_buffers(params: &Params, values: &[Tensor]) -> ganymede_tensor::Result<()> {
    params.buffers().iter().zip(values).try_for_each(|(buffer, value)| buffer.set(value))
}
