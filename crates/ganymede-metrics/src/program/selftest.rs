//! `selftest`

use anyhow::Result;
use serde_json::json;

use crate::{SELFTEST_CHECKS, SelfTest, Verdict, selftest};

use super::answer::{Exit, Json};
use super::args::SelfTestArgs;
use super::progress::Progress;
use super::words;

pub(crate) fn run(args: &SelfTestArgs, json: &Json) -> Result<Exit> {
    let mut progress = Progress::new(args.quiet, "trying measures", "checks", SELFTEST_CHECKS as u64);
    let mut at = 0;
    let found = selftest(args.repeats, args.seed, &mut || {
        at += 1;
        progress.at(at);
    })?;
    drop(progress);
    let shown = if args.quiet { Ok(()) } else { words::result(&table(&found)) };
    json.write(|| json!({ "schema": 1, "outcome": "done", "selftest": found, "exit_status": 0 }))?;
    shown.map(|()| Exit::Done)
}

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
    let head: String = (0..found.measures.len()).map(|at| format!("  {}   ", letter(at))).collect();
    lines.push(String::new());
    lines.push(format!("{:<width$}{}", "", head.trim_end()));
    for (name, outcome) in names.iter().zip(&found.outcomes) {
        let cells = outcome.verdicts.iter().zip(&outcome.published);
        let cells: String =
            cells.map(|(ours, published)| format!("{:<6}", cell(*ours, *published))).collect();
        lines.push(format!("{name:<width$}  {}", cells.trim_end()));
    }
    lines.push(String::new());
    lines.push(
        "T as it should be, F not, L or H as a low or a high measure of diversity should; in brackets what was".into(),
    );
    lines.push("published, where that is another: Räisä et al., 2025, arXiv:2505.22450.".into());
    lines.push(agreement(found));
    lines.push(String::new());
    for (at, tried) in found.measures.iter().enumerate() {
        let verdicts: Vec<Verdict> = found.outcomes.iter().filter_map(|o| o.verdicts[at]).collect();
        let passed = verdicts.iter().filter(|verdict| **verdict != Verdict::Fail).count();
        lines.push(format!("{:<24} passes {passed:>2} of {}", tried.name, verdicts.len()));
    }
    lines.join("\n")
}

fn agreement(found: &SelfTest) -> String {
    let pairs = found.outcomes.iter().flat_map(|outcome| outcome.verdicts.iter().zip(&outcome.published));
    let both: Vec<bool> = pairs.filter_map(|(ours, published)| Some((*ours)? == (*published)?)).collect();
    let alike = both.iter().filter(|is| **is).count();
    format!(
        "{alike} of {} verdicts are the published ones ({} repetitions here, 10 there).",
        both.len(),
        found.repeats
    )
}

fn letter(at: usize) -> char {
    char::from(b'a' + at as u8)
}

fn cell(ours: Option<Verdict>, published: Option<Verdict>) -> String {
    let word = |verdict| match verdict {
        Verdict::Pass => "T",
        Verdict::Fail => "F",
        Verdict::Low => "L",
        Verdict::High => "H",
    };
    match (ours, published) {
        (Some(ours), Some(published)) if ours != published => format!("{} ({})", word(ours), word(published)),
        (Some(ours), _) => word(ours).to_owned(),
        (None, _) => "-".to_owned(),
    }
}
