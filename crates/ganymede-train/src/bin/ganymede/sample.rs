//! `ganymede sample`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ganymede_models::ModelName;
use ganymede_tensor::{Checkpoint, Device, Tensor, load_weights};
use ganymede_train::{Latents, RunFolder, Sampler, TrainError, write_samples};
use serde_json::json;

use crate::args::SampleArgs;
use crate::words::{self, Misuse};
use crate::{Exit, machine};

pub(crate) fn run(args: &SampleArgs) -> Result<Exit> {
    if let Some(class) = args.class {
        let reason = format!("--class {class}: this generator was trained without classes; leave it out");
        return Err(Misuse(reason).into());
    }
    machine::start_threads(args.machine.threads.unwrap_or(0))?;
    let device = args.machine.device.open().map_err(TrainError::from)?;
    let sampler = open(args, &device)?;
    let z = sampler.latents(&latents(args)?)?;
    let samples = sampler.generate(&z)?;
    let tensor = args.tensor.as_deref();
    if let Some(path) = tensor {
        write_tensor(&samples, path)?;
        words::say(&format!("wrote {}", path.display()));
    }
    let dir = args.out.clone().or_else(|| tensor.is_none().then(|| default_out(args)));
    if let Some(dir) = &dir {
        let count = write_samples(&samples, dir)?;
        words::say(&format!("wrote {count} samples into {}", dir.display()));
    }
    if args.json {
        let report = json!({
            "samples": samples.dim(0)?,
            "shape": sampler.sample_shape(),
            "folder": dir,
            "tensor": tensor,
        });
        words::result(&report.to_string());
    }
    Ok(Exit::Done)
}

fn open(args: &SampleArgs, device: &Device) -> Result<Sampler> {
    if let Some(weights) = &args.weights {
        let Some(model) = &args.model else {
            return Sampler::from_checkpoint(weights, device).map_err(|error| {
                let hint = "if these are weights of another program, name the model: --model dcgan";
                Misuse(format!("{error}; {hint}")).into()
            });
        };
        let model: ModelName = model.parse().map_err(|error| Misuse(format!("{error}")))?;
        let sampler = Sampler::from_weights(weights, model, args.key.as_deref(), device)?;
        sampler.note().iter().for_each(|note| words::say(&format!("note: {}: {note}", weights.display())));
        return Ok(sampler);
    }
    let dir = args.run_dir.as_deref().unwrap_or(Path::new("."));
    let path = checkpoint(&RunFolder::open(dir)?, &args.checkpoint)?;
    Ok(Sampler::from_checkpoint(&path, device)?)
}

/// The file of `last`, `best` or a step.
pub(crate) fn checkpoint(folder: &RunFolder, which: &str) -> Result<PathBuf> {
    match which {
        "last" => Ok(folder.last_checkpoint()),
        "best" => Ok(folder.best_checkpoint()),
        other => match other.parse() {
            Ok(step) => Ok(folder.kept_checkpoint(step)),
            Err(_) => {
                let reason = format!("--checkpoint {other}: give last, best or a step that was kept");
                Err(Misuse(reason).into())
            }
        },
    }
}

fn latents(args: &SampleArgs) -> Result<Latents> {
    let Some(path) = &args.latents else {
        let count = args.num.unwrap_or(64);
        return Ok(Latents::Random { count, seed: args.seed, truncation: args.truncation });
    };
    let tensors = load_weights(path, None, &Device::Cpu)?;
    let z = match (tensors.get("z"), tensors.len()) {
        (Some(z), _) => z.clone(),
        (None, 1) => tensors.into_values().next().expect("there is one"),
        (None, n) => {
            let reason = format!("{}: it holds {n} tensors and none is called `z`", path.display());
            return Err(Misuse(reason).into());
        }
    };
    match args.num {
        Some(num) if num > z.dim(0)? => {
            let held = z.dim(0)?;
            let reason = format!("--num {num}: {} holds {held} latent vectors", path.display());
            Err(Misuse(reason).into())
        }
        Some(num) => Ok(Latents::Given(z.narrow(0, 0, num)?)),
        None => Ok(Latents::Given(z)),
    }
}

fn write_tensor(samples: &Tensor, path: &Path) -> Result<()> {
    let tensors = BTreeMap::from([("images".to_owned(), samples.clone())]);
    Checkpoint { tensors, metadata: BTreeMap::new() }.save(path)?;
    Ok(())
}

fn default_out(args: &SampleArgs) -> PathBuf {
    let base = args.run_dir.clone().unwrap_or_else(|| PathBuf::from("."));
    RunFolder::next_free(&base, "generated")
}
