//! `ganymede study-worker`: one run, in a process of its own, so that its memory is its own.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use ganymede_train::{
    EvalOptions, Layers, Metric, MetricEntry, Observer, Outcome, Progress, Run, StopReason, Trainer, evaluate,
};

use super::args::WorkerArgs;
use super::results::{Measured, Seen, Trial};
use crate::bench::process;
use crate::jsonl::records;
use crate::{Exit, date, interrupt, machine, words};

/// Samples in a picture: as many as a small file holds.
const SHOWN: usize = 30;
/// Where the look before the first step is kept, for a run that is stopped and goes on.
const BEFORE: &str = "before.json";

pub(crate) fn run(args: &WorkerArgs) -> Result<Exit> {
    let trial: Trial = serde_json::from_str(&args.trial).context("this is no trial")?;
    let run = configure(&trial, args.threads)?;
    machine::start_threads(run.threads)?;
    let mut trainer = match args.out.join("run.toml").is_file() {
        true => Trainer::resume(&args.out, &run)?,
        false => Trainer::new(&run, &args.out)?,
    };
    interrupt::ask_politely("finishing this step and writing a checkpoint");
    let before = first_look(&mut trainer)?;
    let mut watch = Watch::default();
    let summary = trainer.run(&mut watch)?;
    if summary.outcome == (Outcome::Stopped { reason: StopReason::Requested }) {
        return Ok(Exit::Interrupted);
    }
    if watch.seconds.is_empty() && !matches!(summary.outcome, Outcome::Diverged { .. }) {
        bail!("the run in {} was made before: remove the folder to make it again", args.out.display());
    }
    let measurements = measurements(&trainer.folder().metrics())?;
    let seen = |entry: &MetricEntry| Seen::new(entry.step, &entry.metric);
    let last = summary.metric.as_ref().map(|metric| Seen::new(summary.step, metric));
    let sizes = &summary.run;
    let measured = Measured {
        ended: match &summary.outcome {
            Outcome::Diverged { cause, .. } => format!("diverged: {cause}"),
            Outcome::Stopped { .. } => "time limit".to_owned(),
            Outcome::Completed => "completed".to_owned(),
        },
        step: summary.step,
        seconds_a_step: watch.median(),
        peak_mb: process::usage().peak_mb,
        threads: run.threads,
        parameters: [sizes.generator_parameters, sizes.discriminator_parameters],
        before: before.or_else(|| measurements.first().map(seen)),
        after: last.or_else(|| measurements.last().map(seen)),
        machine: machine::cpu_name(),
        date: date::today(),
        trial,
    };
    words::result(&serde_json::to_string(&measured)?);
    Ok(Exit::Done)
}

/// The trial as a run. What is changed besides does not enter the computation.
pub(super) fn configure(trial: &Trial, threads: usize) -> Result<Run> {
    let mut layers = Layers::preset(&trial.preset)?;
    layers.set(&trial.sets)?;
    let sets = [
        Some(format!("run.seed={}", trial.seed)),
        Some(format!("run.threads={threads}")),
        trial.steps.map(|steps| format!("run.steps={steps}")),
        trial.minutes.map(|minutes| format!("limits.minutes={minutes:?}")),
    ];
    layers.set(&sets.into_iter().flatten().collect::<Vec<_>>())?;
    let run = layers.resolve()?;
    if run.data.is_toy() {
        return Ok(run);
    }
    layers.set(&[format!("log.samples={SHOWN}")])?;
    Ok(layers.resolve()?)
}

/// How good the samples of a generator are that has learned nothing; nothing where the run has no network to see them
/// with.
fn first_look(trainer: &mut Trainer) -> Result<Option<Seen>> {
    let path = trainer.folder().root().join(BEFORE);
    if let Ok(text) = fs::read_to_string(&path) {
        return Ok(Some(serde_json::from_str(&text)?));
    }
    let run = trainer.config().clone();
    let (Some(config), 0) = (&run.eval, trainer.step()) else { return Ok(None) };
    // Writes the checkpoint of step 0.
    trainer.run(&mut AtOnce)?;
    let device = run.device.open()?;
    let folder = trainer.folder();
    let options =
        EvalOptions { config, weights: None, device: &device, folder, other_data: false, refinement: None };
    let quality = evaluate(&run, &[folder.last_checkpoint()], options)?.quality;
    let seen = Seen::new(0, &Metric::Quality(quality));
    let text = serde_json::to_string(&seen)?;
    ganymede_tensor::write_atomic(&path, |out| out.write_all(text.as_bytes()))?;
    Ok(Some(seen))
}

fn measurements(path: &Path) -> Result<Vec<MetricEntry>> {
    match records(path)? {
        (entries, 0) => Ok(entries),
        _ => bail!("{} is damaged", path.display()),
    }
}

/// Ends a run where it stands.
struct AtOnce;

impl Observer for AtOnce {
    fn stop_requested(&mut self) -> bool {
        true
    }
}

/// The time from each step to the next.
#[derive(Default)]
struct Watch {
    last: Option<Instant>,
    seconds: Vec<f64>,
}

impl Watch {
    /// Of most steps: those that a picture or a measurement follows are few.
    fn median(mut self) -> Option<f64> {
        self.seconds.sort_by(f64::total_cmp);
        self.seconds.get(self.seconds.len() / 2).copied()
    }
}

impl Observer for Watch {
    fn stepped(&mut self, _: &Progress<'_>) {
        let now = Instant::now();
        self.seconds.extend(self.last.map(|last| (now - last).as_secs_f64()));
        self.last = Some(now);
    }

    fn stop_requested(&mut self) -> bool {
        interrupt::requested()
    }
}
