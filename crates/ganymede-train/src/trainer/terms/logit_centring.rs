//! The square of the sum of real and generated scores, which keeps those of relativistic losses from wandering off together
//! (Lin et al., 2025, Adversarial flow models).

use ganymede_losses::Scores;
use ganymede_losses::logit_centring::logit_centring;
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

pub(super) static LOGIT_CENTRING: TermKind = TermKind { name: "logit-centring", read };

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LogitCentring {
    /// The weight of the mean beside the adversarial loss.
    weight: Weight,
}

impl Default for LogitCentring {
    fn default() -> Self {
        Self { weight: Weight::new(0.01) }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<LogitCentring>(table)?))
}

impl TermSpec for LogitCentring {
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
        Some(Box::new(OfDiscriminator(self.weight.clone())))
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        None
    }

    fn write(&self) -> Table {
        self.weight.write()
    }
}

struct OfDiscriminator(Weight);

impl Term for OfDiscriminator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let (Some(real), Some(fake)) = (at.said_real, at.said_fake) else { return Ok(None) };
        let value = logit_centring(Scores { real: &real.scores, fake: &fake.scores })?;
        out.add("logit_centring", &value.mean_all()?);
        Ok(Some((value * self.0.at(at.step))?))
    }
}

impl Stateful for OfDiscriminator {}
