//! `[augment]`, the kinds of `ganymede-augment`, and `data.augment`, which leaks.

use ganymede_augment::{AugmentConfig, AugmentError, Heuristic, Part};
use toml::{Table, Value};

use super::Run;
use super::check::Check;
use super::nearest::hint;
use super::scheduled::Scheduled;
use super::section;
use crate::trainer::undecided;

const SECTION: &str = "augment";

/// What is done to all that the discriminator sees.
pub(super) fn resolve(table: &Table, steps: u64, check: &mut Check) -> Scheduled<AugmentConfig> {
    let names = (AugmentConfig::NAMES, Some(AugmentConfig::NAMES[0]));
    let before = check.problems.len();
    let why = "is one number for the whole run";
    check.refuse("augment.held_out", matches!(table.get("held_out"), Some(Value::Table(_))), why);
    let scheduled = section::scheduled::<AugmentConfig>(SECTION, table, names, steps, check);
    let scheduled = scheduled.unwrap_or_else(|| AugmentConfig::None {}.into());
    // What its own crate knows, where nothing is wrong with a setting by itself.
    if check.problems.len() == before
        && let Err(AugmentError::Setting { setting, reason }) = scheduled.start().validate()
    {
        check.add(&format!("{SECTION}.{setting}"), reason);
    }
    scheduled.map(AugmentConfig::filled)
}

/// The section that resolves to it; of nothing that is done none, as before there was one.
pub(super) fn write(augment: &Scheduled<AugmentConfig>) -> Table {
    if augment.start().is_none() { Table::new() } else { augment.write() }
}

/// `data.augment`: parts by name, each at most once.
pub(super) fn parts(typed: &[String], toy: bool, check: &mut Check) -> Vec<Part> {
    const KEY: &str = "data.augment";
    let mut parts = Vec::new();
    for name in typed {
        match Part::NAMES.iter().find(|(known, _)| known == name) {
            Some((_, part)) if parts.contains(part) => {
                check.add(KEY, format!("has `{name}` twice; give each part once"))
            }
            Some((_, part)) => parts.push(*part),
            None => {
                let names: Vec<&str> = Part::NAMES.iter().map(|(name, _)| *name).collect();
                check.add(KEY, format!("there is no `{name}`{}", hint(name, &names)));
            }
        }
    }
    check.refuse(KEY, toy && !parts.is_empty(), "only images can be changed so; leave it out");
    parts
}

/// What augmentation asks of the rest of the run.
pub(super) fn check(run: &Run, check: &mut Check) {
    let paired = run.data.pairs.is_some();
    let why = "data.pairs gives each image one beside it, which would have to be changed alike; leave one of the two out";
    check.refuse("data.augment", paired && !run.data.augment.is_empty(), why);
    let augment = run.augment.start();
    if augment.is_none() {
        return;
    }
    // Noise moves nothing from its place beside the other image.
    let is_noise = matches!(augment, AugmentConfig::InstanceNoise { .. } | AugmentConfig::Diffusion { .. });
    check.refuse("augment.kind", paired && !is_noise, why);
    // Of networks that grow, the smallest images that they will see.
    let mut io = run.data.presumed_io();
    if run.growth.is_some() {
        let stages = run.generator.stages(&io);
        io = io.at_stage(run.growth_at(0).stage_of(stages), stages);
    }
    if let Err(error) = augment.check_sample(&io.sample) {
        check.add("augment.kind", format!("`{}`: {error}", augment.name()));
    }
    let sign = augment.adaptive().is_some_and(|adaptive| adaptive.heuristic == Heuristic::Sign);
    if sign && undecided(&run.loss).is_none() {
        let compares = run.loss.of_scores().is_some();
        let or = if matches!(augment, AugmentConfig::Ada { .. }) && compares {
            ", or heuristic = \"r_v\""
        } else {
            ""
        };
        let reason = format!(
            "r_t is the sign of the score of real samples, and scores of `{}` have no border between real and generated; \
             give a number{or}",
            run.loss.name()
        );
        check.add("augment.p", reason);
    }
    let validates = augment.adaptive().is_some_and(|adaptive| adaptive.heuristic == Heuristic::HeldOut);
    if let (true, Some(loss)) = (validates, run.loss.of_features()) {
        let reason = format!("r_v compares mean scores, and `{loss}` has none; give augment.p a number");
        check.add("augment.heuristic", reason);
    }
    if matches!(augment, AugmentConfig::Apa { .. }) && run.loss.needs_real_for_generator() {
        let reason = format!(
            "`{}` shows real samples to the generator, too, which apa replaces in the discriminator's updates only; use a \
             loss that does not compare, such as non-saturating",
            run.loss.name()
        );
        check.add("augment.kind", reason);
    }
}
