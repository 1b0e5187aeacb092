//! The command line. Its help is meant to teach.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use ganymede_tensor::DeviceChoice;
use ganymede_train::presets;

use crate::bench::args as bench;
use crate::diagnose;
use crate::eval::ppl::PathLengthArgs;
use crate::metrics::MetricsArgs;
use crate::numbers;
use crate::refine::RefineArgs;
use crate::report::{self, LiveAddress, ReportArgs};
use crate::sample::args as sample;
use crate::study::args as study;
use crate::study::failures::CaseArgs;
use crate::study::plan::CellArgs;
use crate::weights::args as weights;
use crate::zoo::ZooArgs;

/// Train generative adversarial networks, and draw from them.
#[derive(Debug, Parser)]
#[command(name = "ganymede", version, max_term_width = 110, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  ganymede train                              clothes, in minutes, nothing to download
  ganymede train wgan-gp --steps 2000         another paper's recipe
  ganymede train dcgan --data photos/ --set data.resolution=64
  ganymede train --resume runs/quickstart-1   go on after Ctrl-C, a crash or a power cut
  ganymede sample runs/quickstart-1 --num 100 --truncation 0.7
  ganymede sample runs/quickstart-1 --interpolate slerp --animate gif
  ganymede report runs/quickstart-1           one page with curves, samples, metrics and settings
  ganymede eval runs/quickstart-1 --checkpoint best
  ganymede metrics --real photos/ --fake runs/quickstart-1
  ganymede score runs/quickstart-1 --images photos/ --out scores.csv
  ganymede export runs/quickstart-1 --out G.safetensors
  ganymede import --from netG.pth --model dcgan --out G.safetensors
  ganymede doctor                             what this machine offers
  ganymede bench conv                         how fast convolutions are here
  ganymede study presets quickstart           what a preset reaches, with three seeds
  ganymede study truncation runs/quickstart-1 what truncation does to quality and variety

Exit status: 0 done, 1 failed, 2 used wrongly, 3 a number is not finite (the run diverged, weights or latent
vectors hold NaN), 130 interrupted (after a checkpoint).";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a generator.
    #[command(after_help = train_help())]
    Train(TrainArgs),
    /// Draw samples from a trained generator.
    #[command(after_help = sample::EXAMPLES)]
    Sample(Box<sample::SampleArgs>),
    /// Say what a discriminator thinks of images: raw scores, one an image.
    #[command(after_help = weights::SCORE_EXAMPLES)]
    Score(weights::ScoreArgs),
    /// Read weights of another program, and write them under Ganymede's names.
    #[command(after_help = weights::IMPORT_EXAMPLES)]
    Import(weights::ImportArgs),
    /// Write a player's weights for another program, or to give them away.
    #[command(after_help = weights::EXPORT_EXAMPLES)]
    Export(weights::ExportArgs),
    /// Measure a trained generator: FID, precision, recall and more.
    #[command(after_help = EVAL_EXAMPLES)]
    Eval(EvalArgs),
    /// Measure images, statistics or the samples of runs against real images: the program ganymede-metrics.
    #[command(disable_help_flag = true)]
    Metrics(MetricsArgs),
    /// Write one page that says how runs went: curves, samples, metrics, settings, and where runs differ.
    #[command(after_help = report::EXAMPLES)]
    Report(ReportArgs),
    /// Say what is wrong with a run, also with one that another program trained: TensorBoard, CSV, JSON lines, sample grids.
    #[command(after_help = diagnose::EXAMPLES)]
    Diagnose(diagnose::DiagnoseArgs),
    /// List the known data sets, or fetch one.
    Data(DataArgs),
    /// Say what this machine offers: cores, vector instructions, devices, memory, disk.
    Doctor(DoctorArgs),
    /// Measure how fast convolutions, steps, penalties and updates are, alone or beside PyTorch.
    #[command(after_help = bench::EXAMPLES)]
    Bench(bench::BenchArgs),
    /// What `bench` starts for each number of threads.
    #[command(hide = true)]
    BenchWorker(bench::WorkerArgs),
    /// Compare methods over several seeds, by a file that says which; or train presets, measure what truncation does, play
    /// small games, and what else its commands are.
    #[command(after_help = study::EXAMPLES)]
    Study(study::StudyArgs),
    /// What `study` starts for each run.
    #[command(hide = true)]
    StudyWorker(study::WorkerArgs),
    /// What `study failures` starts for each run.
    #[command(hide = true)]
    StudyCase(CaseArgs),
    /// What a study by file starts for each run.
    #[command(hide = true)]
    StudyCell(CellArgs),
    /// Describe every network: paper, settings, parameters, operations, memory, presets, and what these reached.
    Zoo(ZooArgs),
}

