//! `ganymede study failures`: runs that are meant to fail and runs that are meant to go well, and what the doctor says of
//! them.

mod cases;
mod cells;
mod data;
mod outcome;
mod report;

use std::collections::VecDeque;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use anyhow::{Context, Result, bail};
use ganymede_train::monitor::{Alert, Doctor};
use ganymede_train::{Layers, Metric, Observer, Outcome, Run, StopReason, Trainer};

use crate::bench::process;
use crate::diagnose::own;
use crate::study::crew;
use crate::words::Misuse;
use crate::{Exit, interrupt, machine, numbers, words};
use cases::{CASES, Case};
use cells::{Cell, Cells, Said};

pub(super) const EXAMPLES: &str = "\
Examples:
  ganymede study failures                       every case with three seeds, and the report
  ganymede study failures ring-base ring-minimax --seeds 0
  ganymede study failures --report              the report on what was made
  ganymede study failures --keep-runs           histories stay, so that rules can be changed and tried on them:
  ganymede study failures --again

What is made is not made again. docs/doctor.md says what the cases are, and how they are judged.";

const DIVERGENCE: &str = "divergence";

#[derive(Debug, clap::Args)]
pub(crate) struct FailuresArgs {
    /// Names of cases, or what they begin with [default: all]
    names: Vec<String>,
    /// Seeds: one, or as 0..3 the first and the one behind the last
    #[arg(long, value_name = "A..B", default_value = "0..3", value_parser = numbers::seeds)]
    seeds: Range<u64>,
    /// Runs at a time, each with one thread
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = numbers::jobs)]
    jobs: usize,
    /// Where failures.json goes
    #[arg(long, value_name = "DIR", default_value = "docs/doctor")]
    out: PathBuf,
    /// Where the runs lie while they go on
    #[arg(long, value_name = "DIR", default_value = "runs/failures")]
    runs: PathBuf,
    /// Leave runs where they are
    #[arg(long)]
    keep_runs: bool,
    /// Make no runs
    #[arg(long)]
    report: bool,
    /// Make no runs: judge those that were kept again, by the rules of this program
    #[arg(long)]
    again: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CaseArgs {
    /// Its name
    case: String,
    #[arg(long)]
    seed: u64,
    /// Its folder
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn run(args: &FailuresArgs) -> Result<Exit> {
    let chosen = chosen(&args.names)?;
    let cells = Cells::of(&args.out);
    let known = cells.read()?;
    let mut left: VecDeque<(&Case, u64)> = VecDeque::new();
    if args.again {
        judge_again(args, &chosen, &cells)?;
    }
    for seed in args.seeds.clone().filter(|_| !args.report && !args.again) {
        let is_left = |case: &&&Case| !known.iter().any(|cell| cell.is_of(case.name, case.sets, seed));
        left.extend(chosen.iter().filter(is_left).map(|case| (*case, seed)));
    }
    // All of them before the first begins: a mistake shows at once.
    left.iter().try_for_each(|(case, seed)| configured(case, *seed).map(drop))?;
    if !left.is_empty() {
        fs::create_dir_all(&args.out).with_context(|| format!("cannot make {}", args.out.display()))?;
        fs::create_dir_all(&args.runs).with_context(|| format!("cannot make {}", args.runs.display()))?;
        words::say(&format!("{} runs to be made", left.len()));
        interrupt::ask_politely("waiting for the runs that go on");
    }
    let suite = Suite { args, cells: Mutex::new(cells) };
    let name = |(case, seed): &(&Case, u64)| folder_name(case, *seed);
    let make = |(case, seed): &(&Case, u64), name: &str| suite.make(case, *seed, &args.runs.join(name));
    let failed = crew::work_off(left, args.jobs, name, make);
    if interrupt::requested() {
        words::say("the same command goes on with what is left");
        return Ok(Exit::Interrupted);
    }
    words::result(&report::report(&suite.cells().read()?)?);
    match failed {
        0 => Ok(Exit::Done),
        failed => bail!("{failed} runs could not be made; the others are written down"),
    }
}

fn chosen(names: &[String]) -> Result<Vec<&'static Case>> {
    if let Some(unknown) = names.iter().find(|name| !CASES.iter().any(|case| case.name.starts_with(*name))) {
        let all: Vec<&str> = CASES.iter().map(|case| case.name).collect();
        return Err(Misuse(format!("there is no case `{unknown}`: choose from {}", all.join(", "))).into());
    }
    let is_chosen = |case: &&Case| names.is_empty() || names.iter().any(|name| case.name.starts_with(name));
    Ok(CASES.iter().filter(is_chosen).collect())
}

fn folder_name(case: &Case, seed: u64) -> String {
    format!("{}-seed{seed}", case.name)
}

/// Plays the histories of runs that were kept to a doctor, and writes down what it says in place of what was said.
fn judge_again(args: &FailuresArgs, chosen: &[&Case], cells: &Cells) -> Result<()> {
    let mut all = cells.read()?;
    for cell in &mut all {
        let is_chosen = |case: &&&Case| cell.is_of(case.name, case.sets, cell.seed);
        let Some(case) = chosen.iter().find(is_chosen).filter(|_| args.seeds.contains(&cell.seed)) else {
            continue;
        };
        let folder = args.runs.join(folder_name(case, cell.seed));
        if !folder.is_dir() {
            words::say(&format!("{} was not kept", folder.display()));
            continue;
        }
        let (series, looks) = own::history(&folder)?;
        let mut doctor = Doctor::new(None);
        // That a run ended in what is no number is no rule's to say.
        cell.said.retain(|said| cell.diverged && said.symptom == DIVERGENCE);
        cell.said.extend(looks.iter().flat_map(|step| doctor.look(*step, &series)).map(Said::from));
        cell.raised.retain(|(symptom, _)| cell.diverged && symptom == DIVERGENCE);
        cell.raised.extend(doctor.raised().into_iter().map(|alert| (alert.symptom, alert.severity)));
    }
    cells.write(&all)
}

