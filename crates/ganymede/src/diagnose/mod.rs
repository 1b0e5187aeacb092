//! `ganymede diagnose`: what is wrong with a run that another program trained, or this one.

mod columns;
mod events;
mod gathered;
mod grids;
pub(crate) mod own;
mod samples;
mod tables;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ganymede_train::monitor::{Alert, AlertState, Diagnosis, diagnose};
use serde_json::{Value, json};

use crate::words::{self, Misuse};
use crate::{Exit, numbers};
use gathered::{Columns, Gathered};
use grids::Grid;
use samples::Samples;

pub(crate) const EXAMPLES: &str = "\
Examples:
  ganymede diagnose runs/quickstart-1                    a run of ours: its logs, measurements and monitor
  ganymede diagnose experiments/dcgan/tensorboard        event files of any trainer
  ganymede diagnose log.csv --column loss_d=errD         a table; a name that is not known is given
  ganymede diagnose training-runs/00000/stats.jsonl training-runs/00000/tensorboard
  ganymede diagnose samples/ --real real_samples.png     grids alone: whether samples are all alike

Columns of the common trainers are known by name (--columns lists what rules can read). More shows more: losses alone
show divergence and oscillation; scores on real, generated and held-out samples, gradient norms and grids of samples
show the rest. What could not be seen is said, and what would show it.

Exit status: 0 whatever was found, 1 failed, 2 used wrongly or a column that has to be named.";

#[derive(Debug, clap::Args)]
pub(crate) struct DiagnoseArgs {
    /// What there is of one run: run folders of ours, TensorBoard event files or folders of them, .csv, .tsv, .jsonl, folders of
    /// sample grids
    #[arg(required_unless_present = "columns", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Which column a series is read off, where its name does not say so; may be repeated
    #[arg(long = "column", value_name = "SERIES=COLUMN")]
    given: Vec<String>,
    /// The column that counts steps
    #[arg(long, value_name = "COLUMN")]
    step: Option<String>,
    /// Pixels of a sample in a grid, where no lines between samples show it
    #[arg(long, value_name = "N", value_parser = numbers::side)]
    tile: Option<u32>,
    /// A grid of real samples, to compare the diversity of generated ones with
    #[arg(long, value_name = "FILE")]
    real: Option<PathBuf>,
    /// List the series that rules read, and stop
    #[arg(long)]
    columns: bool,
    /// Print the diagnosis as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(args: &DiagnoseArgs) -> Result<Exit> {
    if args.columns {
        words::result(&columns::series().join("\n"));
        return Ok(Exit::Done);
    }
    let gathered = gather(args)?;
    if gathered.series.names().next().is_none() {
        return Err(question(&gathered, args).into());
    }
    let found = diagnose(&gathered.series);
    if args.json {
        words::result(&object(&gathered, &found).to_string());
    } else {
        tell(&gathered, &found);
    }
    Ok(Exit::Done)
}

fn gather(args: &DiagnoseArgs) -> Result<Gathered> {
    let given = args.given.iter().map(|text| assignment(text)).collect::<Result<Vec<_>, _>>()?;
    let (mut all, mut grids) = (Gathered::default(), Samples::default());
    let mut seen = vec![false; given.len()];
    for path in &args.paths {
        let (columns, mut beside) = read(path, args)?;
        if let Some(columns) = columns {
            seen.iter_mut().zip(&given).for_each(|(seen, (_, column))| *seen |= columns.has(column));
            all.take(&columns, &given)?;
        }
        all.remarks.append(&mut beside.remarks);
        grids.merge(beside.grids);
        own::merge(&mut all, beside.own);
    }
    if let Some(at) = seen.iter().position(|seen| !seen) {
        let (series, column) = &given[at];
        let known = all.unknown.join(", ");
        return Err(
            Misuse(format!("--column {series}={column}: there is no such column; others: {known}")).into()
        );
    }
    if let Some(real) = &args.real {
        grids.real(&Grid::read(real, args.tile)?);
    }
    all.bound_accuracies();
    let remark = grids.into_series(&mut all.series);
    all.remarks.extend(remark);
    Ok(all)
}

/// What there is beside columns.
#[derive(Default)]
struct Beside {
    grids: Samples,
    remarks: Vec<String>,
    own: Option<own::OwnRun>,
}