impl Command {
    /// Whether the answer is wanted as JSON.
    pub(crate) fn json(&self) -> bool {
        match self {
            Self::Train(args) => args.json,
            Self::Sample(args) => args.json,
            Self::Score(args) => args.json,
            Self::Import(args) => args.json,
            Self::Export(args) => args.json,
            Self::Eval(args) => args.json,
            Self::Report(args) => args.json,
            Self::Diagnose(args) => args.json,
            Self::Data(args) => args.json,
            Self::Doctor(args) => args.json,
            Self::Bench(args) => args.json,
            Self::Study(args) => args.plan.json,
            Self::BenchWorker(_)
            | Self::Metrics(_)
            | Self::StudyWorker(_)
            | Self::StudyCase(_)
            | Self::StudyCell(_)
            | Self::Zoo(_) => false,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    /// The recipe to follow [default: quickstart]
    #[arg(conflicts_with = "resume")]
    pub(crate) preset: Option<String>,
    /// A TOML file laid over the preset; a run.toml of an older run will do
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub(crate) config: Option<PathBuf>,
    /// A known data set (see `ganymede data list`), a folder, .zip or .tar of images, or a folder of pairs (data.pairs); with
    /// --resume where the data are now
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Generator updates
    #[arg(long, value_name = "N", conflicts_with = "kimg")]
    pub(crate) steps: Option<u64>,
    /// Length in thousands of real images shown to the discriminator
    #[arg(long, value_name = "N")]
    pub(crate) kimg: Option<f64>,
    /// Seed of every random draw: the same seed gives the same bytes
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// The run folder, which must be empty or new [default: runs/PRESET-N]
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    pub(crate) out: Option<PathBuf>,
    /// Go on with the run of this folder from its last checkpoint
    #[arg(long, value_name = "DIR")]
    pub(crate) resume: Option<PathBuf>,
    /// auto, cpu, cuda:N or metal
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<DeviceChoice>,
    /// Worker threads, at most 1024 [default: one a physical core]
    #[arg(long, value_name = "N", value_parser = numbers::threads)]
    pub(crate) threads: Option<usize>,
    /// Change any setting; may be repeated
    #[arg(long = "set", value_name = "SECTION.KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// Refuse a configuration that is known to train badly, instead of a warning; run.silence lets single ones through
    #[arg(long)]
    pub(crate) strict: bool,
    /// Serve the report while the run trains, at a port of this machine or an address, such as 0.0.0.0:8000, that
    /// others can reach [default port: 8321]
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "")]
    pub(crate) live: Option<LiveAddress>,
    /// Do not write report.html at the end
    #[arg(long)]
    pub(crate) no_report: bool,
    /// Print the summary as one JSON object, the last line of standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// No progress, only errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

fn train_help() -> String {
    let mut text = String::from("Presets:\n");
    for preset in presets() {
        text += &format!("  {}: {}\n      {}\n", preset.name, preset.summary, preset.citation);
    }
    text + TRAIN_EXAMPLES
}

const TRAIN_EXAMPLES: &str = "
Examples:
  ganymede train --set optimizer.discriminator.lr=4e-4     two time-scale update rule
  ganymede train ring-r1 --set penalty.0.gamma=1           the first penalty's weight
  ganymede train sn-dcgan --set loss.kind=wasserstein --set optimizer.n_critic=5
  ganymede train ring-minimax                              watch a mode collapse
  ganymede train --config runs/quickstart-1/run.toml --seed 1
  ganymede train --live                                    watch it in a browser

The run folder holds run.toml (every setting), log.jsonl, metrics.jsonl, curves.png,
samples/*.png, checkpoints/, summary.json, tensorboard/ (--set log.tensorboard=false leaves it
out), and report.html, which shows all of that on one page.
--live serves that page while the run trains, to this machine alone unless an address says
otherwise; whoever reaches it can look and do nothing else. Ctrl-C (or SIGTERM, or the end of the terminal)
finishes the step, leaves a measurement that is under way, writes a checkpoint and says how to
go on; a second one leaves at once. Signals that are ignored at the start stay ignored: nohup.

--resume goes on to the same bytes as a run that was never interrupted. It may change --steps
(not to fewer than were made), --threads, --device, limits.minutes, the section log and, where
the data were moved, --data and data.vectors: they have to be the same data, which is checked
by their hash.
One process at a time can train in a run folder; a second one is told which the first is.";

/// What a command that draws samples runs on.
#[derive(Debug, clap::Args)]
pub(crate) struct MachineArgs {
    /// Where the network runs: auto, cpu, cuda:N or metal
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub(crate) device: DeviceChoice,
    /// Worker threads, at most 1024 [default: one a physical core]
    #[arg(long, value_name = "N", value_parser = numbers::threads)]
    pub(crate) threads: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EvalArgs {
    /// The folder of a run on images
    pub(crate) run_dir: PathBuf,
    /// Which checkpoint of the run: last, best, or a step that was kept; several, such as 1500,1750,last, are an
    /// ensemble of which each makes some of the samples
    #[arg(long, value_name = "WHICH", default_value = "last")]
    pub(crate) checkpoint: String,
    /// The data to compare with, where they were moved, or on purpose others than the run's [default: as the run]
    #[arg(long, value_name = "NAME|DIR")]
    pub(crate) data: Option<PathBuf>,
    /// fid, kid, is, pr, density-coverage, class-agreement [default: as the run]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    pub(crate) metrics: Vec<String>,
    /// fashion-cnn (built in), inception2015, dinov2-s, -b, -l or -g (each also with registers, such as dinov2-l-reg),
    /// clip-vit-b32, clip-vit-l14-336 or vgg16 [default: as the run]
    #[arg(long, value_name = "NAME")]
    pub(crate) extractor: Option<String>,
    /// The extractor's weights, where they are not in the cache folder ($GANYMEDE_CACHE)
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Generated samples, and real ones where there are as many, 10 to 200,000 [default: as the run]
    #[arg(long, value_name = "N", value_parser = numbers::measured)]
    pub(crate) num: Option<usize>,
    /// Passes of 64 samples whose statistics batch normalisation uses [default: as the run; 0: its running statistics]
    #[arg(long, value_name = "N", value_parser = numbers::passes)]
    pub(crate) standing_statistics: Option<u64>,
    #[command(flatten)]
    pub(crate) refine: RefineArgs,
    #[command(flatten)]
    pub(crate) path_length: PathLengthArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Print the numbers as one JSON object, with all that they depend on
    #[arg(long)]
    pub(crate) json: bool,
}

const EVAL_EXAMPLES: &str = "\
The same samples and the same network as during the run give the number that the run logged.
Data that have changed since the run are refused, unless they are named by --data; the result
then says that they are others than those of the run.

Examples:
  ganymede eval runs/quickstart-1
  ganymede eval runs/quickstart-1 --checkpoint best --metrics fid,kid,density-coverage --num 5000
  ganymede eval runs/dcgan-1 --extractor inception2015 --weights pt_inception-2015-12-05-6726825d.pth
  ganymede eval runs/quickstart-1 --sampling rejection --rejection-gamma 0
  ganymede eval runs/quickstart-1 --ppl z --ppl-pairs 5000
  ganymede eval runs/stylegan2-1 --ppl w --ppl-sampling end --weights lpips-vgg16.pth

Two folders of images: `ganymede metrics`.";

#[derive(Debug, clap::Args)]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    pub(crate) command: DataCommand,
    /// Print the answer as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Name the known data sets and say which are here.
    List,
    /// Fetch a data set and verify it.
    Fetch {
        /// Its name
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
