//! `ganymede study-cell`: one run of a study, in a process of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use ganymede_train::{Layers, MetricEntry, Observer, Outcome, Run, StopReason, TrainError, Trainer};

use super::CellArgs;
use super::cell::{Made, remove, values};
use crate::{Exit, date, interrupt, machine, words};

/// How long a run that lost its study may take to write its checkpoint.
const PATIENCE: Duration = Duration::from_secs(120);
/// Points of a curve.
const MOST_POINTS: usize = 400;

pub(crate) fn run(args: &CellArgs) -> Result<Exit> {
    let run = Layers::whole_file(&args.config)?.resolve()?;
    machine::start_threads(run.threads)?;
    let mut watch = Watch::new();
    interrupt::ask_politely("finishing this step and writing a checkpoint");
    let mut trainer = opened(&run, &args.out)?;
    let summary = trainer.run(&mut watch)?;
    if summary.outcome == (Outcome::Stopped { reason: StopReason::Requested }) {
        return Ok(Exit::Interrupted);
    }
    let entries = measurements(&trainer.folder().metrics())?;
    let made = Made {
        ended: match &summary.outcome {
            Outcome::Diverged { cause, .. } => format!("diverged: {cause}"),
            Outcome::Stopped { .. } => "time limit".to_owned(),
            Outcome::Completed => "completed".to_owned(),
        },
        diverged: matches!(summary.outcome, Outcome::Diverged { .. }),
        step: summary.step,
        seconds: seconds(&trainer.folder().timing()).unwrap_or(summary.seconds),
        parameters: [summary.run.generator_parameters, summary.run.discriminator_parameters],
        values: entries.last().map(|entry| values(&entry.metric)).unwrap_or_default(),
        curves: curves(&entries),
        picture: summary.files.picture.clone(),
        machine: machine::cpu_name(),
        date: date::today(),
    };
    words::result(&serde_json::to_string(&made)?);
    Ok(Exit::Done)
}

/// The run from where it was left. A run whose study was killed may still be writing its checkpoint; one that was killed
/// itself before its first begins anew.
fn opened(run: &Run, out: &Path) -> Result<Trainer> {
    let begun = Instant::now();
    loop {
        let opened = match out.join("run.toml").is_file() {
            true => Trainer::resume(out, run),
            false => remove(out).map_err(anyhow::Error::from).map(|()| Trainer::new(run, out))?,
        };
        match opened {
            Err(TrainError::InUse { .. }) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(200));
            }
            Err(TrainError::NoLastCheckpoint { .. }) => {
                remove(out).with_context(|| format!("cannot remove {}", out.display()))?;
            }
            opened => return Ok(opened?),
        }
    }
}

fn measurements(path: &Path) -> Result<Vec<MetricEntry>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let entry = |line| serde_json::from_str(line).with_context(|| format!("{} is damaged", path.display()));
    text.lines().map(entry).collect()
}

/// Seconds of training, those before a resume included.
fn seconds(timing: &Path) -> Option<f64> {
    let text = fs::read_to_string(timing).ok()?;
    let last: serde_json::Value = serde_json::from_str(text.lines().last()?).ok()?;
    last["seconds"].as_f64()
}

/// Each value over the steps, every so many of them.
fn curves(entries: &[MetricEntry]) -> BTreeMap<String, Vec<(u64, f64)>> {
    let stride = entries.len().div_ceil(MOST_POINTS).max(1);
    let mut curves: BTreeMap<String, Vec<(u64, f64)>> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if at % stride == 0 || at + 1 == entries.len() {
            for value in values(&entry.metric) {
                curves.entry(value.name).or_default().push((entry.step, value.value));
            }
        }
    }
    curves
}

/// Hears of an end: where somebody asks for one, or the study is gone that would write down what comes of the run.
struct Watch {
    #[cfg(unix)]
    study: u32,
}

impl Watch {
    fn new() -> Self {
        Self {
            #[cfg(unix)]
            study: std::os::unix::process::parent_id(),
        }
    }

    #[cfg(unix)]
    fn is_alone(&self) -> bool {
        std::os::unix::process::parent_id() != self.study
    }

    #[cfg(not(unix))]
    fn is_alone(&self) -> bool {
        false
    }
}

impl Observer for Watch {
    fn stop_requested(&mut self) -> bool {
        interrupt::requested() || self.is_alone()
    }
}
