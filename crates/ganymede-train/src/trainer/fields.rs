//! The players' losses at one point of their game, and the fields of these: nothing moves here.

use ganymede_losses::Scores;
use ganymede_models::{Condition, Critique, Generated, GeneratorInput, Latents, Mode, pack_samples};
use ganymede_tensor::{DType, Graph, Params, Rng, Tensor, grad};

use super::adversarial::scores_of;
use super::augment::{Looks, Place, undecided};
use super::draws::{DiscriminatorDraws, GeneratorDraws};
use super::inspector::{DISCRIMINATOR, GENERATOR};
use super::maker::{Fakes, Maker};
use super::measurements::{Measurements, global_norm};
use super::player::Field;
use super::players::Players;
use super::terms::{Added, At, Given, Part};
use super::view::{Batch, LOOK, TRAIN, View};
use crate::error::TrainError;

/// A player's loss at one point, and what it was made of.
pub(crate) struct Loss {
    /// The mean of the adversarial loss; nothing where the terms are on their own.
    pub(crate) adversarial: Option<Tensor>,
    /// The sum of the terms that are due.
    pub(crate) terms: Option<Tensor>,
    /// These terms one by one, by their names.
    pub(crate) each: Vec<(&'static str, Tensor)>,
    pub(crate) given: Given,
    /// What the discriminator said, where it was asked.
    pub(crate) said_real: Option<Critique>,
    pub(crate) said_fake: Option<Critique>,
}

impl Loss {
    /// The sum of all; nothing where nothing is due.
    pub(crate) fn total(&self) -> ganymede_tensor::Result<Option<Tensor>> {
        match (&self.adversarial, &self.terms) {
            (Some(loss), Some(terms)) => (loss + terms).map(Some),
            (loss, terms) => Ok(loss.as_ref().or(terms.as_ref()).cloned()),
        }
    }

    /// The adversarial part as a plain number.
    pub(crate) fn value(&self) -> Option<Tensor> {
        self.adversarial.as_ref().map(Tensor::detach)
    }

