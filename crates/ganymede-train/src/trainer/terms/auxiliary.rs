//! The auxiliary classifier's part of both players' losses (AC-GAN: Odena, Olah and Shlens, 2017, arXiv:1610.09585,
//! section 3).

use ganymede_losses::auxiliary::cross_entropy;
use ganymede_models::{Condition, Critique, Fault, Problem, read_table};
use ganymede_tensor::{DType, Tensor};
use serde::Deserialize;
use toml::Table;

use super::weight::Weight;
use super::{At, Term, TermKind, TermSpec};
use crate::config::{Course, Run};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;
use crate::trainer::view::Batch;

pub(super) static AUXILIARY: TermKind = TermKind { name: "auxiliary", read };

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Auxiliary {
    /// Weight of the classifier's loss beside the adversarial one.
    weight: Weight,
}

impl Default for Auxiliary {
    fn default() -> Self {
        Self { weight: Weight::new(1.0) }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<Auxiliary>(table)?))
}

impl TermSpec for Auxiliary {
    fn check(&self) -> Vec<Problem> {
        self.weight.check()
    }

    fn refuses(&self, run: &Run) -> Option<String> {
        let reason = "the discriminator has no classifier: set discriminator.conditioning = \"auxiliary\"";
        (!run.discriminator.traits().classifies).then(|| reason.to_owned())
    }

    fn follow(&mut self, key: &str, course: Course) -> bool {
        self.weight.follow(key, course)
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(OfDiscriminator(self.weight.clone())))
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(OfGenerator(self.weight.clone())))
    }

    fn write(&self) -> Table {
        self.weight.write()
    }
}

/// The loss `(N,)` of the classes that a batch is said to be of, and the share that is classified so.
fn classify(said: &Critique, batch: &Batch) -> Result<(Tensor, Tensor), TrainError> {
    let lacks = |what: &str| TrainError::Tensor(ganymede_tensor::Error::msg(format!("auxiliary: {what}")));
    let logits = said.class_logits.as_ref().ok_or_else(|| lacks("the discriminator gives no classes"))?;
    let Condition::Classes(classes) = &batch.condition else { return Err(lacks("the batch has no classes")) };
    let right = logits.detach().argmax(1)?.eq(classes)?.to_dtype(DType::F32)?.mean_all()?;
    Ok((cross_entropy(logits, classes)?, right))
}

/// On real samples and on generated ones, by the classes that they were asked for.
struct OfDiscriminator(Weight);

impl Term for OfDiscriminator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let (Some(said_real), Some(said_fake)) = (at.said_real, at.said_fake) else { return Ok(None) };
        let (real, right_real) = classify(said_real, at.real)?;
        let (fake, right_fake) = classify(said_fake, at.fake)?;
        out.add("class_loss_real", &real.mean_all()?);
        out.add("class_loss_fake", &fake.mean_all()?);
        out.add("class_accuracy_real", &right_real);
        out.add("class_accuracy_fake", &right_fake);
        Ok(Some(((real + fake)? * self.0.at(at.step))?))
    }
}

/// On generated samples.
struct OfGenerator(Weight);

impl Term for OfGenerator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let Some(said_fake) = at.said_fake else { return Ok(None) };
        let (loss, _) = classify(said_fake, at.fake)?;
        out.add("class_loss_g", &loss.mean_all()?);
        Ok(Some((loss * self.0.at(at.step))?))
    }
}

impl Stateful for OfDiscriminator {}

impl Stateful for OfGenerator {}
