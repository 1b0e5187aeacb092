//! Terms of the discriminator's loss that are functions of its scores, with a weight and no other setting.

use ganymede_losses::{LossError, Scores};
use ganymede_models::{Fault, Problem, read_table};
use ganymede_tensor::Tensor;
use serde::Deserialize;
use toml::Table;

use super::weight::Weight;
use super::{At, Term, TermSpec};
use crate::config::{Course, Run};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfScores {
    /// What the log calls its mean.
    pub(super) logged: &'static str,
    /// The weight of the mean beside the adversarial loss, unless another is given.
    pub(super) usual: f64,
    /// A value for each sample.
    pub(super) value: fn(Scores<'_>) -> Result<Tensor, LossError>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    weight: Option<Weight>,
}

impl OfScores {
    /// The term by its table.
    pub(super) fn read(self, table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
        let weight = read_table::<Settings>(table)?.weight.unwrap_or_else(|| Weight::new(self.usual));
        Ok(Box::new(Weighted { term: self, weight }))
    }
}

#[derive(Clone, Debug)]
struct Weighted {
    term: OfScores,
    weight: Weight,
}

impl TermSpec for Weighted {
    fn check(&self) -> Vec<Problem> {
        self.weight.check()
    }

    fn refuses(&self, _: &Run) -> Option<String> {
        None
    }

    fn follow(&mut self, key: &str, course: Course) -> bool {
        self.weight.follow(key, course)
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(self.clone()))
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        None
    }

    fn write(&self) -> Table {
        self.weight.write()
    }
}

impl Term for Weighted {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let (Some(real), Some(fake)) = (at.said_real, at.said_fake) else { return Ok(None) };
        let value = (self.term.value)(Scores { real: &real.scores, fake: &fake.scores })?;
        out.add(self.term.logged, &value.mean_all()?);
        Ok(Some((value * self.weight.at(at.step))?))
    }
}

impl Stateful for Weighted {}
