//! `[scheme]`, and what joins several networks' losses or both players' weights.

use ganymede_losses::AdversarialLoss;
use ganymede_losses::gman::Aggregate;
use toml::{Table, Value};

use super::bounds;
use super::check::{Check, shown};
use super::file::{LossFile, OptimizersFile};
use super::section::{check_number, course, kind_of, read_settings, settings_of};
use super::{Lookahead, LossConfig, NCritic, Run, write_course};
use crate::trainer::scheme::{SCHEMES, SchemeConfig, SchemeKind};

const USUAL_ALPHA: f64 = 0.5;

/// The scheme; the first of all where none is typed.
pub(super) fn scheme(table: &Table, check: &mut Check) -> SchemeConfig {
    const SECTION: &str = "scheme";
    let typed = kind_of(SECTION, table, check);
    let options: Vec<(&str, &'static SchemeKind)> = SCHEMES.iter().map(|kind| (kind.name, *kind)).collect();
    let before = check.problems.len();
    let kind = check.choose("scheme.kind", typed, SCHEMES[0], &options);
    if check.problems.len() > before {
        // Whose settings they are is not known.
        return SchemeConfig::usual(kind);
    }
    for (key, value) in settings_of(table) {
        check_number(&format!("{SECTION}.{key}"), &value, check);
    }
    let Some(spec) = read_settings(SECTION, kind.name, &settings_of(table), kind.read, check) else {
        return SchemeConfig::usual(kind);
    };
    SchemeConfig::new(kind, spec)
}

/// What the generator makes of several discriminators.
pub(super) fn aggregate(file: &LossFile, check: &mut Check) -> Aggregate {
    let lambda = check.number("loss.lambda", file.lambda, 1.0);
    let options = [Aggregate::Mean, Aggregate::Softmax { lambda }, Aggregate::Max].map(|a| (a.name(), a));
    let chosen = check.choose("loss.members", file.members.as_deref(), Aggregate::Mean, &options);
    let is_soft = matches!(chosen, Aggregate::Softmax { .. });
    let why = "belongs to loss.members = \"softmax\"; leave it out";
    check.refuse("loss.lambda", !is_soft && file.lambda.is_some(), why);
    chosen
}

/// How often the discriminator moves.
pub(super) fn n_critic(file: &OptimizersFile, steps: u64, check: &mut Check) -> NCritic {
    const KEY: &str = "optimizer.n_critic";
    let ratio = file.n_critic_ratio.map(|ratio| check.number("optimizer.n_critic_ratio", Some(ratio), 1.0));
    let fixed = |most| NCritic { ratio, ..NCritic::fixed(most) };
    match &file.n_critic {
        None => fixed(1),
        Some(Value::Table(table)) => {
            let Some(course) = course(KEY, table, steps, check) else { return fixed(1) };
            let most = course.extremes().into_iter().fold(1.0, f64::max).round() as u64;
            NCritic { most, course: Some(course), ratio }
        }
        Some(Value::Integer(n)) => fixed(check.count(KEY, Some(u64::try_from(*n).unwrap_or(0)), 1)),
        Some(other) => {
            let found = other.as_float().map_or_else(|| other.to_string(), shown);
            check.add(
                KEY,
                format!("found {found}, expected {}, or the table of a course", bounds::of(KEY).words()),
            );
            fixed(1)
        }
    }
}

/// As a file says it.
pub(super) fn write_n_critic(n_critic: &NCritic) -> Value {
    match &n_critic.course {
        Some(course) => write_course(course),
        None => Value::Integer(i64::try_from(n_critic.most).unwrap_or(i64::MAX)),
    }
}

/// Refuses parts of a batch where their mean is not what the whole batch gives.
pub(super) fn accumulation(run: &Run, check: &mut Check) {
    if run.accumulate == 1 {
        return;
    }
    let networks = [("generator", run.generator.traits()), ("discriminator", run.discriminator.traits())];
    let mut reasons: Vec<String> = networks
        .into_iter()
        .filter(|(_, traits)| traits.mixes_batch || traits.sees_batch)
        .map(|(player, _)| {
            format!("the {player} looks across the batch: use another normalisation, no features of it")
        })
        .collect();
    match run.loss {
        LossConfig::OfScores(AdversarialLoss::RelativisticAverage) => reasons.push(
            "the loss compares with the mean score of the batch: use \"relativistic-paired\"".to_owned(),
        ),
        LossConfig::OfFeatures(_) => {
            reasons.push("the loss compares all samples of the batch with one another".to_owned());
        }
        LossConfig::OfScores(_) => {}
    }
    if run.scheme.kind().name != SCHEMES[0].name {
        reasons.push(format!("batches are taken in parts by scheme.kind = \"{}\" alone", SCHEMES[0].name));
    }
    reasons.into_iter().for_each(|reason| check.add("optimizer.accumulate", reason));
}

/// The average that both players are drawn back to.
pub(super) fn lookahead(file: &OptimizersFile, check: &mut Check) -> Option<Lookahead> {
    let every = check.count("optimizer.lookahead", file.lookahead, 0);
    let alpha = check.number("optimizer.lookahead_alpha", file.lookahead_alpha, USUAL_ALPHA);
    let why = "belongs to optimizer.lookahead, which is off; leave it out";
    check.refuse("optimizer.lookahead_alpha", every == 0 && file.lookahead_alpha.is_some(), why);
    (every > 0).then_some(Lookahead { every, alpha })
}
