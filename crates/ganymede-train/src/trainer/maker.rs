//! The generator as terms of either player's loss see it that make samples of their own.

use ganymede_models::{Condition, Generated, Generator, GeneratorInput, Growth, Latents, Mode};
use ganymede_tensor::{Result, Tensor};

use super::view::{Batch, LOOK};

/// Generated samples, and what they were made from.
pub(crate) struct Fakes<'a> {
    pub(crate) batch: Batch,
    pub(crate) latents: &'a Latents,
}

/// What the generated samples of an update were made with.
#[derive(Clone, Copy)]
pub(crate) struct Maker<'a> {
    pub(crate) generator: &'a dyn Generator,
    pub(crate) latents: &'a Latents,
    /// One for each sample, before these are packed.
    pub(crate) condition: &'a Condition,
    pub(crate) growth: Growth,
    /// Samples that the discriminator judges together.
    pub(crate) pack: usize,
}

impl Maker<'_> {
    /// Samples from other latents, under the same condition.
    pub(crate) fn make(&self, latents: &Latents, mode: Mode) -> Result<Generated> {
        let input = GeneratorInput { latents, condition: self.condition, growth: self.growth };
        self.generator.forward(input, mode)
    }

    /// Likewise beside samples that are given: with a graph to the generator's weights only if they have one.
    pub(crate) fn make_as(&self, given: &Tensor, latents: &Latents) -> Result<Tensor> {
        if given.track_op() {
            return Ok(self.make(latents, LOOK)?.samples);
        }
        let _frozen = self.generator.params().freeze();
        Ok(self.make(latents, LOOK)?.samples.detach())
    }
}
