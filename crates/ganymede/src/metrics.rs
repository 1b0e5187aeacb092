//! `ganymede metrics`: the program `ganymede-metrics`, which can draw samples of runs here.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use ganymede_metrics::program::{self, RunSamples};
use ganymede_models::Latents as Drawn;
use ganymede_tensor::{DeviceChoice, Tensor};
use ganymede_train::{Latents, RunFolder, Sampler, TrainError};

use crate::sample::usual_conditions;

#[derive(Debug, clap::Args)]
pub(crate) struct MetricsArgs {
    /// As `ganymede metrics --help` says
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    args: Vec<OsString>,
}

/// The other program hears signals and starts threads itself.
pub(crate) fn run(args: MetricsArgs) -> ExitCode {
    program::main_with(std::iter::once("ganymede metrics".into()).chain(args.args), &Runs)
}

/// Samples as `ganymede sample` draws them, of the last checkpoint and its averaged generator.
struct Runs;

impl RunSamples for Runs {
    fn draw(
        &self,
        run: &Path,
        count: usize,
        seed: u64,
        take: &mut dyn FnMut(&Tensor) -> Result<()>,
    ) -> Result<()> {
        let device = DeviceChoice::Auto.open().map_err(TrainError::from)?;
        let sampler = Sampler::from_checkpoint(&RunFolder::open(run)?.last_checkpoint(), &device)?;
        let mut latents = sampler.latents(&Latents::Random { count, seed })?;
        let mut conditions = usual_conditions(&sampler, Some(run), None, seed)?;
        let mut first = 0;
        while let Some(z) = latents.next_batch()? {
            let n = z.dim(0)?;
            let condition = conditions.next_batch(n)?;
            take(&sampler.generate_finite(&Drawn::new(z), &condition, first)?)?;
            first += n;
        }
        Ok(())
    }
}