    /// Its gradient in weights.
    pub(crate) fn gradients(&self, weights: &[Tensor], graph: Graph) -> ganymede_tensor::Result<Vec<Tensor>> {
        match self.total()? {
            Some(total) => grad(&total, &weights.iter().collect::<Vec<_>>(), graph),
            None => weights.iter().map(Tensor::zeros_like).collect(),
        }
    }
}

impl Players {
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
            let batch = Batch { samples, condition: draws.condition.clone() };
            Fakes { batch, latents: &draws.latents }
        };
        if let Some(inspector) = &self.inspector {
            inspector.samples(self, &fake, DISCRIMINATOR)?;
        }
        let learner = &self.discriminator.learner;
        let pass = || {
            let loss = self.discriminator_loss(draws, &fake, part, TRAIN)?;
            let gradients = loss.gradients(&weights(self.discriminator.net.params()), graph)?;
            if let Some(inspector) = &self.inspector {
                inspector.gradients(self.discriminator.net.params(), &gradients, DISCRIMINATOR)?;
            }
            let (measured, seen) = self.observe(draws, &loss, &gradients, measure)?;
            Ok((gradients, loss, measured, seen))
        };
        let ((gradients, loss, measured, seen), buffers) = learner.in_place(pass)?;
        Ok(Field { gradients, buffers, loss: loss.value(), given: loss.given, measured, seen })
    }

    /// The discriminator's loss, or its terms on their own, where it is told that `made` was generated.
    pub(crate) fn discriminator_loss(
        &self,
        draws: &DiscriminatorDraws,
        made: &Fakes<'_>,
        part: Part,
        mode: Mode,
    ) -> Result<Loss, TrainError> {
        let fake = &made.batch.packed(self.pack)?;
        let real = &draws.looks.deceive(draws.real.packed(self.pack)?, fake)?;
        let view = self.view(&draws.looks);
        // Apart, as the papers do: batch normalisation must not mix real and generated samples.
        let said = match part {
            Part::Loss => {
                Some((view.at(Place::Real).look(real, mode)?, view.at(Place::Fake).look(fake, mode)?))
            }
            Part::Own => None,
        };
        let adversarial = match &said {
            Some((real, fake)) => {
                Some(self.adversarial.discriminator(scores_of(real, fake), &draws.loss_noise)?)
            }
            None => None,
        };
        let (said_real, said_fake) = said.unzip();
        let Added { sum: terms, each, given } =
            self.discriminator.learner.terms.evaluate(part, |term| At {
                view: view.at(Place::Term(term)),
                real,
                fake,
                truth: None,
                said_real: said_real.as_ref(),
                said_fake: said_fake.as_ref(),
                made: None,
                params: self.discriminator.net.params(),
                maker: self.maker(made.latents, &made.batch.condition),
                adversarial: &self.adversarial,
                loss_noise: &draws.loss_noise,
                step: draws.step,
                update: draws.update,
                noise: &draws.noise[term],
            })?;
        let loss = Loss { adversarial, terms, each, given, said_real, said_fake };
        self.inspect(&loss, DISCRIMINATOR)?;
        Ok(loss)
    }

    /// Looks at a loss for values that are none, where steps are played again to find them.
    fn inspect(&self, loss: &Loss, player: &'static str) -> ganymede_tensor::Result<()> {
        match &self.inspector {
            Some(inspector) => inspector.loss(self.params(), loss, player),
            None => Ok(()),
        }
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
        self.generator_field_by(measure, || {
            let made = self.make(draws)?;
            let loss = self.generator_loss(draws, &made, part)?;
            let gradients = loss.gradients(&weights(self.generator.net.params()), graph)?;
            if let Some(inspector) = &self.inspector {
                inspector.gradients(self.generator.net.params(), &gradients, GENERATOR)?;
            }
            Ok((loss, gradients))
        })
    }

    /// The generator's field by a gradient of one's own choice, which `pass` computes.
    pub(crate) fn generator_field_by(
        &self,
        measure: bool,
        pass: impl FnOnce() -> Result<(Loss, Vec<Tensor>), TrainError>,
    ) -> Result<Field, TrainError> {
        let ((loss, gradients), buffers) = self.generator.learner.in_place(pass)?;
        let mut measured = Measurements::default();
        if let (true, Some(adversarial)) = (measure, &loss.adversarial) {
            measured.add("loss_g", adversarial);
            measured.add("grad_norm_g", &global_norm(&gradients)?);
        }
        Ok(Field { gradients, buffers, loss: loss.value(), given: loss.given, measured, seen: None })
    }

    /// The samples of a generator update, with their graph.
    pub(crate) fn make(&self, draws: &GeneratorDraws) -> Result<Generated, TrainError> {
        Ok(self.generate(&draws.latents, &draws.condition, TRAIN)?)
    }

    /// The generator's loss, or its terms on their own, for what it made.
    pub(crate) fn generator_loss(
        &self,
        draws: &GeneratorDraws,
        made: &Generated,
        part: Part,
    ) -> Result<Loss, TrainError> {
        let view = self.view(&draws.looks);
        let real = &draws.real.packed(self.pack)?;
        let truth = draws.truth.as_ref().map(|truth| pack_samples(truth, self.pack)).transpose()?;
        let batch = Batch { samples: made.samples.clone(), condition: draws.condition.clone() };
        let fake = &batch.packed(self.pack)?;
        let said_fake = match part {
            Part::Loss => Some(view.at(Place::Fake).look(fake, LOOK)?),
            Part::Own => None,
        };
        let said_real = match said_fake.is_some() && self.adversarial.loss.needs_real_for_generator() {
            true => Some(view.at(Place::Real).look(real, LOOK)?),
            false => None,
        };
        let adversarial = match &said_fake {
            Some(fake) => {
                let real = said_real.as_ref().unwrap_or(fake);
                Some(self.adversarial.generator(scores_of(real, fake), draws.step, &draws.loss_noise)?)
            }
            None => None,
        };
        let Added { sum: terms, each, given } = self.generator.learner.terms.evaluate(part, |term| At {
            view: view.at(Place::Term(term)),
            real,
            fake,
            truth: truth.as_ref(),
            said_real: said_real.as_ref(),
            said_fake: said_fake.as_ref(),
            made: Some(made),
            params: self.generator.net.params(),
            maker: self.maker(&draws.latents, &draws.condition),
            adversarial: &self.adversarial,
            loss_noise: &draws.loss_noise,
            step: draws.step,
            update: draws.step,
            noise: &draws.noise[term],
        })?;
        let loss = Loss { adversarial, terms, each, given, said_real, said_fake };
        self.inspect(&loss, GENERATOR)?;
        Ok(loss)
    }

    /// What samples of such latents were made with.
    fn maker<'a>(&'a self, latents: &'a Latents, condition: &'a Condition) -> Maker<'a> {
        let (generator, growth, pack) = (self.generator.net.as_ref(), self.growth, self.pack);
        Maker { generator, latents, condition, growth, pack }
    }

    pub(super) fn view<'a>(&'a self, looks: &'a Looks) -> View<'a> {
        View::new(self.discriminator.net.as_ref(), self.growth, looks)
    }

    /// What the log says of a discriminator update, if it is to be measured, and what a controller of augmentation sees of it.
    pub(crate) fn observe(
        &self,
        draws: &DiscriminatorDraws,
        loss: &Loss,
        gradients: &[Tensor],
        measure: bool,
    ) -> Result<(Measurements, Option<Tensor>), TrainError> {
        let (Some(adversarial), Some(real), Some(fake)) =
            (&loss.adversarial, &loss.said_real, &loss.said_fake)
        else {
            return Ok((Measurements::default(), None));
        };
        let scores = scores_of(real, fake);
        let mut measured = match measure {
            true => self.judge(adversarial, scores, gradients, &draws.loss_noise)?,
            false => Measurements::default(),
        };
        let seen = self.see(draws, self.view(&draws.looks), scores, &mut measured)?;
        Ok((measured, seen))
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

    pub(crate) fn generate(
        &self,
        latents: &Latents,
        condition: &Condition,
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
        noise: &Rng,
    ) -> Result<Measurements, TrainError> {
        let (real, fake) = (scores.real.detach(), scores.fake.detach());
        let batch = Scores { real: &real, fake: &fake };
        let mut measured = Measurements::default();
        measured.add("loss_d", loss);
        for (name, said) in [("score_real", &real), ("score_fake", &fake)] {
            if let Some(score) = self.adversarial.score(said, batch, noise)? {
                measured.add(name, &score.mean_all()?);
            }
        }
        measured.add("grad_norm_d", &global_norm(gradients)?);
        if let Some(threshold) = undecided(&self.adversarial.loss) {
            if self.augmentation.is_on() {
                measured.add("r_t", &(&real - threshold)?.sign()?.mean_all()?);
            }
            measured.add("accuracy_real", &share(&real.gt(threshold)?)?);
            measured.add("accuracy_fake", &share(&fake.lt(threshold)?)?);
        }
        Ok(measured)
    }
}

/// The weights of a network as its passes see them.
pub(crate) fn weights(params: &Params) -> Vec<Tensor> {
    params.params().iter().map(|param| param.get()).collect()
}

fn share(mask: &Tensor) -> ganymede_tensor::Result<Tensor> {
    mask.to_dtype(DType::F32)?.mean_all()
}
