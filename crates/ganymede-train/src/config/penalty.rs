//! `[[penalty]]`

use ganymede_losses::Penalty;
use toml::{Table, Value};

use super::bounds;
use super::check::{Check, shown};
use super::file::RunFile;
use super::scheduled::Scheduled;
use super::{LossConfig, Run, section};

/// Keys that are the trainer's, beside those of the penalty itself.
const INTERVAL: &str = "interval";
const SHARE: &str = "share";
const OWN_UPDATE: &str = "own_update";
const CHECK_EVERY: &str = "check_every";

/// A penalty on the discriminator's gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct PenaltyConfig {
    /// Discriminator updates from one evaluation to the next, ≥ 1; it counts as many times there.
    pub interval: u64,
    /// The share of a batch that is looked at, from its beginning, in (0, 1]: at least one sample. The penalty is a mean over
    /// samples, so that a share estimates the same number, with more noise.
    pub share: f64,
    /// Whether it is an update of the optimiser by itself, after the one of the adversarial loss, and the optimiser's rates
    /// make up for that: as in StyleGAN2 (Karras et al., 2020, arXiv:1912.04958, appendix B).
    pub own_update: bool,
    /// Of a first-order penalty: discriminator updates from one look at what the exact one would be to the next, for the log
    /// alone. 0: never.
    pub check_every: u64,
    /// What is evaluated.
    pub penalty: Scheduled<Penalty>,
}

impl PenaltyConfig {
    /// A penalty at every update, of whole batches.
    pub fn every_step(penalty: Penalty) -> Self {
        Self { interval: 1, share: 1.0, own_update: false, check_every: 0, penalty: penalty.into() }
    }

    /// Whether it is a function of the generated samples, which it takes as given: no gradient passes to what made them.
    pub(crate) fn looks_at_generated(&self) -> bool {
        let penalty = self.penalty.start();
        penalty.looks_at_fake() || matches!(penalty, Penalty::WganGp { .. })
    }

    /// Of so many samples (or packs) those that it looks at.
    pub(crate) fn part_of(&self, samples: usize) -> usize {
        ((samples as f64 * self.share).ceil() as usize).clamp(1, samples)
    }

    pub(super) fn write(&self) -> Table {
        let whole = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
        let mut table = self.penalty.write();
        table.insert(INTERVAL.to_owned(), whole(self.interval));
        if self.share < 1.0 {
            table.insert(SHARE.to_owned(), Value::Float(self.share));
        }
        if self.own_update {
            table.insert(OWN_UPDATE.to_owned(), Value::Boolean(true));
        }
        if self.check_every > 0 {
            table.insert(CHECK_EVERY.to_owned(), whole(self.check_every));
        }
        table
    }
}

pub(super) fn resolve(file: &RunFile, steps: u64, check: &mut Check) -> Vec<PenaltyConfig> {
    let entries = file.penalty.iter().flatten().enumerate();
    entries.filter_map(|(index, entry)| one(&format!("penalty.{index}"), entry, steps, check)).collect()
}

fn one(section: &str, entry: &Table, steps: u64, check: &mut Check) -> Option<PenaltyConfig> {
    let mut settings = entry.clone();
    let mut count = |name: &str, usual: u64| {
        let key = format!("{section}.{name}");
        match settings.remove(name) {
            None => usual,
            Some(Value::Integer(n)) if n >= 0 => check.count(&key, Some(n as u64), usual),
            Some(other) => strange(&key, &other, usual, check),
        }
    };
    let (interval, check_every) = (count(INTERVAL, 1), count(CHECK_EVERY, 0));
    let key = format!("{section}.{SHARE}");
    let share = match settings.remove(SHARE) {
        None => 1.0,
        Some(Value::Float(x)) => check.number(&key, Some(x), 1.0),
        Some(Value::Integer(n)) => check.number(&key, Some(n as f64), 1.0),
        Some(other) => strange(&key, &other, 1.0, check),
    };
    let own_update = match settings.remove(OWN_UPDATE) {
        None => false,
        Some(Value::Boolean(own)) => own,
        Some(other) => {
            check.add(&format!("{section}.{OWN_UPDATE}"), format!("found {other}, expected true or false"));
            false
        }
    };
    let penalty: Scheduled<Penalty> =
        section::scheduled(section, &settings, (Penalty::NAMES, None), steps, check)?;
    let why = "compares a first-order penalty with the exact one, which this is; leave it out";
    check.refuse(
        &format!("{section}.{CHECK_EVERY}"),
        check_every > 0 && penalty.start().exact().is_none(),
        why,
    );
    Some(PenaltyConfig { interval, share, own_update, check_every, penalty })
}

/// Says that a value is of the wrong kind.
fn strange<T>(key: &str, found: &Value, usual: T, check: &mut Check) -> T {
    let shown = found.as_float().map_or_else(|| found.to_string(), shown);
    check.add(key, format!("found {shown}, expected {}", bounds::of(key).words()));
    usual
}

/// Refuses a share of a batch where what is said of a sample depends on the whole of it.
pub(super) fn check(run: &Run, check: &mut Check) {
    let traits = run.discriminator.traits();
    let why = match &run.loss {
        LossConfig::OfFeatures(_) => "the witness of the loss is a function of the whole batch",
        LossConfig::OfScores(_) if traits.mixes_batch || traits.sees_batch => {
            "the discriminator looks across the batch: use another normalisation, no features of it"
        }
        LossConfig::OfScores(_) => return,
    };
    for (index, penalty) in run.penalties.iter().enumerate() {
        check.refuse(&format!("penalty.{index}.{SHARE}"), penalty.share < 1.0, why);
    }
}
