//! What a page says of one run: all of it read from the run folder, none of it trusted.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Result;
use ganymede_files::path_text;
use ganymede_train::RunFolder;
use serde::Serialize;
use serde_json::{Map, Value};

use super::alerts::{self, Alert};
use super::config::{self, Setting};
use super::curves::{Curves, numbers};
use super::facts::{self, Fact};
use super::measured::Measured;
use super::pictures::{self, Picture};
use super::text;
use crate::jsonl::GrowingFile;

/// A `run.toml` or a `summary.json` beyond this is none.
const MOST_BYTES: u64 = 4 << 20;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Completed,
    Stopped,
    Diverged,
    /// It trains now.
    Training,
    /// No summary of its last steps: it trains somewhere, or was killed.
    Unfinished,
}

/// One run on a page.
#[derive(Debug, Serialize)]
pub(super) struct RunReport {
    /// The folder as it was typed.
    pub(super) name: String,
    pub(super) preset: Option<String>,
    pub(super) about: Option<String>,
    pub(super) citation: Option<String>,
    pub(super) state: State,
    pub(super) verdict: Option<String>,
    pub(super) step: u64,
    pub(super) steps: Option<u64>,
    pub(super) images: Option<f64>,
    pub(super) seconds: Option<f64>,
    pub(super) images_per_second: Option<f64>,
    pub(super) log: CurvesReport,
    pub(super) metrics: CurvesReport,
    /// The last measurement.
    pub(super) latest: Option<Measured>,
    /// The step of the best checkpoint, and by what it is best.
    pub(super) best: Option<(u64, String)>,
    pub(super) alerts: Vec<Alert>,
    pub(super) real: Option<String>,
    pub(super) pictures: Vec<Picture>,
    /// What lies between samples of the last checkpoint.
    pub(super) interpolation: Option<String>,
    pub(super) config: Vec<Setting>,
    pub(super) facts: Vec<Fact>,
    /// Known traps in the configuration, as the summary has them.
    pub(super) warnings: Vec<String>,
    /// What could not be read.
    pub(super) remarks: Vec<String>,
}

/// Curves over steps, with what else may be an x axis.
#[derive(Debug, Serialize)]
pub(super) struct CurvesReport {
    step: Vec<u64>,
    images: Vec<Option<f64>>,
    minutes: Vec<Option<f64>>,
    values: std::collections::BTreeMap<String, Vec<Option<f64>>>,
}

/// How pictures come to a page.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pictures {
    /// In it, in so many bytes.
    Embedded(usize),
    /// Beside it, by a server.
    Served,
}

/// Reads a run folder, again and again while it grows.
#[derive(Debug)]
pub(super) struct RunReader {
    folder: RunFolder,
    log_file: GrowingFile,
    log: Curves,
    metrics_file: GrowingFile,
    metrics: Curves,
    timing_file: GrowingFile,
    timing: Curves,
    measured: Option<Measured>,
}

impl RunReader {
    /// The run in a folder.
    ///
    /// # Errors
    /// There is no run in it.
    pub(super) fn open(root: &Path) -> Result<Self> {
        let folder = RunFolder::open(root)?;
        Ok(Self {
            log_file: GrowingFile::new(folder.log()),
            metrics_file: GrowingFile::new(folder.metrics()),
            timing_file: GrowingFile::new(folder.timing()),
            log: Curves::default(),
            metrics: Curves::default(),
            timing: Curves::default(),
            measured: None,
            folder,
        })
    }

    pub(super) fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// All that there is to say now; `training`: by the process itself, which has not ended.
    pub(super) fn read(&mut self, pictures: Pictures, training: bool) -> RunReport {
        let mut remarks = self.read_lines();
        let config = match self.table() {
            Ok(table) => table,
            Err(reason) => {
                remarks.push(format!("run.toml: {reason}"));
                toml::Table::new()
            }
        };
        let mut summary = match self.summary() {
            Ok(summary) => summary.filter(|_| !training),
            Err(reason) => {
                remarks.push(format!("summary.json: {reason}"));
                None
            }
        };
        let logged = self.log.last_step().unwrap_or(0);
        // The summary of an earlier stretch of a run that was resumed.
        summary = summary.filter(|summary| whole(summary, "step").unwrap_or(0) >= logged);
        let (alerts, damaged) = alerts::read(self.folder.root());
        if damaged > 0 {
            remarks.push(format!("alerts.jsonl: {damaged} lines are no records and are left out"));
        }
        let mut interpolation = None;
        let (real, pictures) = match pictures {
            Pictures::Embedded(budget) => {
                interpolation = pictures::embed(&self.folder.interpolation());
                // The timeline has most of the room.
                interpolation = interpolation.filter(|src| src.len() <= budget / 3);
                let left = budget - interpolation.as_ref().map_or(0, String::len);
                pictures::embedded(&self.folder, left)
            }
            Pictures::Served => pictures::served(&self.folder),
        };
        let empty = Map::new();
        let ended = summary.as_ref().unwrap_or(&empty);
        let number = |name: &str| ended.get(name).and_then(super::curves::finite);
        let words = |name: &str| config::text_at(&config, name);
        let step = whole(ended, "step").unwrap_or(logged);
        RunReport {
            name: path_text(self.folder.root()),
            preset: words("preset"),
            about: words("about.summary"),
            citation: words("about.citation"),
            state: state(summary.as_ref(), training),
            verdict: ended.get("verdict").map(text),
            step,
            steps: whole(ended, "steps").or_else(|| config::whole_at(&config, "run.steps")),
            images: number("images").or_else(|| self.log.at("images", step)),
            seconds: number("seconds").or_else(|| self.timing.at("seconds", step)),
            images_per_second: number("images_per_second")
                .or_else(|| self.timing.at("images_per_second", step)),
            log: self.report(&self.log),
            metrics: self.report(&self.metrics),
            latest: last_measured(ended, step).or_else(|| self.measured.clone()),
            best: best(ended),
            alerts,
            real,
            pictures,
            interpolation,
            facts: facts::of(ended, &config, self.measured.as_ref()),
            config: config::settings(&config),
            warnings: facts::warnings(ended),
            remarks,
        }
    }

