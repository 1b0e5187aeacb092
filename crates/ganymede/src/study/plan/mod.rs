//! `ganymede study NAME|FILE.toml`: methods by data by seeds, and the table of what they reach.

mod builtin;
mod cell;
mod figures;
mod file;
mod page;
mod table;
#[cfg(test)]
mod tests;
mod worker;

#[cfg(test)]
pub(crate) use tests::runs_of;

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::crew;
use crate::words::Misuse;
use crate::{Exit, interrupt, numbers, words};
use cell::{Cell, Folder};
use file::StudyFile;

pub(crate) use worker::run as worker;

#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// A study that comes with the program (ring, grid, stacked-mnist, fashion, rates, smoothing), or a file of one
    #[arg(value_name = "NAME|FILE.toml")]
    pub(crate) study: Option<String>,
    /// Print the study's file, to begin an own one with
    #[arg(long)]
    pub(crate) show: bool,
    /// Seeds: one, or as 0..10 the first and the one behind the last [default: the study's]
    #[arg(long, value_name = "A..B", value_parser = numbers::seeds)]
    pub(crate) seeds: Option<Range<u64>>,
    /// Make only these methods [default: all]
    #[arg(long, value_name = "METHOD,..", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Change any setting of all runs; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Runs at a time, each with one thread [default: one a core]
    #[arg(long, value_name = "N", value_parser = numbers::jobs)]
    pub(crate) jobs: Option<usize>,
    /// Where table.md, results.json, study.html and what was measured go [default: runs/study-NAME]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Leave runs that are written down where they are
    #[arg(long)]
    pub(crate) keep_runs: bool,
    /// Make no runs: the table and the page of what is there
    #[arg(long)]
    pub(crate) report: bool,
    /// Print results.json in the place of the table
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CellArgs {
    /// Its configuration
    #[arg(long)]
    config: PathBuf,
    /// Its folder
    #[arg(long)]
    out: PathBuf,
}

pub(crate) fn run(args: &PlanArgs) -> Result<Exit> {
    let Some(study) = &args.study else {
        let reason = format!("name a study ({}), a file of one, or a command", builtin::names());
        return Err(Misuse(reason).into());
    };
    let (name, text, origin) = found(study)?;
    if args.show {
        words::result(text.trim_end());
        return Ok(Exit::Done);
    }
    let plan = StudyFile::read(&text, &origin)?;
    let cells = chosen(&plan, args, &origin)?;
    let folder =
        Folder::new(args.out.clone().unwrap_or_else(|| Path::new("runs").join(format!("study-{name}"))));
    let mut left = VecDeque::new();
    for cell in &cells {
        if !args.report && !folder.is_made(cell)? {
            left.push_back(cell);
        }
    }
    if !args.report {
        folder.make(&text)?;
        words::say(&format!("{} runs, {} of them to be made", cells.len(), left.len()));
        interrupt::ask_politely("waiting for the runs to write their checkpoints");
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(cores).min(left.len().max(1));
    let make = |cell: &&Cell, _: &str| make(cell, &folder, args.keep_runs);
    let failed = crew::work_off(left, jobs, |cell| cell.name.clone(), make);
    if interrupt::requested() {
        words::say("the same command goes on with what is left");
        return Ok(Exit::Interrupted);
    }
    write(&plan, &cells, &folder, args.json)?;
    match failed {
        0 => Ok(Exit::Done),
        failed => bail!("{failed} of {} runs failed; the same command tries them again", cells.len()),
    }
}

/// The name, the text and the place of a study.
fn found(study: &str) -> Result<(String, String, String)> {
    if let Some(text) = builtin::text(study) {
        return Ok((study.to_owned(), text.to_owned(), format!("the study `{study}`")));
    }
    let path = Path::new(study);
    if path.extension().is_none() && !path.exists() {
        let reason = format!(
            "there is no study `{study}`: choose from {}, or give a file such as {study}.toml",
            builtin::names()
        );
        return Err(Misuse(reason).into());
    }
    let text = file::read_text(path)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok((cell::slug(&stem), text, path.display().to_string()))
}

/// The cells that are asked for, all of them tried: a mistake shows before the first run.
fn chosen(plan: &StudyFile, args: &PlanArgs, origin: &str) -> Result<Vec<Cell>> {
    let names: BTreeSet<&str> = plan.methods.iter().map(|method| method.name.as_str()).collect();
    if let Some(unknown) = args.only.iter().find(|name| !names.contains(name.as_str())) {
        let all: Vec<&str> = plan.methods.iter().map(|method| method.name.as_str()).collect();
        let reason = format!("{origin} has no method `{unknown}`: choose from {}", all.join(", "));
        return Err(Misuse(reason).into());
    }
    let beside = Path::new(args.study.as_deref().unwrap_or_default()).parent().unwrap_or(Path::new(""));
    let seeds = args.seeds.clone().map_or_else(|| plan.seeds.clone(), Iterator::collect);
    let mut cells = Vec::new();
    // Seed by seed, so that what is there after a while is of every method.
    for seed in seeds {
        for data in &plan.data {
            let methods = plan.methods.iter();
            for method in methods.filter(|method| args.only.is_empty() || args.only.contains(&method.name)) {
                let place = format!("{origin}: method `{}` on `{}`", method.name, data.name);
                let cell = Cell::new((plan, data, method), seed, &args.sets, beside);
                cells.push(cell.map_err(|error| Misuse(format!("{place}: {error:#}")))?);
            }
        }
    }
    match cells.len() {
        0..=file::MOST_CELLS => Ok(cells),
        many => {
            let reason = format!(
                "{origin} has {many} runs, at most {} are possible: take fewer seeds",
                file::MOST_CELLS
            );
            Err(Misuse(reason).into())
        }
    }
}

/// Makes a run and writes it down: how it ended, and nothing where it was stopped.
fn make(cell: &Cell, folder: &Folder, keep_run: bool) -> Result<Option<String>> {
    let run = folder.run(cell);
    folder.begin(cell)?;
    let answer = crew::answer_of::<cell::Made>(|command| {
        command.arg("study-cell").arg("--config").arg(folder.config(cell)).arg("--out").arg(&run);
    })?;
    let Some(made) = answer else { return Ok(None) };
    let told = made.told();
    folder.keep(cell, made)?;
    if !keep_run {
        fs::remove_dir_all(&run).with_context(|| format!("cannot remove {}", run.display()))?;
    }
    Ok(Some(told))
}

/// The table and the page of all that is there of these cells.
fn write(plan: &StudyFile, cells: &[Cell], folder: &Folder, as_json: bool) -> Result<()> {
    let made = cells.iter().map(|cell| Ok((cell, folder.read(cell)?))).collect::<Result<Vec<_>>>()?;
    let sets = table::sets(plan, &made);
    let (table, json) = (table::markdown(plan, &sets), table::json(plan, &sets) + "\n");
    folder.write("table.md", table.as_bytes())?;
    folder.write("results.json", json.as_bytes())?;
    let page = page::page(plan, &sets, &made, folder);
    folder.write("study.html", page.as_bytes())?;
    words::result(if as_json { json.trim_end() } else { table.trim_end() });
    words::say(&format!("wrote table.md, results.json and study.html into {}", folder.root().display()));
    Ok(())
}
