//! The two players of a game at one point of it, and the fields of their losses there.

use ganymede_losses::{AdversarialLoss, LabelSmoothing, Scores};
use ganymede_models::{GeneratorInput, Growth, Mode, pack_samples};
use ganymede_tensor::{DType, Graph, Params, Tensor, grad};

use super::draws::{DiscriminatorDraws, GeneratorDraws, Source};
use super::measurements::{Measurements, global_norm};
use super::player::{DiscriminatorPlayer, Field, GeneratorPlayer};
use super::terms::At;
use super::view::{Batch, LOOK, TRAIN, View};
use crate::error::TrainError;

/// Both players, where their draws come from, and the loss that they play for.
pub(crate) struct Players {
    pub(crate) generator: GeneratorPlayer,
    pub(crate) discriminator: DiscriminatorPlayer,
    pub(crate) source: Source,
    pub(crate) loss: AdversarialLoss,
    pub(crate) smoothing: LabelSmoothing,
    /// Discriminator updates for each generator update.
    pub(crate) n_critic: u64,
    /// Samples that the discriminator judges together.
    pub(crate) pack: usize,
}

impl Players {
    /// Draws for a discriminator update, number `i` of a step.
    pub(crate) fn draw_discriminator(&mut self, step: u64, i: u64) -> Result<DiscriminatorDraws, TrainError> {
        let update = step * self.n_critic + i;
        let terms = self.discriminator.learner.terms.count();
        self.source.for_discriminator(self.generator.net.as_ref(), (step, update), terms)
    }

    /// Draws for the generator update of a step.
    pub(crate) fn draw_generator(&mut self, step: u64, real: Batch) -> Result<GeneratorDraws, TrainError> {
        let terms = self.generator.learner.terms.count();
        self.source.for_generator(self.generator.net.as_ref(), step, terms, real)
    }

    /// The gradient of the discriminator's loss in its parameters. Nothing moves: the same draws give the same field.
    pub(crate) fn discriminator_field(
        &self,
        draws: &DiscriminatorDraws,
        graph: Graph,
        measure: bool,
    ) -> Result<Field, TrainError> {
        let fake = {
            let _frozen = self.generator.net.params().freeze();
            let samples = self.generate(&draws.latents, &draws.condition, LOOK)?.detach();
            Batch { samples, condition: draws.condition.clone() }.packed(self.pack)?
        };
        let real = draws.real.packed(self.pack)?;
        let view = View::new(self.discriminator.net.as_ref());
        let learner = &self.discriminator.learner;
        let pass = || {
            // Apart, as the papers do: batch normalisation must not mix real and generated samples.
            let said_real = view.look(&real, TRAIN)?;
            let said_fake = view.look(&fake, TRAIN)?;
            let scores = Scores { real: &said_real.scores, fake: &said_fake.scores };
            let loss = self.loss.discriminator(scores, self.smoothing)?.mean_all()?;
            let (terms, given) = learner.terms.evaluate(|term| At {
                view,
                real: &real,
                fake: &fake,
                truth: None,
                said_real: Some(&said_real),
                said_fake: &said_fake,
                params: self.discriminator.net.params(),
                step: draws.step,
                update: draws.update,
                noise: &draws.noise[term],
            })?;
            let gradients = gradients(&loss, terms, self.discriminator.net.params(), graph)?;
            let measured = match measure {
                true => self.judge(&loss, scores, &gradients)?,
                false => Measurements::default(),
            };
            Ok((gradients, given, measured))
        };
        let ((gradients, given, measured), buffers) = learner.in_place(pass)?;
        Ok(Field { gradients, buffers, given, measured })
    }

    /// The gradient of the generator's loss in its parameters. Nothing moves.
    pub(crate) fn generator_field(
        &self,
        draws: &GeneratorDraws,
        graph: Graph,
        measure: bool,
    ) -> Result<Field, TrainError> {
        let _frozen = self.discriminator.net.params().freeze();
        let view = View::new(self.discriminator.net.as_ref());
        let learner = &self.generator.learner;
        let real = draws.real.packed(self.pack)?;
        let truth = draws.truth.as_ref().map(|truth| pack_samples(truth, self.pack)).transpose()?;
        let pass = || {
            let samples = self.generate(&draws.latents, &draws.condition, TRAIN)?;
            let fake = Batch { samples, condition: draws.condition.clone() }.packed(self.pack)?;
            let said_fake = view.look(&fake, LOOK)?;
            let said_real = match self.loss.needs_real_for_generator() {
                true => Some(view.look(&real, LOOK)?),
                false => None,
            };
            let real_scores = said_real.as_ref().map_or(&said_fake.scores, |said| &said.scores);
            let scores = Scores { real: real_scores, fake: &said_fake.scores };
            let loss = self.loss.generator(scores)?.mean_all()?;
            let (terms, given) = learner.terms.evaluate(|term| At {
                view,
                real: &real,
                fake: &fake,
                truth: truth.as_ref(),
                said_real: said_real.as_ref(),
                said_fake: &said_fake,
                params: self.generator.net.params(),
                step: draws.step,
                update: draws.step,
                noise: &draws.noise[term],
            })?;
            let gradients = gradients(&loss, terms, self.generator.net.params(), graph)?;
            let mut measured = Measurements::default();
            if measure {
                measured.add("loss_g", &loss);
                measured.add("grad_norm_g", &global_norm(&gradients)?);
            }
            Ok((gradients, given, measured))
        };
        let ((gradients, given, measured), buffers) = learner.in_place(pass)?;
        Ok(Field { gradients, buffers, given, measured })
    }

    fn generate(
        &self,
        latents: &ganymede_models::Latents,
        condition: &ganymede_models::Condition,
        mode: Mode,
    ) -> ganymede_tensor::Result<Tensor> {
        let input = GeneratorInput { latents, condition, growth: Growth::FULL };
        Ok(self.generator.net.forward(input, mode)?.samples)
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
        if let Some(threshold) = threshold(self.loss) {
            measured.add("accuracy_real", &share(&real.gt(threshold)?)?);
            measured.add("accuracy_fake", &share(&fake.lt(threshold)?)?);
        }
        Ok(measured)
    }
}

fn gradients(
    loss: &Tensor,
    terms: Option<Tensor>,
    params: &Params,
    graph: Graph,
) -> ganymede_tensor::Result<Vec<Tensor>> {
    let total = match terms {
        Some(terms) => (loss + terms)?,
        None => loss.clone(),
    };
    let weights: Vec<Tensor> = params.params().iter().map(|param| param.get()).collect();
    grad(&total, &weights.iter().collect::<Vec<_>>(), graph)
}

/// The score at which the discriminator is undecided. Wasserstein and relativistic scores mean something
/// only by their differences.
fn threshold(loss: AdversarialLoss) -> Option<f64> {
    use AdversarialLoss as Loss;
    match loss {
        Loss::Minimax | Loss::NonSaturating | Loss::Hinge => Some(0.0),
        Loss::LeastSquares => Some(0.5),
        Loss::Wasserstein | Loss::RelativisticAverage | Loss::RelativisticPaired => None,
    }
}

fn share(mask: &Tensor) -> ganymede_tensor::Result<Tensor> {
    mask.to_dtype(DType::F32)?.mean_all()
}
