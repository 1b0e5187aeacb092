//! `ganymede study --help`

use std::ops::Range;
use std::path::PathBuf;

use clap::Subcommand;

use super::plan::PlanArgs;
use super::{failures, games, leak, truncation};
use crate::numbers;

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct StudyArgs {
    #[command(subcommand)]
    pub(crate) command: Option<Study>,
    #[command(flatten)]
    pub(crate) plan: PlanArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Study {
    /// Train presets for a budget each, and measure them before and after.
    Presets {
        /// Their names [default: all presets]
        names: Vec<String>,
        /// Seeds: one, or as 0..3 the first and the one behind the last
        #[arg(long, value_name = "A..B", default_value = "0..3", value_parser = numbers::seeds)]
        seeds: Range<u64>,
        /// Change any setting of all of them; may be repeated
        #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
        sets: Vec<String>,
        #[command(flatten)]
        options: Options,
    },
    /// Count the modes that ring-minimax finds as it is, with features of the batch, and with packs.
    Cures {
        /// Seeds: one, or as 0..10 the first and the one behind the last
        #[arg(long, value_name = "A..B", default_value = "0..10", value_parser = numbers::seeds)]
        seeds: Range<u64>,
        #[command(flatten)]
        options: Options,
    },
    /// Play small games whose answers are known in closed form, and compare: the table of docs/theory.md.
    #[command(after_help = games::EXAMPLES)]
    Games,
    /// Make runs that are meant to fail and runs that are meant to go well, and compare with what the doctor says of them.
    #[command(after_help = failures::EXAMPLES)]
    Failures(failures::FailuresArgs),
    /// Ask a classifier whether a run's samples look augmented: whether the augmentation leaked.
    #[command(after_help = leak::EXAMPLES)]
    Leak(leak::LeakArgs),
    /// Measure a run's samples without truncation, and with each of several: a table and a picture.
    #[command(after_help = truncation::EXAMPLES)]
    Truncation(truncation::TruncationArgs),
}

#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// Generator updates of each run [default: the preset's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) steps: Option<u64>,
    /// Minutes after which a run ends, whatever its steps
    #[arg(long, value_name = "M")]
    pub(crate) minutes: Option<f64>,
    /// Runs at a time
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = numbers::jobs)]
    pub(crate) jobs: usize,
    /// Threads of each run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = numbers::threads)]
    pub(crate) threads: usize,
    /// Where numbers (measured.json) and pictures (PRESET.png) go
    #[arg(long, value_name = "DIR", default_value = "docs/zoo")]
    pub(crate) out: PathBuf,
    /// Where the runs lie while they go on; a run that is written down is removed from there
    #[arg(long, value_name = "DIR", default_value = "runs/study")]
    pub(crate) runs: PathBuf,
    /// Leave runs that are written down where they are
    #[arg(long)]
    pub(crate) keep_runs: bool,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  ganymede study ring --jobs 2                      ten methods by ten seeds, and the table of a paper
  ganymede study ring --show > mine.toml            its file, to begin an own study with
  ganymede study mine.toml --seeds 0..3
  ganymede study presets --minutes 10               every preset, three seeds, ten minutes each
  ganymede study presets sngan r3gan --seeds 0..5 --steps 500
  ganymede study cures                              modes with and without cures of collapse
  ganymede study truncation runs/quickstart-1       FID, precision and recall over the threshold

A study by name or by file is methods by data by seeds: docs/studies.md says how to write one. Each run
has a file of its own in --out, is kept, and is not made again unless its configuration has changed;
the table, as Markdown and JSON, and the page with curves and pictures are made of them. Commands
measure presets, or one run, as follows.

Each run is a process of its own. What is written down is not run again, unless with another budget;
what was stopped goes on: Ctrl-C lets the runs write their checkpoints. Images are measured before the
first step and after the last as the run itself measures them, points at the first measurement and
after the last step. `ganymede zoo` makes a document of the numbers.
Times and memory mean something where nothing else runs.";

#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    /// One run, as JSON
    pub(crate) trial: String,
    /// Its folder
    #[arg(long)]
    pub(crate) out: PathBuf,
    #[arg(long, value_parser = numbers::threads)]
    pub(crate) threads: usize,
}
