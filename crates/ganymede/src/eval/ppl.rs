//! `ganymede eval --ppl`

use std::str::FromStr;

use anyhow::Result;
use ganymede_files::path_text;
use ganymede_metrics::{PathSampling, find_extractor};
use ganymede_models::ConditionShape;
use ganymede_train::{PathDistance, PathLengthOptions, RunFolder, Sampler, TrainError, Trainer, figure};
use serde_json::json;

use crate::args::EvalArgs;
use crate::counter::Counter;
use crate::sample::args::Space;
use crate::sample::checkpoint;
use crate::words::{self, Misuse};
use crate::{Exit, machine, numbers};

/// What distances are seen with where nothing is said.
const BUILT_IN: &str = "fashion-cnn";

#[derive(Debug, clap::Args)]
pub(crate) struct PathLengthArgs {
    /// Measure the path length instead (PPL: how far samples move when a latent vector moves a little; lower is
    /// smoother), on great circles in z, or on lines in w where there is a mapping network. Papers see distances by
    /// LPIPS: give its weights by --weights, as torch.save(lpips.LPIPS(net="vgg").state_dict(), FILE) writes them. Without
    /// they are seen by the extractor, and the number says so and is comparable with its own only
    #[arg(long, value_name = "SPACE", conflicts_with_all = ["metrics", "num", "standing_statistics", "data", "sampling"])]
    pub(crate) ppl: Option<Space>,
    /// Pairs of latent vectors [default: 50000, as StyleGAN]
    #[arg(long, value_name = "N", requires = "ppl", value_parser = numbers::pairs)]
    pub(crate) ppl_pairs: Option<usize>,
    /// Where on a path: full, anywhere, or end, at its start [default: full]
    #[arg(long, value_name = "WHERE", requires = "ppl")]
    pub(crate) ppl_sampling: Option<Sampling>,
    /// Look at the part of an image only where faces are in FFHQ
    #[arg(long, requires = "ppl")]
    pub(crate) ppl_crop: bool,
}

/// `--ppl-sampling`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sampling(PathSampling);

impl FromStr for Sampling {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "full" => Ok(Self(PathSampling::Full)),
            "end" => Ok(Self(PathSampling::End)),
            _ => Err("give full or end".to_owned()),
        }
    }
}

pub(super) fn run(args: &EvalArgs, space: Space) -> Result<Exit> {
    let run = Trainer::layers_of(&args.run_dir)?.resolve()?;
    machine::start_threads(args.machine.threads.unwrap_or(run.threads))?;
    let device = args.machine.device.open().map_err(TrainError::from)?;
    let path = checkpoint(&RunFolder::open(&args.run_dir)?, &args.checkpoint)?;
    let sampler = Sampler::from_checkpoint(&path, &device)?;
    let weights = args.weights.as_deref();
    let distance = match (&args.extractor, weights) {
        (None, Some(weights)) => PathDistance::lpips(weights, &device)?,
        (name, weights) => {
            let name = name.as_deref().unwrap_or(BUILT_IN);
            let kind = find_extractor(name).map_err(|error| Misuse(error.to_string()))?;
            PathDistance::features(kind, weights, &device)?
        }
    };
    let is_beside = matches!(sampler.condition(), ConditionShape::Vectors(_) | ConditionShape::Images(_));
    let mut conditions = match is_beside {
        true => sampler.data_conditions(&args.run_dir, run.seed)?,
        false => sampler.class_batches(None, run.seed)?,
    };
    let options = &args.path_length;
    let usual = PathLengthOptions::default();
    let options = PathLengthOptions {
        space: space.0,
        sampling: options.ppl_sampling.map_or(usual.sampling, |sampling| sampling.0),
        pairs: options.ppl_pairs.unwrap_or(usual.pairs),
        crop: options.ppl_crop,
        seed: run.seed,
        ..usual
    };
    words::say(&format!("path length of {}, {} pairs ...", path.display(), options.pairs));
    let mut counter = Counter::new(options.pairs, "pairs");
    let report = sampler.path_length(&distance, &mut conditions, &options, &mut |seen| counter.at(seen))?;
    drop(counter);
    if args.json {
        let mut report = json!(report);
        report["checkpoint"] = json!(path_text(&path));
        words::result(&report.to_string());
    } else {
        words::result(&format!("{}  {:>10}  lower is better", report.name, figure(report.value, 4)));
    }
    Ok(Exit::Done)
}
