//! The discriminator as losses and terms see it.

use ganymede_models::{Condition, Critique, Discriminator, DiscriminatorInput, Growth, Mode, pack_samples};
use ganymede_tensor::{Result, Tensor};

/// A pass that trains and moves running statistics and spectral vectors on.
pub(crate) const TRAIN: Mode = Mode::Train { update_stats: true };
/// A pass that trains the other player, or only penalises: it counts no batch twice.
pub(crate) const LOOK: Mode = Mode::Train { update_stats: false };

/// Samples, and what they are said to be.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) samples: Tensor,
    pub(crate) condition: Condition,
}

impl Batch {
    /// As a discriminator sees it that judges `pack` samples together, of which nothing is known besides.
    pub(crate) fn packed(&self, pack: usize) -> Result<Self> {
        match pack {
            1 => Ok(self.clone()),
            _ => Ok(Self { samples: pack_samples(&self.samples, pack)?, condition: Condition::None }),
        }
    }
}

/// The one place where a discriminator is shown samples in training, so that whatever is done to all samples is done
/// to all of them alike.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    discriminator: &'a dyn Discriminator,
    growth: Growth,
}

impl<'a> View<'a> {
    pub(crate) fn new(discriminator: &'a dyn Discriminator) -> Self {
        Self { discriminator, growth: Growth::FULL }
    }

    /// What the discriminator says of a batch.
    pub(crate) fn look(&self, batch: &Batch, mode: Mode) -> Result<Critique> {
        self.look_at(&batch.samples, &batch.condition, mode)
    }

    /// What it says of other samples under a condition.
    pub(crate) fn look_at(&self, samples: &Tensor, condition: &Condition, mode: Mode) -> Result<Critique> {
        let input = DiscriminatorInput { samples, condition, growth: self.growth };
        self.discriminator.forward(input, mode)
    }
}
