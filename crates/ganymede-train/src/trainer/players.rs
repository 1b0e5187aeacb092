//! The two players of a game: what an update of either is drawn from, and how it is made. Their losses are in `fields`.

use ganymede_models::Growth;
use ganymede_tensor::{DType, Graph, Params};

use super::adversarial::Adversarial;
use super::augment::Augmentation;
use super::critic_updates::CriticUpdates;
use super::draws::{DiscriminatorDraws, GeneratorDraws, Source};
use super::inspector::Inspector;
use super::measurements::Measurements;
use super::player::{DiscriminatorPlayer, Field, GeneratorPlayer};
use super::terms::Part;
use super::view::Batch;
use crate::error::TrainError;

/// Both players, where their draws come from, and the loss that they play for.
pub(crate) struct Players {
    pub(crate) generator: GeneratorPlayer,
    pub(crate) discriminator: DiscriminatorPlayer,
    pub(crate) source: Source,
    pub(crate) augmentation: Augmentation,
    pub(crate) adversarial: Adversarial,
    /// Discriminator updates for each generator update.
    pub(crate) critic: CriticUpdates,
    /// Parts that a batch is taken in, one after the other.
    pub(crate) parts: usize,
    /// Samples that the discriminator judges together.
    pub(crate) pack: usize,
    /// How far both have grown.
    pub(crate) growth: Growth,
    /// Who looks for values that are none, where steps are played again for that.
    pub(crate) inspector: Option<Inspector>,
}

impl Players {
    /// Draws for a discriminator update, number `i` of a step, for each part of the batch.
    pub(crate) fn draw_discriminator_parts(
        &mut self,
        step: u64,
        i: u64,
    ) -> Result<Vec<DiscriminatorDraws>, TrainError> {
        (0..self.parts).map(|part| self.draw_discriminator_part(step, i, part)).collect()
    }

    /// Draws for a discriminator update of the whole batch at once.
    pub(crate) fn draw_discriminator(&mut self, step: u64, i: u64) -> Result<DiscriminatorDraws, TrainError> {
        self.draw_discriminator_part(step, i, 0)
    }

    fn draw_discriminator_part(
        &mut self,
        step: u64,
        i: u64,
        part: usize,
    ) -> Result<DiscriminatorDraws, TrainError> {
        let update = self.critic.number(step, i);
        let terms = self.discriminator.learner.terms.count();
        let looks = self.augmentation.looks("discriminator", step, &name_of(update, part));
        self.source.for_discriminator(self.generator.net.as_ref(), (step, update), (terms, part), looks)
    }

    /// Draws for the generator update of a step, for each part of the batch, of which these are the real samples.
    pub(crate) fn draw_generator_parts(
        &mut self,
        step: u64,
        real: Vec<Batch>,
    ) -> Result<Vec<GeneratorDraws>, TrainError> {
        let count = self.source.batch();
        let parts = real.into_iter().enumerate();
        parts.map(|(part, real)| self.draw_samples(step, (count, part), real)).collect()
    }

    /// Draws for the generator update of a step.
    pub(crate) fn draw_generator(&mut self, step: u64, real: Batch) -> Result<GeneratorDraws, TrainError> {
        self.draw_samples(step, (self.source.batch(), 0), real)
    }

    fn draw_samples(
        &mut self,
        step: u64,
        (count, part): (usize, usize),
        real: Batch,
    ) -> Result<GeneratorDraws, TrainError> {
        let terms = self.generator.learner.terms.count();
        let looks = self.augmentation.looks("generator", step, &name_of(step, part));
        self.source.for_generator(self.generator.net.as_ref(), (step, part), (count, terms), real, looks)
    }

    /// The discriminator's field on a batch that was drawn in parts.
    pub(crate) fn discriminator_field_of(
        &self,
        draws: &[DiscriminatorDraws],
        part: Part,
        measure: bool,
    ) -> Result<Field, TrainError> {
        let fields = draws.iter().map(|draws| self.discriminator_field(draws, part, Graph::Discard, measure));
        Ok(Field::mean(fields.collect::<Result<_, _>>()?)?)
    }

    /// The generator's, likewise.
    pub(crate) fn generator_field_of(
        &self,
        draws: &[GeneratorDraws],
        part: Part,
        measure: bool,
    ) -> Result<Field, TrainError> {
        let fields = draws.iter().map(|draws| self.generator_field(draws, part, Graph::Discard, measure));
        Ok(Field::mean(fields.collect::<Result<_, _>>()?)?)
    }

    /// Makes an update of the discriminator, after which the augmentation may be another.
    pub(crate) fn apply_discriminator(
        &mut self,
        draws: &[DiscriminatorDraws],
        field: Field,
    ) -> Result<Measurements, TrainError> {
        if let Some(seen) = &field.seen {
            let images = draws.iter().map(|draws| draws.real.samples.dim(0)).sum::<Result<usize, _>>()?;
            self.augmentation.advance(draws[0].step, seen, images as u64)?;
        }
        self.discriminator.learner.apply(field)
    }

    /// The update of the discriminator's terms that have one of their own beside that of the adversarial loss, where one is
    /// due: on the same real samples.
    pub(crate) fn regularise_discriminator(
        &mut self,
        draws: &[DiscriminatorDraws],
    ) -> Result<(), TrainError> {
        if self.discriminator.learner.terms.has_own(draws[0].update) {
            let field = self.discriminator_field_of(draws, Part::Own, false)?;
            self.discriminator.learner.apply(field)?;
        }
        Ok(())
    }

    /// Likewise of the generator, on samples of its own.
    pub(crate) fn regularise_generator(&mut self, step: u64, real: Vec<Batch>) -> Result<(), TrainError> {
        let terms = &self.generator.learner.terms;
        if terms.has_own(step) {
            let count = self.source.batch().div_ceil(terms.shrink());
            let parts = real.into_iter().enumerate();
            let draws = parts.map(|(part, real)| self.draw_samples(step, (count, part), real));
            let draws = draws.collect::<Result<Vec<_>, _>>()?;
            let field = self.generator_field_of(&draws, Part::Own, false)?;
            self.generator.learner.apply(field)?;
        }
        Ok(())
    }

    /// The mean of a field's adversarial loss, where the number of updates depends on it.
    pub(crate) fn watched(&self, field: &Field) -> ganymede_tensor::Result<Option<f64>> {
        let loss = field.loss.as_ref().filter(|_| self.critic.watches());
        loss.map(|loss| loss.to_dtype(DType::F64)?.to_scalar()).transpose()
    }

    /// Those of the generator and of the discriminator.
    pub(crate) fn params(&self) -> [&Params; 2] {
        [self.generator.net.params(), self.discriminator.net.params()]
    }
}

/// The name of an update's part: the first one's is the update's.
fn name_of(update: u64, part: usize) -> String {
    if part == 0 { update.to_string() } else { format!("{update}/{part}") }
}
