//! The command line. Its help is meant to teach.

use std::path::PathBuf;

use crate::{Convention, Resize};
use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

use super::names::{self, Asked};
use super::numbers;

/// Measure generated images against real ones: two folders in, the numbers of the literature out.
#[derive(Debug, Parser)]
#[command(
    name = "ganymede-metrics",
    version,
    max_term_width = 110,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = EXAMPLES,
    after_long_help = long_help()
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) evaluate: EvaluateArgs,
}

const EXAMPLES: &str = "\
Examples:
  ganymede-metrics --real photos/ --fake samples/
  ganymede-metrics --real photos/ --fake samples/ --metrics fid,prdc --json result.json
  ganymede-metrics --real photos/ --fake samples/ --convention pytorch-fid     its numbers, digit for digit
  ganymede-metrics --real clothes/ --fake samples/ --extractor fashion-cnn     28 px, nothing to download
  ganymede-metrics stats photos/ -o photos.stats && ganymede-metrics --real photos.stats --fake samples/
  ganymede-metrics compare monday.json tuesday.json
  ganymede-metrics rank --real photos/ --fake baseline/ ours/                 who is better, at 95 %

Exit status: 0 done, 1 failed, 2 used wrongly, 130 interrupted.";

const NOTES: &str = "\
A measure that cannot be taken of so few or such images is left out with a word, and is an error if named. swd and
ms-ssim look at a part of large sets, drawn by --seed; their label, name and JSON say how many images.

Images are samples: pictures that Ganymede drew (grids, curves, reports) and run folders are passed over and named.
Folders are searched to the bottom, but by --convention as its program does: pytorch-fid, torch-fidelity and ttur take
the images of the folder itself, studiogan those of class folders; what is left out is counted and said.

The places of --json, --report and -o are tried before the work. Files are replaced as a whole and keep their mode;
pipes, devices, descriptors (/dev/fd/3) and links are written through. What is read is never written over.

Numbers compare only where extractor, resizing, convention and the numbers of images are the same: the name of
a number says them (fid-inception2015-clean-10k), and `compare` checks them.

Examples:
  ganymede-metrics --real photos/ --fake samples/
  ganymede-metrics --real photos/ --fake samples/ --metrics all --report report/
  ganymede-metrics --real photos/ --fake samples/ --convention pytorch-fid     its numbers, digit for digit
  ganymede-metrics stats photos/ -o photos.stats && ganymede-metrics --real photos.stats --fake samples/
  ganymede-metrics compare monday.json tuesday.json

Exit status: 0 done, 1 failed, 2 used wrongly, 130 interrupted.";

fn long_help() -> String {
    format!("Measures (--metrics; `all` for all of them):\n{}\n{NOTES}", names::measures())
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count a folder once, for later: its features' mean and covariance, and the features if asked for.
    Stats(StatsArgs),
    /// Join the statistics of shards, as if they had been counted together; no image twice.
    Merge(MergeArgs),
    /// Compare two results, if they may be compared.
    Compare(CompareArgs),
    /// Measure rows of features that another program computed.
    Features(FeaturesArgs),
    /// Compare generators with each other against the same real images: who is better than whom, at 95 %.
    Rank(RankArgs),
    /// Try measures of fidelity and diversity on samples whose truth is known: which of them can be trusted with what.
    Selftest(SelfTestArgs),
}

impl Args {
    pub(crate) fn json(&self) -> Option<PathBuf> {
        match &self.command {
            None => self.evaluate.common.json.clone(),
            Some(Command::Features(args)) => args.common.json.clone(),
            Some(Command::Compare(args)) => args.json.clone(),
            Some(Command::Rank(args)) => args.common.json.clone(),
            Some(Command::Selftest(args)) => args.json.clone(),
            Some(Command::Stats(_) | Command::Merge(_)) => None,
        }
    }

    /// Files that are read, as opposed to folders.
    pub(crate) fn inputs(&self) -> Vec<&PathBuf> {
        match &self.command {
            None => {
                let evaluate = &self.evaluate;
                let files = [&evaluate.real, &evaluate.fake, &evaluate.unseen, &evaluate.network.weights];
                files.into_iter().flatten().collect()
            }
            Some(Command::Features(args)) => {
                [&args.real, &args.fake].into_iter().chain(&args.unseen).collect()
            }
            Some(Command::Compare(args)) => vec![&args.left, &args.right],
            Some(Command::Rank(args)) => super::rank::inputs(args),
            Some(Command::Stats(_) | Command::Merge(_) | Command::Selftest(_)) => Vec::new(),
        }
    }

