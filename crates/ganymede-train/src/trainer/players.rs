//! The two players of a game at one point of it, and the fields of their losses there.

use ganymede_losses::{AdversarialLoss, LabelSmoothing, Scores};
use ganymede_models::{Generated, GeneratorInput, Growth, Mode, pack_samples};
use ganymede_tensor::{DType, Graph, Params, Tensor, grad};

use super::augment::{Augmentation, Place, undecided};
use super::draws::{DiscriminatorDraws, GeneratorDraws, Source};
use super::measurements::{Measurements, global_norm};
use super::player::{DiscriminatorPlayer, Field, GeneratorPlayer};
use super::terms::{At, Part};
use super::view::{Batch, LOOK, TRAIN, View};
use crate::error::TrainError;

/// Both players, where their draws come from, and the loss that they play for.
pub(crate) struct Players {
    pub(crate) generator: GeneratorPlayer,
    pub(crate) discriminator: DiscriminatorPlayer,
    pub(crate) source: Source,
    pub(crate) augmentation: Augmentation,
    pub(crate) loss: AdversarialLoss,
    pub(crate) smoothing: LabelSmoothing,
    /// Discriminator updates for each generator update.
    pub(crate) n_critic: u64,
    /// Samples that the discriminator judges together.
    pub(crate) pack: usize,
    /// How far both have grown.
    pub(crate) growth: Growth,
}

impl Players {
    /// Draws for a discriminator update, number `i` of a step.
    pub(crate) fn draw_discriminator(&mut self, step: u64, i: u64) -> Result<DiscriminatorDraws, TrainError> {
        let update = step * self.n_critic + i;
        let terms = self.discriminator.learner.terms.count();
        let looks = self.augmentation.looks("discriminator", step, update);
        self.source.for_discriminator(self.generator.net.as_ref(), (step, update), terms, looks)
    }

    /// Draws for the generator update of a step.
    pub(crate) fn draw_generator(&mut self, step: u64, real: Batch) -> Result<GeneratorDraws, TrainError> {
        self.draw_samples(step, self.source.batch(), real)
    }

    fn draw_samples(&mut self, step: u64, count: usize, real: Batch) -> Result<GeneratorDraws, TrainError> {
        let terms = self.generator.learner.terms.count();
        let looks = self.augmentation.looks("generator", step, step);
        self.source.for_generator(self.generator.net.as_ref(), step, (count, terms), real, looks)
    }

    /// Makes an update of the discriminator, after which the augmentation may be another.
    pub(crate) fn apply_discriminator(
        &mut self,
        draws: &DiscriminatorDraws,
        field: Field,
    ) -> Result<Measurements, TrainError> {
        if let Some(seen) = &field.seen {
            let images = draws.real.samples.dim(0)? as u64;
            self.augmentation.advance(draws.step, seen, images)?;
        }
        self.discriminator.learner.apply(field)
    }

    /// The update of the discriminator's terms that have one of their own beside that of the adversarial loss, where one is
    /// due: on the same real samples.
    pub(crate) fn regularise_discriminator(&mut self, draws: &DiscriminatorDraws) -> Result<(), TrainError> {
        if self.discriminator.learner.terms.has_own(draws.update) {
            let field = self.discriminator_field(draws, Part::Own, Graph::Discard, false)?;
            self.discriminator.learner.apply(field)?;
        }
        Ok(())
    }

    /// Likewise of the generator, on samples of its own.
    pub(crate) fn regularise_generator(&mut self, step: u64, real: Batch) -> Result<(), TrainError> {
        let terms = &self.generator.learner.terms;
        if terms.has_own(step) {
            let count = self.source.batch().div_ceil(terms.shrink());
            let draws = self.draw_samples(step, count, real)?;
            let field = self.generator_field(&draws, Part::Own, Graph::Discard, false)?;
            self.generator.learner.apply(field)?;
        }
        Ok(())
    }

