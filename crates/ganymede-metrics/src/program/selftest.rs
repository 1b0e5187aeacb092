//! `selftest`

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use crate::{Outcome, SELFTEST_CHECKS, SelfTest, Verdict, selftest};

use super::answer::{Exit, Json};
use super::args::SelfTestArgs;
use super::progress::Progress;
use super::words;

pub(crate) fn run(args: &SelfTestArgs, json: &Json) -> Result<Exit> {
    let only: Vec<&str> = args.check.iter().map(String::as_str).collect();
    let checks = if only.is_empty() { SELFTEST_CHECKS.len() } else { only.len() };
    let mut progress = Progress::new(args.quiet, "trying measures", "checks", checks as u64);
    let mut at = 0;
    let found = selftest(args.repeats, args.seed, &only, &mut || {
        at += 1;
        progress.at(at);
    })?;
    drop(progress);
    let shown = if args.quiet { Ok(()) } else { words::result(&table(&found)) };
    json.write(|| json!({ "schema": 1, "outcome": "done", "selftest": found, "exit_status": 0 }))?;
    shown.map(|()| Exit::Done)
}

/// From this share of equal verdicts on chance is not said to decide.
const CERTAIN: f64 = 0.95;

/// A check a row, a measure a column; the published verdict in brackets where it is another.
fn table(found: &SelfTest) -> String {
    let names: Vec<String> =
        found.outcomes.iter().map(|o| format!("{}: {}", o.check, o.desideratum)).collect();
    let width = names.iter().map(String::len).max().unwrap_or(0);
    let mut lines = vec!["Columns:".to_owned()];
    for (at, tried) in found.measures.iter().enumerate() {
        let what = if tried.of_fidelity { "fidelity" } else { "diversity" };
        lines.push(format!("  {}  {} ({what})", letter(at), tried.name));
    }
    let head: String = (0..found.measures.len()).map(|at| format!("  {}    ", letter(at))).collect();
    lines.push(String::new());
    lines.push(format!("{:<width$}{}", "", head.trim_end()));
    for (name, outcome) in names.iter().zip(&found.outcomes) {
        let cells = (0..found.measures.len()).map(|at| format!("{:<7}", cell(outcome, at)));
        let cells: String = cells.collect();
        lines.push(format!("{name:<width$}  {}", cells.trim_end()));
    }
    lines.push(String::new());
    lines.push(
        "T as it should be, F not, L or H as a low or a high measure of diversity should; in brackets what was".into(),
    );
    lines.push("published, where that is another: Räisä et al., 2025, arXiv:2505.22450.".into());
    if found.repeats > 1 {
        lines.push("~ where chance decides: resampled repetitions say otherwise in more than 5 %.".into());
    }
    lines.push(agreement(found));
    lines.push(String::new());
    for (at, tried) in found.measures.iter().enumerate() {
        let verdicts: Vec<Verdict> = found.outcomes.iter().filter_map(|o| o.verdicts[at]).collect();
        let passed = verdicts.iter().filter(|verdict| **verdict != Verdict::Fail).count();
        lines.push(format!("{:<26} passes {passed:>2} of {}", tried.name, verdicts.len()));
    }
    lines.join("\n")
}

fn agreement(found: &SelfTest) -> String {
    let (mut both, mut alike, mut by_chance) = (0, 0, 0);
    for (outcome, at) in found.outcomes.iter().flat_map(|o| (0..o.verdicts.len()).map(move |at| (o, at))) {
        let (Some(ours), Some(published)) = (outcome.verdicts[at], outcome.published[at]) else { continue };
        both += 1;
        alike += usize::from(ours == published);
        by_chance += usize::from(ours != published && is_by_chance(outcome, at));
    }
    let mut line = format!(
        "{alike} of {both} verdicts are the published ones ({} repetitions here, 10 there)",
        found.repeats
    );
    if found.repeats > 1 && alike < both {
        let _ = write!(line, "; of the other {}, chance decides {by_chance}", both - alike);
    }
    line + "."
}

fn is_by_chance(outcome: &Outcome, at: usize) -> bool {
    outcome.certainty[at].is_some_and(|share| share < CERTAIN)
}

fn letter(at: usize) -> char {
    char::from(b'a' + at as u8)
}

fn cell(outcome: &Outcome, at: usize) -> String {
    let word = |verdict| match verdict {
        Verdict::Pass => "T",
        Verdict::Fail => "F",
        Verdict::Low => "L",
        Verdict::High => "H",
    };
    let mark = if is_by_chance(outcome, at) { "~" } else { "" };
    match (outcome.verdicts[at], outcome.published[at]) {
        (Some(ours), Some(published)) if ours != published => {
            format!("{}{mark} ({})", word(ours), word(published))
        }
        (Some(ours), _) => format!("{}{mark}", word(ours)),
        (None, _) => "-".to_owned(),
    }
}
