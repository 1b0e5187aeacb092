//! Terms of the players' losses beside the adversarial one: each is a file here and a line in [`TERMS`].

mod auxiliary;
mod l1;
mod orthogonal;
mod penalty;
mod spec;
mod term;
mod weight;

use ganymede_tensor::Tensor;

use super::measurements::Measurements;
use super::section::{Misfit, Saved, Section, Stateful};
use crate::config::{PenaltyConfig, Run};
use crate::error::TrainError;

pub use spec::TermConfig;
pub(crate) use spec::{TermKind, TermSpec};
pub(crate) use term::{At, Term};

/// Every term that a configuration can ask for under `[[term]]`.
pub(crate) const TERMS: &[&TermKind] = &[&auxiliary::AUXILIARY, &l1::L1, &orthogonal::ORTHOGONAL];

/// A term, and what it gave when it was last due.
pub(crate) struct HeldTerm {
    term: Box<dyn Term>,
    /// A penalty's kind; all penalties share names in the log.
    penalty: Option<&'static str>,
    held: Measurements,
}

/// The terms of a player, in the order in which they are added up.
#[derive(Default)]
pub(crate) struct Terms {
    all: Vec<HeldTerm>,
}

/// What the terms gave in one update; nothing for those that were not due.
pub(crate) type Given = Vec<Option<Measurements>>;

impl Terms {
    pub(crate) fn of_discriminator(run: &Run) -> Self {
        let penalties = run.penalties.iter().map(|config: &PenaltyConfig| HeldTerm {
            term: Box::new(penalty::PenaltyTerm::new(config.clone())),
            penalty: Some(config.penalty.start().name()),
            held: Measurements::default(),
        });
        Self { all: penalties.chain(others(run, |spec| spec.for_discriminator())).collect() }
    }

    pub(crate) fn of_generator(run: &Run) -> Self {
        Self { all: others(run, |spec| spec.for_generator()).collect() }
    }

    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// The sum of all terms' means, if any is due; `at` looks with the noise of a term.
    pub(crate) fn evaluate<'a>(
        &self,
        at: impl Fn(usize) -> At<'a>,
    ) -> Result<(Option<Tensor>, Given), TrainError> {
        let (mut sum, mut given) = (None, Vec::new());
        for (index, held) in self.all.iter().enumerate() {
            let mut out = Measurements::default();
            let value = held.term.evaluate(&at(index), &mut out)?;
            given.push(value.is_some().then_some(out));
            if let Some(value) = value {
                let mean = value.mean_all()?;
                sum = Some(match sum {
                    None => mean,
                    Some(sum) => (sum + mean)?,
                });
            }
        }
        Ok((sum, given))
    }

    /// After an update: what was given is held until the next time.
    pub(crate) fn advance(&mut self, given: Given) -> ganymede_tensor::Result<()> {
        for (held, given) in self.all.iter_mut().zip(given) {
            if let Some(measured) = given {
                held.term.advance(&measured)?;
                held.held = measured;
            }
        }
        Ok(())
    }

    /// For the log: `penalty` is the sum of all penalties, `penalty_norm` what the first one saw; what others measured
    /// has names of its own.
    pub(crate) fn measured(&self) -> ganymede_tensor::Result<Measurements> {
        let mut all = Measurements::default();
        let mut has_norm = false;
        for held in &self.all {
            let Some(kind) = held.penalty else {
                all.append(held.held.clone());
                continue;
            };
            for (name, value) in held.held.iter() {
                match name {
                    penalty::VALUE => all.sum("penalty", value)?,
                    _ if has_norm => all.add(format!("penalty_norm_{kind}"), value),
                    _ => {
                        all.add("penalty_norm", value);
                        has_norm = true;
                    }
                }
            }
        }
        Ok(all)
    }
}

fn others(
    run: &Run,
    build: impl Fn(&dyn TermSpec) -> Option<Box<dyn Term>>,
) -> impl Iterator<Item = HeldTerm> {
    let terms = run.terms.iter().filter_map(move |config| build(config.spec()));
    terms.map(|term| HeldTerm { term, penalty: None, held: Measurements::default() })
}

impl Stateful for Terms {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        for (index, held) in self.all.iter().enumerate() {
            let mut section = out.within(index);
            held.held.iter().for_each(|(name, value)| section.tensor(&format!("held/{name}"), value.clone()));
            held.term.save(&mut section.within("state"))?;
        }
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        for (index, held) in self.all.iter_mut().enumerate() {
            let section = from.within(index);
            held.held = Measurements::default();
            for (name, value) in section.within("held").tensors() {
                held.held.add(name, &value);
            }
            held.term.load(&section.within("state"))?;
        }
        Ok(())
    }
}
