//! The square of real scores, which keeps a critic's scores near 0 (PGGAN: Karras et al., 2018, arXiv:1710.10196,
//! appendix A.1).

use ganymede_losses::drift::drift;
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

pub(super) static DRIFT: TermKind = TermKind { name: "drift", read };

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Drift {
    /// ε of the paper: the weight of the mean square beside the adversarial loss.
    weight: Weight,
}

impl Default for Drift {
    fn default() -> Self {
        Self { weight: Weight::new(1e-3) }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<Drift>(table)?))
}

impl TermSpec for Drift {
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

/// On real samples.
struct OfDiscriminator(Weight);

impl Term for OfDiscriminator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let Some(said_real) = at.said_real else { return Ok(None) };
        let drift = drift(&said_real.scores)?;
        out.add("drift", &drift.mean_all()?);
        Ok(Some((drift * self.0.at(at.step))?))
    }
}

impl Stateful for OfDiscriminator {}