fn configured(case: &Case, seed: u64) -> Result<Run> {
    let mut layers = Layers::text(case.data.base(), case.name, None)?;
    layers.set(case.sets)?;
    layers.set(&[format!("run.seed={seed}"), "run.threads=1".to_owned()])?;
    Ok(layers.resolve()?)
}

/// A suite that goes on.
struct Suite<'a> {
    args: &'a FailuresArgs,
    cells: Mutex<Cells>,
}

impl Suite<'_> {
    fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().expect("nobody panics with it")
    }

    /// Makes a run in a process of its own and writes it down: how it ended, and nothing where it was stopped.
    fn make(&self, case: &Case, seed: u64, folder: &Path) -> Result<Option<String>> {
        // What an earlier suite has left there is not this run.
        if folder.exists() {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        let answer = crew::answer_of::<Cell>(|command| {
            command.args(["study-case", case.name, "--seed", &seed.to_string(), "--out"]).arg(folder);
        })?;
        let Some(cell) = answer else { return Ok(None) };
        let told = told(&cell);
        self.cells().add(cell)?;
        if !self.args.keep_runs {
            fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        Ok(Some(told))
    }
}

/// A run in a line.
fn told(cell: &Cell) -> String {
    let raised: Vec<String> =
        cell.raised.iter().map(|(symptom, severity)| format!("{symptom} ({})", severity.name())).collect();
    let value =
        |name: &str, value: Option<f64>| value.map(|x| format!(", {name} {x:.3}")).unwrap_or_default();
    format!(
        "{}{}{}{}, {:.1} s: {}",
        if cell.diverged { "diverged" } else { "completed" },
        value("covered", cell.covered),
        value("high quality", cell.high_quality),
        value("distance", cell.distance),
        cell.seconds,
        if raised.is_empty() { "nothing".to_owned() } else { raised.join(", ") },
    )
}

/// `ganymede study-case`: one run of the suite.
pub(crate) fn worker(args: &CaseArgs) -> Result<Exit> {
    let case = CASES.iter().find(|case| case.name == args.case).context("there is no such case")?;
    let run = configured(case, args.seed)?;
    machine::start_threads(run.threads)?;
    interrupt::ask_politely("ending this run");
    let mut trainer = Trainer::new(&run, &args.out)?;
    let summary = trainer.run(&mut Quiet)?;
    if summary.outcome == (Outcome::Stopped { reason: StopReason::Requested }) {
        return Ok(Exit::Interrupted);
    }
    let text = fs::read_to_string(trainer.folder().alerts())?;
    let alerts: Vec<Alert> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let (covered, high_quality) = match summary.metric {
        Some(Metric::ModeCoverage { modes_covered, modes, high_quality, .. }) => {
            (Some(modes_covered as f64 / modes as f64), Some(high_quality))
        }
        _ => (None, None),
    };
    let distance = match summary.metric {
        Some(Metric::SlicedWasserstein { distance, .. }) => Some(distance),
        _ => None,
    };
    let usage = process::usage();
    let cell = Cell {
        case: case.name.to_owned(),
        sets: case.sets.iter().map(|set| (*set).to_owned()).collect(),
        seed: args.seed,
        steps: summary.steps,
        diverged: matches!(summary.outcome, Outcome::Diverged { .. }),
        covered,
        high_quality: high_quality.filter(|x| x.is_finite()),
        distance: distance.filter(|x| x.is_finite()),
        said: alerts.into_iter().map(Said::from).collect(),
        raised: summary.alerts.into_iter().map(|alert| (alert.symptom, alert.severity)).collect(),
        seconds: usage.user_seconds.unwrap_or(0.0) + usage.system_seconds.unwrap_or(0.0),
    };
    words::result(&serde_json::to_string(&cell)?);
    Ok(Exit::Done)
}

/// Shows nothing, and hears of an end.
struct Quiet;

impl Observer for Quiet {
    fn stop_requested(&mut self) -> bool {
        interrupt::requested()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use ganymede_train::monitor::SYMPTOMS;

    use super::data::Data;
    use super::outcome::{Half, half};
    use super::*;

    #[test]
    fn the_suite_is_large_and_of_both_kinds_in_both_halves() {
        let names: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES.len());
        let count = |bad: bool, which: Half| {
            CASES.iter().filter(|case| case.symptoms.is_empty() != bad && half(case) == which).count()
        };
        let counts =
            [(true, Half::Tuned), (true, Half::Reported), (false, Half::Tuned), (false, Half::Reported)]
                .map(|(bad, which)| count(bad, which));
        assert!(counts.iter().all(|count| *count >= 5), "{counts:?}");
        assert!(counts[0] + counts[1] >= 15 && counts[2] + counts[3] >= 15, "{counts:?}");
        assert!(CASES.iter().all(|case| case.data != Data::Clothes || half(case) == Half::Reported));
        for case in CASES {
            assert!(case.data.base_case().is_none_or(|base| names.contains(base)), "{}", case.name);
        }
    }

    #[test]
    fn every_case_is_a_run_and_names_symptoms_that_there_are() {
        for case in CASES {
            configured(case, 0).unwrap_or_else(|error| panic!("{}: {error}", case.name));
            for symptom in case.symptoms {
                assert!(SYMPTOMS.iter().any(|known| known.name == *symptom), "{symptom}");
            }
        }
    }
}
