//! `ganymede sample`

use std::path::{Path, PathBuf};

use anyhow::Result;
use ganymede_files::{path_text, shell_quoted};
use ganymede_models::{Condition, ConditionShape, Role};
use ganymede_tensor::{Device, Tensor, TensorWriter};
use ganymede_train::{
    ConditionBatches, LatentBatches, Latents, NetworkWeights, RunFolder, SampleWriter, Sampler, TrainError,
};
use serde_json::json;

use crate::args::SampleArgs;
use crate::counter::Counter;
use crate::words::{self, Misuse};
use crate::{Exit, interrupt, machine, weights};

pub(crate) fn run(args: &SampleArgs) -> Result<Exit> {
    machine::start_threads(args.machine.threads.unwrap_or(0))?;
    let device = args.machine.device.open().map_err(TrainError::from)?;
    let mut sampler = open(args, &device)?;
    if let Some(passes) = args.standing_statistics {
        sampler = sampler.with_standing_statistics(passes, args.seed, args.truncation)?;
    }
    if let (Some(class), None) = (args.class, sampler.classes()) {
        let reason = format!("--class {class}: this generator was trained without classes; leave it out");
        return Err(Misuse(reason).into());
    }
    let (mut conditions, mut latents) = match &args.labels {
        Some(labels) => {
            let latents = sampler.latents(&latents(args, None))?;
            (sampler.labels(labels, latents.count())?, latents)
        }
        None => {
            let conditions = conditions(args, &sampler)?;
            let count = conditions.count();
            (conditions, sampler.latents(&latents(args, count))?)
        }
    };
    let mut outputs = Outputs::open(args, &sampler, latents.count())?;
    interrupt::ask_politely("stopping after these samples");
    if let Err(error) = draw(&sampler, &mut latents, &mut conditions, &mut outputs) {
        outputs.tell_what_is_there();
        return Err(error);
    }
    let whole = outputs.written == latents.count();
    let report = outputs.finish(&sampler, whole)?;
    if args.json {
        words::result(&report.to_string());
    }
    Ok(if whole { Exit::Done } else { Exit::Interrupted })
}

/// All samples, or as many as come before an interruption.
fn draw(
    sampler: &Sampler,
    latents: &mut LatentBatches,
    conditions: &mut ConditionBatches,
    outputs: &mut Outputs,
) -> Result<()> {
    let mut counter = Counter::new(latents.count());
    while let Some(z) = latents.next_batch()? {
        if interrupt::requested() {
            break;
        }
        let condition = conditions.next_batch(z.dim(0)?)?;
        let samples = sampler.generate_finite(&z, &condition, outputs.written)?;
        outputs.push(&samples, &condition)?;
        counter.at(outputs.written);
    }
    Ok(())
}

/// Where samples go: opened before the first is made.
struct Outputs {
    folder: Option<SampleWriter>,
    tensor: Option<(PathBuf, TensorWriter)>,
    wanted: usize,
    written: usize,
}

impl Outputs {
    fn open(args: &SampleArgs, sampler: &Sampler, count: usize) -> Result<Self> {
        let shape = sampler.sample_shape();
        let tensor = match &args.tensor {
            Some(path) => {
                let shape = [&[count], &shape[..]].concat();
                let writer = TensorWriter::new(path, "images", &shape).map_err(TrainError::from)?;
                Some((path.clone(), writer))
            }
            None => None,
        };
        let folder = match &args.out {
            Some(dir) => Some(SampleWriter::create(dir, &shape, !args.no_grid)?),
            None if tensor.is_some() => None,
            None => {
                let base = args.run_dir.as_deref().unwrap_or(Path::new("."));
                Some(SampleWriter::create_numbered(base, "generated", &shape, !args.no_grid)?)
            }
        };
        Ok(Self { folder, tensor, wanted: count, written: 0 })
    }

