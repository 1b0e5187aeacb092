//! One player: its network, its update rule, and what its loss has besides the adversarial part.

use ganymede_losses::clip_weights;
use ganymede_models::{Discriminator, Generator};
use ganymede_tensor::{Optimizer, OptimizerConfig, Params, Tensor};

use super::measurements::Measurements;
use super::terms::{Given, Terms};
use crate::config::Scheduled;
use crate::error::TrainError;

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
    /// The numbers of the parameters that move.
    moving: Vec<usize>,
}

/// Where a player's loss falls at one point of the game, and what was seen there. Making one moves nothing.
pub(crate) struct Field {
    /// The gradient in each parameter.
    pub(crate) gradients: Vec<Tensor>,
    /// The buffers as the passes of this update leave them.
    pub(crate) buffers: Vec<Tensor>,
    /// What the terms gave.
    pub(crate) given: Given,
    /// What was measured, if it was asked for.
    pub(crate) measured: Measurements,
    /// What a controller of augmentation saw, in the discriminator's field where there is one.
    pub(crate) seen: Option<Tensor>,
}

impl Learner {
    pub(crate) fn new(
        params: &Params,
        rule: &Scheduled<OptimizerConfig>,
        terms: Terms,
        clip: Option<f64>,
        frozen: &[String],
    ) -> Result<Self, TrainError> {
        let all = params.params();
        let moving: Vec<usize> =
            (0..all.len()).filter(|&i| !frozen.iter().any(|name| name == all[i].name())).collect();
        let rule_0 = rule.at(0).shared_with(terms.share_of_loss());
        let optimizer = Optimizer::new(rule_0, moving.iter().map(|&i| all[i].clone()).collect())?;
        Ok(Self { params: params.clone(), optimizer, rule: rule.clone(), terms, clip, moving })
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

    /// Moves the parameters to where an update by these gradients would take them, and says where they were. The update rule
    /// remembers nothing of it.
    pub(crate) fn look_ahead(&self, field: &Field) -> Result<Vec<Tensor>, TrainError> {
        let before = self.params.snapshot()?;
        let moving: Vec<Tensor> = self.moving.iter().map(|&i| before[i].clone()).collect();
        let gradients: Vec<Tensor> = self.moving.iter().map(|&i| field.gradients[i].clone()).collect();
        let (there, _) = self.optimizer.propose(&moving, &gradients, &self.optimizer.moments()?)?;
        for (param, value) in self.optimizer.params().iter().zip(&there) {
            param.set(value)?;
        }
        if let Some(bound) = self.clip {
            clip_weights(&self.params, bound)?;
        }
        Ok(before)
    }

    /// Takes back [`Learner::look_ahead`].
    pub(crate) fn come_back(&self, before: &[Tensor]) -> Result<(), TrainError> {
        Ok(self.params.restore(before)?)
    }

    /// Makes an update.
    pub(crate) fn apply(&mut self, field: Field) -> Result<Measurements, TrainError> {
        set_buffers(&self.params, &field.buffers)?;
        let gradients: Vec<Tensor> = self.moving.iter().map(|&i| field.gradients[i].clone()).collect();
        self.optimizer.step(&gradients)?;
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
