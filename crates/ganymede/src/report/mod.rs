//! `ganymede report`: one page that says how runs went, in one file that needs nothing else.

mod alerts;
mod config;
mod curves;
mod facts;
mod interpolation;
mod live;
mod measured;
mod page;
mod pictures;
mod run;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use anyhow::Result;
use ganymede_files::{Output, path_text};
use serde_json::{Value, json};

use crate::Exit;
use crate::words::{self, Misuse};
use page::Report;
use run::{Pictures, RunReader};

pub(crate) use live::{Live, LiveAddress, Serving};
pub(crate) use page::{Document, escaped};
pub(crate) use pictures::embed as embedded_picture;

/// The file's name in a run folder.
pub(crate) const FILE: &str = "report.html";
/// Bytes that the pictures of a page take together: with the rest it stays below 5 MB.
const PICTURES: usize = 3_600_000;
/// Runs side by side: more could not be told apart.
const MOST_RUNS: usize = 12;
/// Letters of a text from a run folder.
const MOST_TEXT: usize = 2000;

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// Run folders; several stand side by side, with the settings in which they differ
    #[arg(required = true, value_name = "RUN")]
    pub(crate) runs: Vec<PathBuf>,
    /// The page; - is standard output [default: report.html in the run folder, for several runs in this one]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Print what was written as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) const EXAMPLES: &str = "\
The page is one file that needs no network: curves to zoom into (drag; double click takes all),
smooth and see over steps, images or minutes; samples from the first step to the last beside real
ones; metrics; what was noticed on the way; settings, and where runs differ; what the numbers
depend on. It reads on a telephone and on paper, and can be sent by mail. `ganymede train` writes
it at the end of every run; a run that trains can be looked at, too, or by `train --live`.

Examples:
  ganymede report runs/quickstart-1
  ganymede report runs/quickstart-1 runs/quickstart-2 --out both.html
  ganymede report runs/* --out - > all.html";

pub(crate) fn run(args: &ReportArgs) -> Result<Exit> {
    if args.runs.len() > MOST_RUNS {
        let count = args.runs.len();
        let reason = format!("{count} runs side by side cannot be told apart; name at most {MOST_RUNS}");
        return Err(Misuse(reason).into());
    }
    let readers = args.runs.iter().map(|run| RunReader::open(run)).collect::<Result<Vec<_>>>()?;
    let place = match (&args.out, &args.runs[..]) {
        (Some(out), _) => out.clone(),
        (None, [run]) => run.join(FILE),
        (None, _) => PathBuf::from(FILE),
    };
    let out = Output::new(&place)?;
    let (page, remarks) = page_of(readers);
    remarks.iter().for_each(|remark| words::say(&format!("warning: {remark}")));
    out.write(page.as_bytes())?;
    if !out.is_stdout() {
        words::say(&format!("wrote {} ({})", place.display(), words::bytes(page.len() as u64)));
    }
    if args.json && !out.is_stdout() {
        let runs: Vec<String> = args.runs.iter().map(|run| path_text(run)).collect();
        let written =
            json!({"out": path_text(&place), "bytes": page.len(), "runs": runs, "remarks": remarks});
        words::result(&written.to_string());
    }
    Ok(Exit::Done)
}

/// Writes the page of a run into its folder; returns where.
pub(crate) fn write_into(folder: &Path) -> Result<PathBuf> {
    let place = folder.join(FILE);
    let out = Output::new(&place)?;
    let reader = RunReader::open(folder)?;
    // A page without this picture is a page: a run that diverged has no samples.
    let _ = interpolation::draw(reader.folder());
    let (page, _) = page_of(vec![reader]);
    out.write(page.as_bytes())?;
    Ok(place)
}

/// The page, and what could not be read of the runs.
fn page_of(readers: Vec<RunReader>) -> (String, Vec<String>) {
    let budget = PICTURES / readers.len().max(1);
    let mut remarks = Vec::new();
    let mut runs = Vec::new();
    for mut reader in readers {
        let run = reader.read(Pictures::Embedded(budget), false);
        remarks.extend(run.remarks.iter().map(|remark| format!("{}: {remark}", run.name)));
        runs.push(run);
    }
    (Report::new(runs, None).to_html(), remarks)
}

/// A value of a run's file as text for a person.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => shortened(text),
        other => shortened(&other.to_string()),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
