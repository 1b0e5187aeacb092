//! Terms of the players' losses beside the adversarial one: each is a file here and a line in [`TERMS`].

mod auxiliary;
mod consistency;
mod drift;
mod l1;
mod latent_consistency;
mod lecam;
mod logit_centring;
mod of_scores;
mod origin;
mod orthogonal;
mod path_length;
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
pub(crate) const TERMS: &[&TermKind] = &[
    &auxiliary::AUXILIARY,
    &consistency::CONSISTENCY,
    &drift::DRIFT,
    &l1::L1,
    &latent_consistency::LATENT_CONSISTENCY,
    &lecam::LECAM,
    &logit_centring::LOGIT_CENTRING,
    &origin::ORIGIN,
    &orthogonal::ORTHOGONAL,
    &path_length::PATH_LENGTH,
];

/// A term, and what it gave when it was last due.
pub(crate) struct HeldTerm {
    term: Box<dyn Term>,
    /// As configurations call it.
    name: &'static str,
    /// A penalty's kind; all penalties share names in the log.
    penalty: Option<&'static str>,
    held: Measurements,
}

/// Which terms an update is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The adversarial loss and the terms that join it.
    Loss,
    /// The terms that have updates of their own, without it (lazy regularisation as in StyleGAN2: Karras et al., 2020,
    /// arXiv:1912.04958, section 3.1).
    Own,
}

/// The terms of a player, in the order in which they are added up.
#[derive(Default)]
pub(crate) struct Terms {
    all: Vec<HeldTerm>,
}

/// What the terms gave in one update; nothing for those that were not due.
pub(crate) type Given = Vec<Option<Measurements>>;

/// What the terms add to a loss.
pub(crate) struct Added {
    /// The sum of the means of those that are due, if any is.
    pub(crate) sum: Option<Tensor>,
    /// These means, by the names of the terms.
    pub(crate) each: Vec<(&'static str, Tensor)>,
    pub(crate) given: Given,
}

impl Terms {
    pub(crate) fn of_discriminator(run: &Run) -> Self {
        let penalties = run.penalties.iter().map(|config: &PenaltyConfig| HeldTerm {
            term: Box::new(penalty::PenaltyTerm::new(config.clone())),
            name: config.penalty.start().name(),
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

    /// Whether some term has an update of its own beside this update of the player.
    pub(crate) fn has_own(&self, update: u64) -> bool {
        self.all
            .iter()
            .any(|held| held.term.own_interval().is_some_and(|interval| update.is_multiple_of(interval)))
    }

    /// Updates of the adversarial loss as a share of all updates, those of terms on their own included.
    pub(crate) fn share_of_loss(&self) -> f64 {
        let own = self.all.iter().filter_map(|held| held.term.own_interval());
        1.0 / (1.0 + own.map(|interval| 1.0 / interval as f64).sum::<f64>())
    }

    /// The part of a batch that updates of their own are made with, as one over this.
    pub(crate) fn shrink(&self) -> usize {
        let own = self.all.iter().filter(|held| held.term.own_interval().is_some());
        own.map(|held| held.term.shrink()).min().unwrap_or(1)
    }

    /// What a part's terms add; `at` looks with the noise of a term.
    pub(crate) fn evaluate<'a>(&self, part: Part, at: impl Fn(usize) -> At<'a>) -> Result<Added, TrainError> {
        let (mut sum, mut each, mut given) = (None, Vec::new(), Vec::new());
        for (index, held) in self.all.iter().enumerate() {
            if held.term.own_interval().is_some() != (part == Part::Own) {
                given.push(None);
                continue;
            }
            let mut out = Measurements::default();
            let value = held.term.evaluate(&at(index), &mut out)?;
            given.push(value.is_some().then_some(out));
            if let Some(value) = value {
                let mean = value.mean_all()?;
                each.push((held.name, mean.clone()));
                sum = Some(match sum {
                    None => mean,
                    Some(sum) => (sum + mean)?,
                });
            }
        }
        Ok(Added { sum, each, given })
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

    /// For the log: `penalty` is the sum of all penalties, `penalty_norm` what the first one saw, `penalty_exact` the sum
    /// of those that first-order ones stand for; what others measured has names of its own.
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
                    penalty::EXACT => all.sum("penalty_exact", value)?,
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
    let terms = run.terms.iter().filter_map(move |config| Some((config.name(), build(config.spec())?)));
    terms.map(|(name, term)| HeldTerm { term, name, penalty: None, held: Measurements::default() })
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
