//! What came of the suite: tables of both halves.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;

use super::cases::{CASES, Case};
use super::cells::Cell;
use super::outcome::{Half, ended_badly, half};

/// A share with its 95 % interval of Wilson (1927): (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n), z = 1.96.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Share {
    pub(super) some: usize,
    pub(super) of: usize,
}

const Z: f64 = 1.959_963_984_540_054;

impl Share {
    pub(super) fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let n = self.of as f64;
        let p = self.some as f64 / n;
        let (middle, half) = (p + Z * Z / (2.0 * n), Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt());
        let all = 1.0 + Z * Z / n;
        (((middle - half) / all).max(0.0), ((middle + half) / all).min(1.0))
    }

    fn text(self) -> String {
        let (least, most) = self.interval();
        let share = if self.of == 0 { f64::NAN } else { 100.0 * self.some as f64 / self.of as f64 };
        format!("{share:.0} % ({} of {}; {:.0} to {:.0} %)", self.some, self.of, 100.0 * least, 100.0 * most)
    }
}

/// A run, and what came of it.
struct Judged<'a> {
    case: &'static Case,
    cell: &'a Cell,
    bad: bool,
}

/// The report on all runs that are known.
pub(super) fn report(cells: &[Cell]) -> Result<String> {
    let mut text = String::new();
    let judged = judged(cells);
    for (name, which) in [("Reported", Half::Reported), ("Tuned", Half::Tuned)] {
        let some: Vec<&Judged<'_>> = judged.iter().filter(|judged| half(judged.case) == which).collect();
        writeln!(text, "### {name} half\n")?;
        matrix(&some, &mut text)?;
        table(&some, &mut text)?;
    }
    Ok(text)
}

fn judged(cells: &[Cell]) -> Vec<Judged<'_>> {
    let mut distances: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for cell in cells {
        distances.entry(&cell.case).or_default().extend(cell.distance);
    }
    distances.values_mut().for_each(|all| all.sort_by(f64::total_cmp));
    let base = |name: &str| distances.get(name).and_then(|all| all.get(all.len() / 2)).copied();
    let judge = |cell| {
        let case: &Case = CASES.iter().find(|case| Cell::is_of(cell, case.name, case.sets, cell.seed))?;
        let base = case.data.base_case().and_then(base);
        Some(Judged { case, cell, bad: ended_badly(case.data, cell, base)? })
    };
    cells.iter().filter_map(judge).collect()
}

fn matrix(all: &[&Judged<'_>], out: &mut String) -> Result<()> {
    let count = |bad: bool, severe: bool| {
        all.iter().filter(|judged| judged.bad == bad && judged.cell.is_severe() == severe).count()
    };
    writeln!(out, "| Ended | Something severe at the end | Nothing severe |\n|---|---|---|")?;
    writeln!(out, "| badly | {} | {} |", count(true, true), count(true, false))?;
    writeln!(out, "| well | {} | {} |\n", count(false, true), count(false, false))?;
    let (bad, well): (Vec<&Judged<'_>>, Vec<&Judged<'_>>) = all.iter().partition(|judged| judged.bad);
    let share = |some: usize, of: usize| Share { some, of }.text();
    let severe = bad.iter().filter(|judged| judged.cell.is_severe()).count();
    let named: Vec<_> = bad.iter().filter(|judged| !judged.case.symptoms.is_empty()).collect();
    let early = named.iter().filter(|judged| judged.cell.told_early(judged.case.symptoms)).count();
    let alarms = well.iter().filter(|judged| judged.cell.is_severe()).count();
    writeln!(out, "- Runs that ended badly, with something severe at the end: {}", share(severe, bad.len()))?;
    writeln!(
        out,
        "- Runs that were meant to and ended badly, with a right symptom in the first half of the budget: {}",
        share(early, named.len())
    )?;
    writeln!(
        out,
        "- Runs that ended well, with something severe at the end: {}\n",
        share(alarms, well.len())
    )?;
    Ok(())
}

fn table(all: &[&Judged<'_>], out: &mut String) -> Result<()> {
    writeln!(out, "| Case | Meant to | Ended badly | Severe at the end | Told early | Raised at the end |")?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    let mut cases: BTreeMap<&str, Vec<&Judged<'_>>> = BTreeMap::new();
    all.iter().for_each(|judged| cases.entry(judged.case.name).or_default().push(judged));
    for (name, runs) in cases {
        let n = runs.len();
        let count = |which: &dyn Fn(&&&Judged<'_>) -> bool| runs.iter().filter(which).count();
        let case = runs[0].case;
        let meant = if case.symptoms.is_empty() { "go well" } else { "fail" };
        let (bad, severe) = (count(&|run| run.bad), count(&|run| run.cell.is_severe()));
        let early = match case.symptoms {
            [] => String::new(),
            symptoms => format!("{}/{n}", count(&|run| run.cell.told_early(symptoms))),
        };
        let mut raised: BTreeMap<String, usize> = BTreeMap::new();
        for (symptom, severity) in runs.iter().flat_map(|run| &run.cell.raised) {
            *raised.entry(format!("{symptom} ({})", severity.name())).or_default() += 1;
        }
        let raised: Vec<String> =
            raised.into_iter().map(|(what, times)| format!("{what} ×{times}")).collect();
        let raised = raised.join(", ");
        writeln!(out, "| `{name}` | {meant} | {bad}/{n} | {severe}/{n} | {early} | {raised} |")?;
    }
    writeln!(out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Newcombe, 1998, Statistics in Medicine 17, table I, method 3.
    #[test]
    fn intervals_are_those_of_the_literature() {
        let near = |share: Share, wanted: (f64, f64)| {
            let (least, most) = share.interval();
            assert!((least - wanted.0).abs() < 5e-5 && (most - wanted.1).abs() < 5e-5, "{least} {most}");
        };
        near(Share { some: 81, of: 263 }, (0.2553, 0.3662));
        near(Share { some: 15, of: 148 }, (0.0624, 0.1605));
        near(Share { some: 0, of: 20 }, (0.0, 0.1611));
        near(Share { some: 29, of: 29 }, (0.8830, 1.0));
        assert_eq!(Share { some: 0, of: 0 }.interval(), (0.0, 1.0));
    }
}