    pub(crate) fn threads(&self) -> Option<usize> {
        match &self.command {
            None => self.evaluate.network.threads,
            Some(Command::Stats(args)) => args.network.threads,
            Some(Command::Features(args)) => args.threads,
            Some(Command::Rank(args)) => args.network.threads,
            Some(Command::Selftest(args)) => args.threads,
            Some(_) => None,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct EvaluateArgs {
    /// Real images: a folder (searched to the bottom unless --convention says otherwise, any mix of formats), an archive
    /// of them (.zip, .tar, .tar.gz; a folder of tars), a list of their paths (.txt, one a line, relative to it), images in
    /// one array of uint8 (N, H, W, C) in an .npz (arr_0) or .npy, a statistics file of `stats`, the .npz of pytorch-fid,
    /// clean-fid or guided-diffusion (mu, sigma), or rows of features (.npy, .npz, .safetensors)
    #[arg(long, value_name = "DIR|FILE|STATS", required = true)]
    pub(crate) real: Option<PathBuf>,
    /// Generated images, likewise; or what makes them: a generator in .onnx, where the program was built with the feature
    /// `onnx`, and in `ganymede metrics` the folder of a run
    #[arg(long, value_name = "DIR|FILE|STATS", required = true)]
    pub(crate) fake: Option<PathBuf>,
    /// Real images that the generator was not trained on, likewise: for fld and copying [default: every second of --real]
    #[arg(long, value_name = "DIR|FILE")]
    pub(crate) unseen: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// A picture of the worst and best samples with the real ones nearest to them; a folder also gets a picture of the bins
    /// (NDB) with too few or too many generated ones, and both as lists
    #[arg(long, value_name = "FILE.png|DIR")]
    pub(crate) report: Option<PathBuf>,
}

/// What to measure and where to write it.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct CommonArgs {
    /// Which measures, with commas between them [default: fid,kid,is,prdc, as far as the input allows]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = names::measure_parser())]
    pub(crate) metrics: Vec<Asked>,
    /// Say where each number lies with 95 %: 21 times the work
    #[arg(long)]
    pub(crate) intervals: bool,
    /// Seed of random draws: subsets, directions, pairs
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Write the result as one JSON object to a file, or `-`: as the last line of standard output
    #[arg(long, value_name = "FILE|-")]
    pub(crate) json: Option<PathBuf>,
    /// No progress and no table, only warnings and errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// How images become features.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct NetworkArgs {
    // Its help comes from the table of extractors.
    #[arg(long, value_name = "NAME", default_value = "inception2015", help = names::extractor_help())]
    pub(crate) extractor: String,
    /// Its weights, under any key and prefix of a .pth or .safetensors [default: in $GANYMEDE_CACHE/weights, fetched
    /// if need be]. Nothing in the file is executed; TorchScript (StyleGAN's and clean-fid's Inception) is not read
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Never use the network of this machine: fail where weights are missing
    #[arg(long)]
    pub(crate) offline: bool,
    /// How images reach the network's size; it decides FID [default: the convention's, clean]
    #[arg(long, value_name = "HOW", value_parser = PossibleValuesParser::new(Resize::ALL.iter().map(|r| r.name())))]
    pub(crate) resize: Option<String>,
    /// Whose choices to follow, that of files included
    #[arg(long, value_name = "WHOSE", default_value = "ganymede",
          value_parser = PossibleValuesParser::new(Convention::ALL.iter().map(|c| c.name())))]
    pub(crate) convention: String,
    /// Images that go through the network at once, at most 1024
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = numbers::batch)]
    pub(crate) batch: usize,
    /// Worker threads, at most 1024 [default: all]
    #[arg(long, value_name = "N", value_parser = numbers::threads)]
    pub(crate) threads: Option<usize>,
    /// Compute features again even if those of the same images are at hand, and keep none
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) draw: DrawArgs,
}