    /// The gradient of the discriminator's loss, or of its terms on their own, in its parameters. Nothing moves: the same
    /// draws give the same field.
    pub(crate) fn discriminator_field(
        &self,
        draws: &DiscriminatorDraws,
        part: Part,
        graph: Graph,
        measure: bool,
    ) -> Result<Field, TrainError> {
        let fake = {
            let _frozen = self.generator.net.params().freeze();
            let samples = self.generate(&draws.latents, &draws.condition, LOOK)?.samples.detach();
            Batch { samples, condition: draws.condition.clone() }.packed(self.pack)?
        };
        let real = draws.looks.deceive(draws.real.packed(self.pack)?, &fake)?;
        let view = View::new(self.discriminator.net.as_ref(), self.growth, &draws.looks);
        let learner = &self.discriminator.learner;
        let pass = || {
            // Apart, as the papers do: batch normalisation must not mix real and generated samples.
            let said = match part {
                Part::Loss => {
                    Some((view.at(Place::Real).look(&real, TRAIN)?, view.at(Place::Fake).look(&fake, TRAIN)?))
                }
                Part::Own => None,
            };
            let (said_real, said_fake) = said.as_ref().map(|(real, fake)| (real, fake)).unzip();
            let scores = said.as_ref().map(|(real, fake)| Scores { real: &real.scores, fake: &fake.scores });
            let loss = match scores {
                Some(scores) => Some(self.loss.discriminator(scores, self.smoothing)?.mean_all()?),
                None => None,
            };
            let (terms, given) = learner.terms.evaluate(part, |term| At {
                view: view.at(Place::Term(term)),
                real: &real,
                fake: &fake,
                truth: None,
                said_real,
                said_fake,
                made: None,
                params: self.discriminator.net.params(),
                step: draws.step,
                update: draws.update,
                noise: &draws.noise[term],
            })?;
            let gradients = gradients(loss.as_ref(), terms, self.discriminator.net.params(), graph)?;
            let mut measured = match (measure, &loss, scores) {
                (true, Some(loss), Some(scores)) => self.judge(loss, scores, &gradients)?,
                _ => Measurements::default(),
            };
            let seen = match scores {
                Some(scores) => self.see(draws, view, scores, &mut measured)?,
                None => None,
            };
            Ok((gradients, given, measured, seen))
        };
        let ((gradients, given, measured, seen), buffers) = learner.in_place(pass)?;
        Ok(Field { gradients, buffers, given, measured, seen })
    }

    /// The gradient of the generator's loss, or of its terms on their own, in its parameters. Nothing moves.
    pub(crate) fn generator_field(
        &self,
        draws: &GeneratorDraws,
        part: Part,
        graph: Graph,
        measure: bool,
    ) -> Result<Field, TrainError> {
        let _frozen = self.discriminator.net.params().freeze();
        let view = View::new(self.discriminator.net.as_ref(), self.growth, &draws.looks);
        let learner = &self.generator.learner;
        let real = draws.real.packed(self.pack)?;
        let truth = draws.truth.as_ref().map(|truth| pack_samples(truth, self.pack)).transpose()?;
        let pass = || {
            let made = self.generate(&draws.latents, &draws.condition, TRAIN)?;
            let batch = Batch { samples: made.samples.clone(), condition: draws.condition.clone() };
            let fake = batch.packed(self.pack)?;
            let said_fake = match part {
                Part::Loss => Some(view.at(Place::Fake).look(&fake, LOOK)?),
                Part::Own => None,
            };
            let said_real = match said_fake.is_some() && self.loss.needs_real_for_generator() {
                true => Some(view.at(Place::Real).look(&real, LOOK)?),
                false => None,
            };
            let loss = match &said_fake {
                Some(fake) => {
                    let real = said_real.as_ref().unwrap_or(fake);
                    let scores = Scores { real: &real.scores, fake: &fake.scores };
                    Some(self.loss.generator(scores)?.mean_all()?)
                }
                None => None,
            };
            let (terms, given) = learner.terms.evaluate(part, |term| At {
                view: view.at(Place::Term(term)),
                real: &real,
                fake: &fake,
                truth: truth.as_ref(),
                said_real: said_real.as_ref(),
                said_fake: said_fake.as_ref(),
                made: Some(&made),
                params: self.generator.net.params(),
                step: draws.step,
                update: draws.step,
                noise: &draws.noise[term],
            })?;
            let gradients = gradients(loss.as_ref(), terms, self.generator.net.params(), graph)?;
            let mut measured = Measurements::default();
            if let (true, Some(loss)) = (measure, &loss) {
                measured.add("loss_g", loss);
                measured.add("grad_norm_g", &global_norm(&gradients)?);
            }
            Ok((gradients, given, measured))
        };
        let ((gradients, given, measured), buffers) = learner.in_place(pass)?;
        Ok(Field { gradients, buffers, given, measured, seen: None })
    }

