//! `ganymede study leak`: whether a generator draws the changes of an augmentation.

use std::path::PathBuf;

use anyhow::Result;
use ganymede_train::{Leak, LeakOptions, RunFolder, TrainError, Trainer, find_leak};

use crate::args::MachineArgs;
use crate::counter::Counter;
use crate::sample::checkpoint;
use crate::words;
use crate::{Exit, interrupt, machine, numbers};

#[derive(Debug, clap::Args)]
pub(crate) struct LeakArgs {
    /// The folder of a run on images
    pub(crate) run_dir: PathBuf,
    /// Which checkpoint of the run: last, best, or a step that was kept
    #[arg(long, value_name = "WHICH", default_value = "last")]
    pub(crate) checkpoint: String,
    /// The probability of each change, from 0 to 1 [default: the run's at that checkpoint]
    #[arg(long, value_name = "P", value_parser = numbers::probability)]
    pub(crate) p: Option<f64>,
    /// Steps of the classifier, 1 to 100,000
    #[arg(long, value_name = "N", default_value_t = 400, value_parser = numbers::classifier_steps)]
    pub(crate) steps: usize,
    /// Images of each kind that it judges, 10 to 200,000; of real ones as many as are held out
    #[arg(long, value_name = "N", default_value = "2000", value_parser = numbers::measured)]
    pub(crate) num: usize,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  ganymede study leak runs/stylegan2-ada-1
  ganymede study leak runs/quickstart-1 --p 0.3      a run without augmentation, beside ADA's changes

A classifier learns to tell augmented real images from clean ones, and judges clean images that it
was not trained on, the same ones augmented, and generated ones. Where nothing leaks it calls
generated images augmented as often as clean ones: a ratio near 1. The augmentation is the run's.";

pub(crate) fn run(args: &LeakArgs) -> Result<Exit> {
    let run = Trainer::layers_of(&args.run_dir)?.resolve()?;
    machine::start_threads(args.machine.threads.unwrap_or(run.threads))?;
    let device = args.machine.device.open().map_err(TrainError::from)?;
    let folder = RunFolder::open(&args.run_dir)?;
    let path = checkpoint(&folder, &args.checkpoint)?;
    let options = LeakOptions { p: args.p, steps: args.steps, samples: args.num };
    interrupt::ask_politely("stopping");
    let mut counter = Counter::new(args.steps, "steps of the classifier");
    let mut tell = |step| counter.at(step);
    let found = find_leak((&run, &path), (&folder, &device), options, &mut tell, &mut interrupt::requested)?;
    drop(counter);
    let Some(leak) = found else { return Ok(Exit::Interrupted) };
    words::result(&table(&leak));
    Ok(Exit::Done)
}

fn table(leak: &Leak) -> String {
    let p = leak.p.map(|p| format!(", p = {p:.2}")).unwrap_or_default();
    let row = |name: &str, share: f64| format!("| {name} | {share:.4} |");
    [
        format!("| {}{p} | called augmented |", leak.augmentation),
        "|---|---:|".to_owned(),
        row("clean real images, held out", leak.clean),
        row("the same, augmented", leak.augmented),
        row("generated images", leak.generated),
        row("generated / clean", leak.ratio()),
    ]
    .join("\n")
}
