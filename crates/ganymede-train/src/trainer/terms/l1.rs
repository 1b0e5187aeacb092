//! The distance of generated images to the true ones (pix2pix: Isola et al., 2017, arXiv:1611.07004, equation 4).

use ganymede_losses::l1;
use ganymede_models::{Fault, Problem, read_table};
use ganymede_tensor::Tensor;
use serde::Deserialize;
use toml::Table;

use super::weight::Weight;
use super::{At, Term, TermKind, TermSpec};
use crate::config::{Course, Run};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;

pub(super) static L1: TermKind = TermKind { name: "l1", read };

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Distance {
    /// λ of the paper: the weight of the mean distance of a number beside the adversarial loss.
    weight: Weight,
}

impl Default for Distance {
    fn default() -> Self {
        Self { weight: Weight::new(100.0) }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<Distance>(table)?))
}

impl TermSpec for Distance {
    fn check(&self) -> Vec<Problem> {
        self.weight.check()
    }

    fn refuses(&self, run: &Run) -> Option<String> {
        if run.data.pairs.is_none() {
            let reason = "these data do not say which image is the true one: only images that are conditions \
                          (data.pairs) have one each";
            return Some(reason.to_owned());
        }
        let reason = "the generator does not look at the image that is its condition, and cannot come near the true \
                      one: use generator.kind = \"pix2pix\"";
        (!run.generator.traits().conditional).then(|| reason.to_owned())
    }

    fn follow(&mut self, key: &str, course: Course) -> bool {
        self.weight.follow(key, course)
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        None
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(OfGenerator(self.weight.clone())))
    }

    fn write(&self) -> Table {
        self.weight.write()
    }
}

/// On generated samples.
struct OfGenerator(Weight);

impl Term for OfGenerator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let lacks = || TrainError::Tensor(ganymede_tensor::Error::msg("l1: the true samples are not known"));
        let distance = l1::distance(&at.fake.samples, at.truth.ok_or_else(lacks)?)?;
        out.add("l1", &distance.mean_all()?);
        Ok(Some((distance * self.0.at(at.step))?))
    }
}

impl Stateful for OfGenerator {}