    /// What a controller of augmentation looks at, where there is one: the scores of real samples that are never trained on
    /// among it, which the log has, too.
    fn see(
        &self,
        draws: &DiscriminatorDraws,
        view: View<'_>,
        scores: Scores<'_>,
        out: &mut Measurements,
    ) -> Result<Option<Tensor>, TrainError> {
        let _frozen = self.discriminator.net.params().freeze();
        let look = |batch: &Batch| view.at(Place::HeldOut).look(&batch.packed(self.pack)?, LOOK);
        let held_out = draws.held_out.as_ref().map(look).transpose()?.map(|said| said.scores);
        if let Some(scores) = &held_out {
            out.add("score_held_out", &scores.mean_all()?);
        }
        Ok(self.augmentation.seen(scores, held_out.as_ref())?)
    }

    fn generate(
        &self,
        latents: &ganymede_models::Latents,
        condition: &ganymede_models::Condition,
        mode: Mode,
    ) -> ganymede_tensor::Result<Generated> {
        self.generator.net.forward(GeneratorInput { latents, condition, growth: self.growth }, mode)
    }

    /// What the log says of a discriminator update.
    fn judge(
        &self,
        loss: &Tensor,
        scores: Scores<'_>,
        gradients: &[Tensor],
    ) -> ganymede_tensor::Result<Measurements> {
        let (real, fake) = (scores.real.detach(), scores.fake.detach());
        let mut measured = Measurements::default();
        measured.add("loss_d", loss);
        measured.add("score_real", &real.mean_all()?);
        measured.add("score_fake", &fake.mean_all()?);
        measured.add("grad_norm_d", &global_norm(gradients)?);
        if let Some(threshold) = undecided(self.loss) {
            if self.augmentation.is_on() {
                measured.add("r_t", &(&real - threshold)?.sign()?.mean_all()?);
            }
            measured.add("accuracy_real", &share(&real.gt(threshold)?)?);
            measured.add("accuracy_fake", &share(&fake.lt(threshold)?)?);
        }
        Ok(measured)
    }
}

fn gradients(
    loss: Option<&Tensor>,
    terms: Option<Tensor>,
    params: &Params,
    graph: Graph,
) -> ganymede_tensor::Result<Vec<Tensor>> {
    let weights: Vec<Tensor> = params.params().iter().map(|param| param.get()).collect();
    let total = match (loss, terms) {
        (Some(loss), Some(terms)) => (loss + terms)?,
        (Some(loss), None) => loss.clone(),
        (None, Some(terms)) => terms,
        (None, None) => return weights.iter().map(Tensor::zeros_like).collect(),
    };
    grad(&total, &weights.iter().collect::<Vec<_>>(), graph)
}

fn share(mask: &Tensor) -> ganymede_tensor::Result<Tensor> {
    mask.to_dtype(DType::F32)?.mean_all()
}