    /// What is new in the logs, and what is wrong with them.
    fn read_lines(&mut self) -> Vec<String> {
        let step_of = |record: &Map<String, Value>| whole(record, "step");
        let mut failures = Vec::new();
        let mut note = |name: &str, result: std::io::Result<()>| {
            if let Err(error) = result {
                failures.push(format!("{name}: {error}"));
            }
        };
        let log = &mut self.log;
        let read = self.log_file.read(|record| {
            if let Some(step) = step_of(&record) {
                let mut values = numbers(&record);
                values.insert("images".to_owned(), record.get("images").and_then(super::curves::finite));
                log.push(step, values);
            }
        });
        note("log.jsonl", read);
        let timing = &mut self.timing;
        let read = self.timing_file.read(|record| {
            if let Some(step) = step_of(&record) {
                timing.push(step, numbers(&record));
            }
        });
        note("timing.jsonl", read);
        let (metrics, last) = (&mut self.metrics, &mut self.measured);
        let read = self.metrics_file.read(|record| {
            if let Some(step) = step_of(&record) {
                let measured = Measured::read(step, &record);
                metrics.push(step, measured.row());
                *last = Some(measured);
            }
        });
        note("metrics.jsonl", read);
        let files = [
            ("log.jsonl", &self.log_file, &self.log),
            ("timing.jsonl", &self.timing_file, &self.timing),
            ("metrics.jsonl", &self.metrics_file, &self.metrics),
        ];
        for (name, file, curves) in files {
            let odd = file.damaged() + curves.disordered();
            if odd > 0 {
                failures.push(format!("{name}: {odd} lines are no records in order and are left out"));
            }
        }
        failures
    }

    fn report(&self, curves: &Curves) -> CurvesReport {
        let step = curves.steps();
        let images = step.iter().map(|&step| self.log.at("images", step).map(f64::round)).collect();
        let minutes = step.iter().map(|&step| self.minutes(step)).collect();
        let mut values = curves.columns();
        values.remove("images");
        CurvesReport { images, minutes, values, step }
    }

    /// Minutes of training until a step; the first step took some, too.
    fn minutes(&self, step: u64) -> Option<f64> {
        if step == 0 {
            return Some(0.0);
        }
        self.timing.at("seconds", step).map(|seconds| super::curves::short(seconds / 60.0))
    }

    fn table(&self) -> Result<toml::Table, String> {
        let bytes = bounded(&self.folder.config())?.ok_or("it is missing")?;
        let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
        text.parse().map_err(|error: toml::de::Error| error.message().to_owned())
    }

    fn summary(&self) -> Result<Option<Map<String, Value>>, String> {
        let Some(bytes) = bounded(&self.folder.summary())? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| error.to_string())
    }
}

/// The bytes of a small file, where there is one.
fn bounded(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(|error| error.to_string())?,
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    Ok(Some(bytes))
}

/// A whole number of 0 or more.
pub(super) fn whole(record: &Map<String, Value>, name: &str) -> Option<u64> {
    record.get(name)?.as_u64()
}

fn state(summary: Option<&Map<String, Value>>, training: bool) -> State {
    if training {
        return State::Training;
    }
    match summary.and_then(|summary| summary.get("outcome")).and_then(Value::as_str) {
        Some("completed") => State::Completed,
        Some("stopped") => State::Stopped,
        Some("diverged") => State::Diverged,
        _ => State::Unfinished,
    }
}

fn last_measured(summary: &Map<String, Value>, step: u64) -> Option<Measured> {
    let metric = summary.get("metric")?.as_object()?;
    Some(Measured::read(step, metric))
}

fn best(summary: &Map<String, Value>) -> Option<(u64, String)> {
    let best = summary.get("best")?.as_object()?;
    Some((whole(best, "step")?, best.get("rule").map(text)?))
}