    fn push(&mut self, samples: &Tensor, condition: &Condition) -> Result<()> {
        if let Some((_, writer)) = &mut self.tensor {
            writer.push(samples).map_err(TrainError::from)?;
        }
        if let Some(folder) = &mut self.folder {
            folder.push_made_from(samples, condition)?;
        }
        self.written += samples.dim(0)?;
        Ok(())
    }

    fn tell_what_is_there(&self) {
        if let Some(folder) = self.folder.as_ref().filter(|folder| folder.written() > 0) {
            let (written, dir) = (folder.written(), folder.dir().display());
            words::say(&format!("{written} of {} samples are whole, in {dir}", self.wanted));
        }
    }

    fn finish(self, sampler: &Sampler, whole: bool) -> Result<serde_json::Value> {
        if !whole {
            words::say(&format!("interrupted after {} of {} samples", self.written, self.wanted));
        }
        let mut tensor = None;
        if let Some((path, writer)) = self.tensor {
            if whole {
                writer.finish().map_err(TrainError::from)?;
                words::say(&format!("wrote {}", path.display()));
                tensor = Some(path);
            } else {
                words::say(&format!("{} was not written: it holds all samples or none", path.display()));
            }
        }
        let mut dir = None;
        if let Some(folder) = self.folder.filter(|_| self.written > 0) {
            let path = folder.dir().to_owned();
            let count = folder.finish()?;
            words::say(&format!("wrote {count} samples into {}", path.display()));
            dir = Some(path);
        }
        Ok(json!({
            "samples": self.written,
            "shape": sampler.sample_shape(),
            "folder": dir.as_deref().map(path_text),
            "tensor": tensor.as_deref().map(path_text),
        }))
    }
}

fn open(args: &SampleArgs, device: &Device) -> Result<Sampler> {
    if let Some(path) = &args.weights {
        return open_weights(args, path, device);
    }
    let dir = args.run_dir.as_deref().unwrap_or(Path::new("."));
    if dir.is_file() {
        let (path, word) = (dir.display(), shell_quoted(dir));
        let reason =
            format!("{path} is a file, not the folder of a run: weights are given by --weights {word}");
        return Err(Misuse(reason).into());
    }
    let path = checkpoint(&RunFolder::open(dir)?, &args.checkpoint)?;
    Ok(Sampler::from_checkpoint(&path, device)?)
}

fn open_weights(args: &SampleArgs, path: &Path, device: &Device) -> Result<Sampler> {
    if args.foreign.model.is_none() {
        if let Some(saved) = NetworkWeights::of_saved(path, device)? {
            return Ok(Sampler::new(saved, path, device)?);
        }
        return Sampler::from_checkpoint(path, device).map_err(|error| {
            if matches!(error, TrainError::NotFinite { .. }) {
                return error.into();
            }
            let hint = "if these are weights of another program, name the model: --model dcgan";
            Misuse(format!("{error}; {hint}")).into()
        });
    }
    let found = weights::find(path, &args.foreign, Role::Generator, None, device)?;
    Ok(Sampler::new(found, path, device)?)
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

/// What the samples are to be: as the options say; else classes that are drawn, or vectors and images of the run's data.
fn conditions(args: &SampleArgs, sampler: &Sampler) -> Result<ConditionBatches> {
    let dir = args.run_dir.as_deref();
    let is_beside = matches!(sampler.condition(), ConditionShape::Vectors(_) | ConditionShape::Images(_));
    Ok(match (&args.condition, dir) {
        (Some(path), _) => sampler.given_conditions(path, dir)?,
        (None, Some(dir)) if is_beside => sampler.data_conditions(dir, args.seed)?,
        _ => sampler.class_batches(args.class.map(|class| class as usize), args.seed)?,
    })
}

/// As many as are asked for; else as many as there are conditions.
fn latents(args: &SampleArgs, conditions: Option<usize>) -> Latents {
    match &args.latents {
        Some(path) => Latents::File { path: path.clone(), count: args.num },
        None => {
            let count = args.num.or(conditions).unwrap_or(64);
            Latents::Random { count, seed: args.seed, truncation: args.truncation }
        }
    }
}
