//! Combinations that are allowed, and known to train badly: named before a run begins, with who found it and what to set
//! instead.
//!
//! A rule is a static in the file of its subject and a line in [`RULES`]. It looks at the configuration alone; what a run
//! shows while it trains is another matter. Presets, which are as their papers published them, break none.

mod augmentation;
mod averages;
mod conditions;
mod critics;
mod lengths;
mod norms;

use std::fmt;

use serde::Serialize;

use super::Run;

/// A trap that a configuration is in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Warning {
    /// The name of the rule, by which `run.silence` silences it.
    pub rule: &'static str,
    /// What is likely to go wrong, and why.
    pub words: String,
    /// Who found that.
    pub paper: &'static str,
    /// What to set instead, best first: each is what `--set` takes.
    pub remedies: Vec<String>,
}

impl fmt::Display for Warning {
    /// The words, the paper, the remedies as they are typed, and the name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.words, self.paper)?;
        for (at, remedy) in self.remedies.iter().enumerate() {
            let lead = if at == 0 { ": try" } else { ", or" };
            write!(f, "{lead} --set '{remedy}'")?;
        }
        write!(f, " [{}]", self.rule)
    }
}

/// Something that is known to train badly.
pub(super) struct Rule {
    name: &'static str,
    paper: &'static str,
    find: fn(&Run) -> Option<Found>,
}

/// What a rule has against a configuration.
struct Found {
    words: String,
    remedies: Vec<String>,
}

impl Found {
    fn new(words: impl Into<String>, remedies: &[&str]) -> Self {
        Self { words: words.into(), remedies: remedies.iter().map(|remedy| (*remedy).to_owned()).collect() }
    }
}

static RULES: [&Rule; 18] = [
    &norms::BATCH_NORM_UNDER_PENALTY,
    &norms::BATCH_NORM_OF_FEW,
    &norms::STDDEV_GROUP,
    &critics::UNCONSTRAINED_CRITIC,
    &critics::UNCONSTRAINED_FEATURES,
    &critics::UNPENALISED_RELATIVISTIC,
    &critics::CRITIC_MOMENTUM,
    &critics::WEIGHT_CLIP,
    &critics::SATURATING_LOSS,
    &critics::STYLEGAN2_GAMMA,
    &critics::LAZY_RATES,
    &critics::HIGH_RATE,
    &augmentation::AUGMENTED_REALS,
    &augmentation::LECAM_BESIDE_ADA,
    &conditions::UNREAD_CONDITION,
    &averages::SLOW_AVERAGE,
    &lengths::UNFINISHED_GROWTH,
    &lengths::FEW_LATENTS,
];

/// The names of all rules, which `run.silence` takes.
pub fn lint_rules() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.name).collect()
}

impl Run {
    /// Known traps in this configuration, but for those that `run.silence` names. Nothing is refused.
    pub fn warnings(&self) -> Vec<Warning> {
        let found = RULES.iter().filter_map(|rule| {
            let found = (rule.find)(self)?;
            Some(Warning { rule: rule.name, words: found.words, paper: rule.paper, remedies: found.remedies })
        });
        found.filter(|warning| !self.silence.iter().any(|name| name == warning.rule)).collect()
    }
}

#[cfg(test)]
mod tests;