/// How samples are drawn where generated images are given as what makes them.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DrawArgs {
    /// Samples that are drawn of what is no images itself but makes them: a generator in .onnx, or in `ganymede metrics` the
    /// folder of a run
    #[arg(long, value_name = "N", default_value_t = numbers::SAMPLES, value_parser = numbers::samples)]
    pub(crate) samples: usize,
    /// Seed of these samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) draw_seed: u64,
    /// Of a generator in .onnx the distribution of its latent numbers: normal, or uniform from -1 to 1
    #[cfg(feature = "onnx")]
    #[arg(long, value_name = "WHICH", default_value = "normal")]
    pub(crate) latents: super::onnx::LatentKind,
}

#[derive(Debug, clap::Args)]
pub(crate) struct StatsArgs {
    /// The folder, or an archive, a list or an array of images
    pub(crate) dir: PathBuf,
    /// The file to write: ours (safetensors, mergeable) or, if it ends in .npz, that of pytorch-fid (mu, sigma) or, with
    /// --convention adm, of guided-diffusion (also mu_s, sigma_s)
    #[arg(long, short, value_name = "STATS")]
    pub(crate) output: PathBuf,
    /// Keep the features as well: kid, prdc, pr, mind and memorisation need them (8 kB an image)
    #[arg(long)]
    pub(crate) rows: bool,
    /// Put the images into the .npz of --convention adm as well, as arr_0: guided-diffusion's evaluator needs them
    #[arg(long)]
    pub(crate) images: bool,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    /// No progress, only warnings and errors
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MergeArgs {
    /// Statistics files of `stats`
    #[arg(required = true, num_args = 1.., value_name = "STATS")]
    pub(crate) inputs: Vec<PathBuf>,
    /// The file to write
    #[arg(long, short, value_name = "STATS")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// A result that --json wrote
    pub(crate) left: PathBuf,
    /// Another
    pub(crate) right: PathBuf,
    /// Print numbers side by side that must not be compared, and say why
    #[arg(long)]
    pub(crate) anyway: bool,
    /// Write the comparison as one JSON object to a file, or `-`: as the last line of standard output
    #[arg(long, value_name = "FILE|-")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SelfTestArgs {
    /// How often samples are drawn, at most 100; their scores are averaged
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = numbers::repeats)]
    pub(crate) repeats: usize,
    /// Only this check; may be repeated [default: all]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(crate::SELFTEST_CHECKS))]
    pub(crate) check: Vec<String>,
    /// Seed of the samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Write all verdicts as one JSON object to a file, or `-`: as the last line of standard output
    #[arg(long, value_name = "FILE|-")]
    pub(crate) json: Option<PathBuf>,
    /// Worker threads, at most 1024 [default: all]
    #[arg(long, value_name = "N", value_parser = numbers::threads)]
    pub(crate) threads: Option<usize>,
    /// No progress and no table
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each set is cut into groups, and the measures are taken with each group left out: (2 G + 1) times for each
generator. Take --metrics with care of their cost; `fid` of Inception's features takes some seconds a time.

Example:
  ganymede-metrics rank --real photos/ --fake baseline/ ours/ theirs/ --metrics fid,kid")]
pub(crate) struct RankArgs {
    /// Real images, or their features, as for the program itself
    #[arg(long, value_name = "DIR|STATS")]
    pub(crate) real: PathBuf,
    /// Images of two or more generators; of larger sets as many are taken as the smallest has
    #[arg(long, value_name = "DIR|STATS", num_args = 2..=16, required = true)]
    pub(crate) fake: Vec<PathBuf>,
    /// Groups that are left out in turn, 5 to 31
    #[arg(long, value_name = "G", default_value_t = 10, value_parser = numbers::groups)]
    pub(crate) groups: usize,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FeaturesArgs {
    /// Features of real samples (N, D): .npy or .safetensors
    pub(crate) real: PathBuf,
    /// Features of generated samples (M, D)
    pub(crate) fake: PathBuf,
    /// Features of real samples that the generator was not trained on: for fld and copying [default: every second of REAL]
    #[arg(long, value_name = "FILE")]
    pub(crate) unseen: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
    /// Worker threads, at most 1024 [default: all]
    #[arg(long, value_name = "N", value_parser = numbers::threads)]
    pub(crate) threads: Option<usize>,
}