fn read(path: &Path, args: &DiagnoseArgs) -> Result<(Option<Columns>, Beside)> {
    let step = args.step.as_deref();
    let there = std::fs::metadata(path).with_context(|| path.display().to_string())?;
    if there.is_dir() {
        if path.join("run.toml").is_file() && path.join("log.jsonl").is_file() {
            return Ok((None, Beside { own: Some(own::read(path)?), ..Beside::default() }));
        }
        if !events::files(path)?.is_empty() {
            return Ok(of_events(events::read(path, args.tile)?));
        }
        let (grids, remarks) = samples::read_folder(path, args.tile)?;
        if grids == Samples::default() {
            let reason = "a folder with neither a run of ours, nor event files of TensorBoard, nor numbered grids of samples";
            let why = remarks.first().map(|remark| format!(" ({remark})")).unwrap_or_default();
            return Err(Misuse(format!("{}: {reason}{why}", path.display())).into());
        }
        return Ok((None, Beside { grids, remarks, own: None }));
    }
    if events::is_events(path) {
        return Ok(of_events(events::read(path, args.tile)?));
    }
    let suffix = path.extension().map(|suffix| suffix.to_string_lossy().to_lowercase()).unwrap_or_default();
    let table = match suffix.as_str() {
        "csv" | "tsv" => tables::read_csv(path, step)?,
        "jsonl" | "json" | "ndjson" => tables::read_jsonl(path, step)?,
        _ => {
            let known = ".csv, .tsv, .jsonl, or an event file with `tfevents` in its name";
            return Err(Misuse(format!("{}: no log that is known: {known}", path.display())).into());
        }
    };
    Ok((Some(table.columns), Beside { remarks: table.remarks, ..Beside::default() }))
}

fn of_events(found: events::Events) -> (Option<Columns>, Beside) {
    (Some(found.columns), Beside { grids: found.samples, remarks: found.remarks, own: None })
}

fn assignment(text: &str) -> Result<(String, String), Misuse> {
    let known = columns::series();
    match text.split_once('=') {
        Some((series, column)) if known.contains(&series) => Ok((series.to_owned(), column.to_owned())),
        Some((series, _)) => Err(Misuse(format!(
            "--column {text}: there is no series `{series}`; known: {}",
            known.join(", ")
        ))),
        None => Err(Misuse(format!("--column {text}: write it as SERIES=COLUMN, such as loss_d=errD"))),
    }
}

/// What has to be said before anything can be read: nothing is guessed.
fn question(gathered: &Gathered, args: &DiagnoseArgs) -> Misuse {
    let paths: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let paths = paths.join(", ");
    match gathered.unknown.first() {
        None => Misuse(format!("{paths}: there are no numbers")),
        Some(first) => Misuse(format!(
            "{paths}: which of these columns are the losses of the two players? {}. Say so: --column 'loss_d={first}' \
             --column 'loss_g=…' (--columns lists what else can be read)",
            gathered.unknown.join(", ")
        )),
    }
}

fn tell(gathered: &Gathered, found: &Diagnosis) {
    for remark in &gathered.remarks {
        words::say(&format!("note: {remark}"));
    }
    let mut lines = Vec::new();
    for (series, column) in &gathered.used {
        let points = gathered.series.get(series);
        let last = points.last().map_or(0, |(step, _)| *step);
        lines.push(format!("{series:<14} from {column}: {} numbers up to step {last}", points.len()));
    }
    if !gathered.unknown.is_empty() {
        lines.push(format!("not read       {}", few(&gathered.unknown)));
    }
    lines.push(String::new());
    match found.raised.is_empty() {
        true => lines.push("Nothing is wrong at the end, as far as can be seen.".to_owned()),
        false => found.raised.iter().for_each(|alert| lines.extend(shown(alert))),
    }
    let is_over = |alert: &&Alert| {
        alert.state == AlertState::Raised
            && !found.raised.iter().any(|raised| raised.symptom == alert.symptom)
    };
    for alert in found.alerts.iter().filter(is_over) {
        lines.push(format!(
            "For a while from step {}: {} ({})",
            alert.step,
            alert.symptom,
            alert.severity.name()
        ));
    }
    if !found.unseen.is_empty() {
        lines.push("\nWhat cannot be seen:".to_owned());
        for (symptom, needs) in &found.unseen {
            lines.push(format!("  {:<26} {needs}", symptom.name));
        }
    }
    words::result(&lines.join("\n"));
}

fn shown(alert: &Alert) -> Vec<String> {
    let form = alert.evidence.form.as_ref().map(|form| format!(" ({form})")).unwrap_or_default();
    let mut lines = vec![
        format!("{}: {}{form}, from step {}", alert.severity.name(), alert.symptom, alert.step),
        format!("  {}", alert.words),
    ];
    lines.extend(alert.remedies.iter().map(|remedy| format!("  - {}", remedy.words)));
    lines
}

/// The first names of many.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 12;
    match names.len() {
        0..=SHOWN => names.join(", "),
        n => format!("{}, and {} more", names[..SHOWN].join(", "), n - SHOWN),
    }
}

fn object(gathered: &Gathered, found: &Diagnosis) -> Value {
    let used = gathered.used.iter().map(|(series, column)| json!({ "series": series, "column": column }));
    let unseen =
        found.unseen.iter().map(|(symptom, needs)| json!({ "symptom": symptom.name, "needs": needs }));
    json!({
        "schema": 1,
        "read": used.collect::<Vec<_>>(),
        "not_read": gathered.unknown,
        "remarks": gathered.remarks,
        "alerts": found.alerts,
        "raised": found.raised,
        "unseen": unseen.collect::<Vec<_>>(),
    })
}
