//! Terms of the players' losses beside the adversarial one: each is a file here and a line in [`TERMS`].

mod auxiliary;
mod penalty;

use std::fmt;
use std::sync::Arc;

use ganymede_models::{Critique, Fault, Problem};
use ganymede_tensor::{Rng, Tensor};
use toml::{Table, Value};

use super::measurements::Measurements;
use super::section::{Misfit, Saved, Section, Stateful};
use super::view::{Batch, View};
use crate::config::{Check, PenaltyConfig, Run, kind_of, read_settings, settings_of};
use crate::error::TrainError;

/// Every term that a configuration can ask for under `[[term]]`.
pub(crate) const TERMS: &[&TermKind] = &[&auxiliary::AUXILIARY];

/// A term's place in the table.
pub(crate) struct TermKind {
    /// Its name in configurations.
    pub(crate) name: &'static str,
    /// Its settings from a table, every one of which may be left out.
    pub(crate) read: fn(&Table) -> Result<Box<dyn TermSpec>, Fault>,
}

/// The settings of a term: the one struct that its table is read into.
pub(crate) trait TermSpec: fmt::Debug + Send + Sync {
    /// What is wrong with the settings by themselves.
    fn check(&self) -> Vec<Problem>;

    /// Why this run cannot have the term; nothing if it can.
    fn refuses(&self, run: &Run) -> Option<String>;

    /// What it adds to the discriminator's loss.
    fn for_discriminator(&self) -> Option<Box<dyn Term>>;

    /// What it adds to the generator's loss.
    fn for_generator(&self) -> Option<Box<dyn Term>>;

    /// Every setting, as a configuration says it.
    fn write(&self) -> Table;
}

/// A term and its settings, as a configuration chooses it.
#[derive(Clone)]
pub struct TermConfig {
    kind: &'static TermKind,
    spec: Arc<dyn TermSpec>,
}

impl TermConfig {
    pub(crate) fn refuses(&self, run: &Run) -> Option<String> {
        self.spec.refuses(run)
    }

    pub(crate) fn write(&self) -> Table {
        let kind = ("kind".to_owned(), Value::String(self.kind.name.to_owned()));
        std::iter::once(kind).chain(self.spec.write()).collect()
    }
}

impl fmt::Debug for TermConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}

impl PartialEq for TermConfig {
    fn eq(&self, other: &Self) -> bool {
        self.write() == other.write()
    }
}

/// Reads an entry of `[[term]]`.
pub(crate) fn read(section: &str, table: &Table, check: &mut Check) -> Option<TermConfig> {
    let names: Vec<&str> = TERMS.iter().map(|kind| kind.name).collect();
    let typed = kind_of(section, table, check)?;
    let Some(kind) = TERMS.iter().find(|kind| kind.name == typed) else {
        let hint = crate::config::hint(typed, &names);
        check.add(&format!("{section}.kind"), format!("there is no `{typed}`{hint}"));
        return None;
    };
    let spec = read_settings(section, kind.name, &settings_of(table), kind.read, check)?;
    for problem in spec.check() {
        check.add(&format!("{section}.{}", problem.field), problem.to_string());
    }
    Some(TermConfig { kind, spec: spec.into() })
}

/// What a term may look at.
pub(crate) struct At<'a> {
    pub(crate) view: View<'a>,
    pub(crate) real: &'a Batch,
    /// In the discriminator's update without a graph to the generator.
    pub(crate) fake: &'a Batch,
    /// What the discriminator said of the real batch in this update; nothing where it was not asked.
    pub(crate) said_real: Option<&'a Critique>,
    /// What it said of the generated batch.
    pub(crate) said_fake: &'a Critique,
    /// Generator updates made.
    pub(crate) step: u64,
    /// Updates of this player made.
    pub(crate) update: u64,
    /// The term's own random numbers for this update.
    pub(crate) noise: &'a Rng,
}

/// A term of a player's loss.
pub(crate) trait Term: Stateful + Send {
    /// Values `(N,)` to add to the loss; nothing where it is not due. Nothing moves here: a state moves in
    /// [`Term::advance`].
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError>;

    /// Moves the state on, once for each update that is really made, by what was measured in it.
    fn advance(&mut self, _measured: &Measurements) -> ganymede_tensor::Result<()> {
        Ok(())
    }
}

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
    let terms = run.terms.iter().filter_map(move |config| build(config.spec.as_ref()));
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
