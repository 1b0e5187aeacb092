//! `ganymede bench --help`

use std::path::PathBuf;

use crate::numbers;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Benchmark {
    /// Single convolutions of DCGAN, SNGAN, PGGAN and Inception: forward, and both gradients
    Conv,
    /// Whole training steps of DCGAN, WGAN-GP, SNGAN, SAGAN, BigGAN and R3GAN: discriminator, then generator
    Step,
    /// Gradient penalties alone: a gradient of a gradient
    Grad2,
    /// Adam, RMSprop and the averaged generator, in place
    Update,
    /// Features of Inception and DINOv2, the Frechet distance of 2,048 features, density and coverage of 20,000 images
    Metrics,
    /// A step of the quickstart with each cure, beside the same step without it
    Cures,
    /// Steps with a look of the monitor after them, and without
    Monitor,
}

impl Benchmark {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Conv => "conv",
            Self::Step => "step",
            Self::Grad2 => "grad2",
            Self::Update => "update",
            Self::Metrics => "metrics",
            Self::Cures => "cures",
            Self::Monitor => "monitor",
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// What to measure
    #[arg(value_enum)]
    pub(crate) benchmark: Benchmark,
    /// Numbers of threads, one table each [default: one a physical core]
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = numbers::threads)]
    pub(crate) threads: Vec<usize>,
    /// Measurements of each cell; the median counts
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = numbers::rounds)]
    pub(crate) rounds: u32,
    /// Only rows whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Option<String>,
    /// Measure PyTorch beside it, by turns, in each of its forms; PYTHON has to have torch
    /// [default: $GANYMEDE_PEERS_PYTHON, else python3]
    #[arg(long, value_name = "PYTHON", num_args = 0..=1, require_equals = true)]
    pub(crate) against_pytorch: Option<Option<PathBuf>>,
    /// `metrics` only: the Inception network's weights, which both sides read
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<String>,
    /// Print everything as one JSON object, the last line of standard output
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  ganymede bench conv --threads 1,2              both tables, one after the other
  ganymede bench conv --filter '3x3 s1'          some of the rows
  ganymede bench step --against-pytorch          PyTorch of python3, by turns
  ganymede bench metrics --rounds 3 --against-pytorch --weights pt_inception-2015-12-05-6726825d.pth
  ganymede bench grad2 --against-pytorch=venv/bin/python --rounds 15 --json
  ganymede bench cures --filter r1               what each kind of R1 costs

How it is measured: each side is a process of its own with the same number of threads, and sleeps
while another works. In each round each side repeats each cell for a moment, and the mean counts as
one measurement; the table has the medians over all rounds. PyTorch is measured as it comes (eager) and
with channels innermost (channels-last); its networks of measures also compiled with frozen weights, and
by OpenVINO. Ratios are our time over that of the fastest form: below 1 is faster. `peak` is the share of what a product of two 1024 x 1024 matrices reaches here with as many
threads. Memory is the largest resident set of a process that has done nothing but that row.
Results and gradients are allocated anew in each call, on both sides.

`monitor` tells what a step, a step with a look and a step with a thorough look take, and which part of
all steps the looks take at the intervals that a run has them.

Beside `metrics` stand pytorch-fid, scipy's sqrtm and prdc, where the Python has them.
Run it when nothing else runs.";

#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    #[arg(long, value_parser = numbers::threads)]
    pub(crate) threads: usize,
}
