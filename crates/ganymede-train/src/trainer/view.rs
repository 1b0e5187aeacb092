//! The discriminator as losses and terms see it.

use ganymede_augment::apa;
use ganymede_models::{Condition, Critique, Discriminator, DiscriminatorInput, Growth, Mode, pack_samples};
use ganymede_tensor::{Result, Tensor, bail};

use super::augment::{Looks, Place};

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

    /// With samples of another batch, and what they are said to be, in the place of some.
    pub(crate) fn replaced(&self, other: &Self, which: &[bool]) -> Result<Self> {
        let mix = |ours: &Tensor, theirs: &Tensor| apa::replace(ours, theirs, which);
        let condition = match (&self.condition, &other.condition) {
            (Condition::None, Condition::None) => Condition::None,
            (Condition::Classes(ours), Condition::Classes(theirs)) => Condition::Classes(mix(ours, theirs)?),
            (Condition::Vectors(ours), Condition::Vectors(theirs)) => Condition::Vectors(mix(ours, theirs)?),
            (ours, theirs) => bail!("samples of {ours:?} cannot be replaced by samples of {theirs:?}"),
        };
        Ok(Self { samples: mix(&self.samples, &other.samples)?, condition })
    }
}

/// The one place where a discriminator is shown samples in training, so that whatever is done to all samples is done
/// to all of them alike.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    discriminator: &'a dyn Discriminator,
    growth: Growth,
    looks: &'a Looks,
    place: Place,
}

impl<'a> View<'a> {
    pub(crate) fn new(discriminator: &'a dyn Discriminator, growth: Growth, looks: &'a Looks) -> Self {
        Self { discriminator, growth, looks, place: Place::Real }
    }

    /// From another place: samples are changed by draws of its own.
    pub(crate) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// Whether samples are shown as they are.
    pub(crate) fn is_plain(&self) -> bool {
        self.looks.is_plain()
    }

    /// What the discriminator says of a batch.
    pub(crate) fn look(&self, batch: &Batch, mode: Mode) -> Result<Critique> {
        self.look_at(&batch.samples, &batch.condition, mode)
    }

    /// What it says of other samples under a condition. They come as they are, and are augmented here, so that a gradient in
    /// them passes through the augmentation.
    pub(crate) fn look_at(&self, samples: &Tensor, condition: &Condition, mode: Mode) -> Result<Critique> {
        let samples = &self.looks.change(samples, self.place)?;
        let input = DiscriminatorInput { samples, condition, growth: self.growth };
        self.discriminator.forward(input, mode)
    }
}
