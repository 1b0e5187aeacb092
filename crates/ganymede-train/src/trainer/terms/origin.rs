//! Generators of a mixture that are told apart (MGAN: Hoang et al., 2018, arXiv:1708.02556, equation 4 and section 4): a classifier
//! beside the discriminator's score says which of them made a sample, and each is rewarded for samples that are known for its
//! own, so that they do not all make the same.
//!
//! Both players minimise −β log C_k of samples that generator k made: the discriminator, so that its classifier learns, and the
//! generators.

use ganymede_losses::auxiliary::cross_entropy;
use ganymede_models::{Fault, Problem, read_table};
use ganymede_tensor::{DType, Tensor};
use serde::Deserialize;
use toml::Table;

use super::weight::Weight;
use super::{At, Term, TermKind, TermSpec};
use crate::config::{Course, Run};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;

pub(super) static ORIGIN: TermKind = TermKind { name: "origin", read };

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Origin {
    /// β of the paper.
    weight: Weight,
}

impl Default for Origin {
    /// The paper has 0.01 to 1 by the data, and 0.125 for its mixture of Gaussians.
    fn default() -> Self {
        Self { weight: Weight::new(0.125) }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<Origin>(table)?))
}

impl TermSpec for Origin {
    fn check(&self) -> Vec<Problem> {
        self.weight.check()
    }

    fn refuses(&self, run: &Run) -> Option<String> {
        let (generators, judge) = (run.generator.traits().members, run.discriminator.traits());
        if generators == 1 {
            return Some("there is one generator, which made all samples: set generator.members".to_owned());
        }
        if judge.pack > 1 {
            return Some("a pack holds samples of several generators: set discriminator.pack = 1".to_owned());
        }
        (judge.origins != generators).then(|| {
            format!("the discriminator does not tell {generators} generators apart: set discriminator.origins = {generators}")
        })
    }

    fn follow(&mut self, key: &str, course: Course) -> bool {
        self.weight.follow(key, course)
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(Classified {
            weight: self.weight.clone(),
            logged: ["origin_loss_d", "origin_accuracy"],
        }))
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(Classified {
            weight: self.weight.clone(),
            logged: ["origin_loss_g", "origin_accuracy_g"],
        }))
    }

    fn write(&self) -> Table {
        self.weight.write()
    }
}

/// The classifier's loss on generated samples, whoever minimises it.
struct Classified {
    weight: Weight,
    /// What the log calls the loss, and the share of samples whose generator is found.
    logged: [&'static str; 2],
}

impl Term for Classified {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let Some(said) = at.said_fake else { return Ok(None) };
        let lacks = |what: &str| TrainError::Tensor(ganymede_tensor::Error::msg(format!("origin: {what}")));
        let logits =
            said.origin_logits.as_ref().ok_or_else(|| lacks("the discriminator tells none apart"))?;
        let origins = at.maker.generator.origins(at.maker.latents)?;
        let origins = origins.ok_or_else(|| lacks("the generator is no mixture"))?;
        let n = origins.len();
        let origins = Tensor::from_vec(origins, n, logits.device())?;
        let loss = cross_entropy(logits, &origins)?;
        let right = logits.detach().argmax(1)?.eq(&origins)?.to_dtype(DType::F32)?.mean_all()?;
        let [of_loss, of_share] = self.logged;
        out.add(of_loss, &loss.mean_all()?);
        out.add(of_share, &right);
        Ok(Some((loss * self.weight.at(at.step))?))
    }
}

impl Stateful for Classified {}
