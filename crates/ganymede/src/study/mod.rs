//! `ganymede study`: methods compared over seeds by a file that says which; presets trained with several seeds, and what
//! they reached; a run's samples, truncated, or asked whether an augmentation leaked.

pub(crate) mod args;
mod crew;
pub(crate) mod failures;
mod games;
mod leak;
pub(crate) mod plan;
pub(crate) mod results;
mod truncation;
pub(crate) mod worker;

use std::collections::VecDeque;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use ganymede_train::preset_names;

use crate::{Exit, interrupt, words};
use args::{Options, Study, StudyArgs};
use results::{Measured, Results, Trial};

/// What `study cures` compares: settings over [`RING`].
pub(crate) const CURES: &[&[&str]] = &[
    &[],
    &["discriminator.minibatch=discrimination"],
    &["discriminator.minibatch=stddev"],
    &["discriminator.pack=2"],
];
pub(crate) const RING: &str = "ring-minimax";
/// The largest picture that goes beside the numbers.
const MOST_BYTES: u64 = 60_000;

pub(crate) fn run(args: &StudyArgs) -> Result<Exit> {
    let Some(command) = &args.command else { return plan::run(&args.plan) };
    let (trials, options) = match command {
        Study::Presets { names, seeds, sets, options } => {
            let all = preset_names();
            let names = if names.is_empty() { all } else { names.iter().map(String::as_str).collect() };
            (trials(&names, std::slice::from_ref(sets), seeds, options), options)
        }
        Study::Cures { seeds, options } => {
            let cures: Vec<Vec<String>> =
                CURES.iter().map(|sets| sets.iter().map(|set| (*set).to_owned()).collect()).collect();
            (trials(&[RING], &cures, seeds, options), options)
        }
        Study::Failures(args) => return failures::run(args),
        Study::Games => return games::run(),
        Study::Leak(args) => return leak::run(args),
        Study::Truncation(args) => return truncation::run(args),
    };
    // All of them before the first begins: a mistake shows at once.
    for trial in &trials {
        worker::configure(trial, options.threads)?;
    }
    fs::create_dir_all(&options.out).with_context(|| format!("cannot make {}", options.out.display()))?;
    let results = Results::of(&options.out);
    let known = results.read()?;
    let is_left = |trial: &Trial| !known.iter().any(|run| run.trial == *trial);
    let left: VecDeque<Trial> = trials.iter().filter(|trial| is_left(trial)).cloned().collect();
    words::say(&format!("{} runs, {} of them to be made", trials.len(), left.len()));
    interrupt::ask_politely("waiting for the runs to write their checkpoints");
    let study = Running { options, results: Mutex::new(results) };
    let failed = crew::work_off(left, options.jobs, Trial::name, |trial, name| study.make(trial, name));
    if interrupt::requested() {
        words::say("the same command goes on with what is left");
        return Ok(Exit::Interrupted);
    }
    match failed {
        0 => Ok(Exit::Done),
        failed => bail!("{failed} runs failed; the others are written down"),
    }
}

/// Seed by seed, so that what is there after a while is of every preset.
fn trials(names: &[&str], variants: &[Vec<String>], seeds: &Range<u64>, options: &Options) -> Vec<Trial> {
    let mut trials = Vec::new();
    for seed in seeds.clone() {
        for name in names {
            trials.extend(variants.iter().map(|sets| Trial {
                preset: (*name).to_owned(),
                sets: sets.clone(),
                seed,
                steps: options.steps,
                minutes: options.minutes,
            }));
        }
    }
    trials
}

/// A study that goes on.
struct Running<'a> {
    options: &'a Options,
    results: Mutex<Results>,
}

impl Running<'_> {
    /// Makes a run and writes it down: how it ended, and nothing where it was stopped.
    fn make(&self, trial: &Trial, name: &str) -> Result<Option<String>> {
        let Options { threads, out, runs, keep_runs, .. } = self.options;
        fs::create_dir_all(runs).with_context(|| format!("cannot make {}", runs.display()))?;
        let folder = runs.join(name);
        let asked = serde_json::to_string(trial)?;
        let answer = crew::answer_of::<Measured>(|command| {
            command.arg("study-worker").arg(asked).arg("--out").arg(&folder);
            command.args(["--threads", &threads.to_string()]);
        })?;
        let Some(run) = answer else { return Ok(None) };
        let (told, results) = (told(&run), self.results.lock().expect("nobody panics with it"));
        if trial.sets.is_empty() && run.after.is_some() {
            keep_picture(&folder, trial, &results, out)?;
        }
        results.add(run)?;
        drop(results);
        if !keep_runs {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
        Ok(Some(told))
    }
}

/// Copies the last picture of a preset's first seed, if it is small.
fn keep_picture(folder: &Path, trial: &Trial, results: &Results, out: &Path) -> Result<()> {
    let is_earlier = |run: &Measured| {
        run.trial.preset == trial.preset && run.trial.sets.is_empty() && run.trial.seed < trial.seed
    };
    if results.read()?.iter().any(is_earlier) {
        return Ok(());
    }
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("summary.json"))?)?;
    let Some(picture) = summary["files"]["picture"].as_str() else { return Ok(()) };
    let bytes = fs::read(folder.join(picture))?;
    if bytes.len() as u64 > MOST_BYTES {
        words::say(&format!("{}: its picture has {} bytes and is left out", trial.preset, bytes.len()));
        return Ok(());
    }
    let path = out.join(format!("{}.png", trial.preset));
    ganymede_tensor::write_atomic(&path, |file| file.write_all(&bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// A run in a line.
fn told(run: &Measured) -> String {
    let first = |seen: &Option<results::Seen>| seen.as_ref().and_then(|seen| seen.values.first().cloned());
    let seconds = run.seconds_a_step.map(|seconds| format!(", {:.1} ms a step", 1e3 * seconds));
    let ended = format!("{} at step {}{}", run.ended, run.step, seconds.unwrap_or_default());
    match (first(&run.before), first(&run.after)) {
        (Some((_, before)), Some((name, after))) => format!("{ended}, {name} {before:.2} -> {after:.2}"),
        _ => ended,
    }
}
