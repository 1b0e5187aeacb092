//! `ganymede sample`

pub(crate) mod args;
mod film;
mod kept;
mod mixing;

use std::path::{Path, PathBuf};

use anyhow::Result;
use ganymede_files::{path_text, shell_quoted};
use ganymede_models::{Condition, ConditionShape, Latents as Drawn, Role};
use ganymede_tensor::{Device, Tensor, TensorWriter};
use ganymede_train::{
    ConditionBatches, LatentBatches, Latents, NetworkWeights, NoiseBatches, Redraw, Refinement, Refiner,
    RunFolder, SampleWriter, Sampler, TrainError, Truncation,
};
use serde_json::json;

use crate::counter::Counter;
use crate::words::{self, Misuse};
use crate::{Exit, interrupt, machine, weights};
use args::{Noise, SampleArgs, TruncationArgs};
use kept::KeptLatents;

/// Samples, unless their number is said.
const USUAL: usize = 64;
/// The same of every class.
const USUAL_OF_A_CLASS: usize = 8;

pub(crate) fn run(args: &SampleArgs) -> Result<Exit> {
    machine::start_threads(args.machine.threads.unwrap_or(0))?;
    let device = args.machine.device.open().map_err(TrainError::from)?;
    let sampler = open(args, &device)?;
    let truncation = truncation(&args.truncation, &sampler)?;
    let mut sampler = sampler.with_truncation(truncation)?;
    if let Some(passes) = args.standing_statistics {
        sampler = sampler.with_standing_statistics(passes, args.seed)?;
    }
    if let (Some(class), None) = (args.class, sampler.classes()) {
        let reason = format!("--class {class}: this generator was trained without classes; leave it out");
        return Err(Misuse(reason).into());
    }
    if let Some(how) = args.interpolation.interpolate {
        return film::run(args, &sampler, how);
    }
    if let Some(table) = args.mixing.style_mixing {
        return mixing::run(args, &sampler, table);
    }
    let mut refiner = refiner(args, &sampler)?;
    let passes = Pass::all(args, &sampler)?;
    let count = passes.iter().map(|pass| pass.latents.count()).sum();
    let mut outputs = Outputs::open(args, &sampler, (passes.len(), count))?;
    interrupt::ask_politely("stopping after these samples");
    if let Err(error) = draw(&sampler, passes, refiner.as_mut(), &mut outputs) {
        outputs.tell_what_is_there();
        return Err(error);
    }
    let whole = outputs.written == count;
    let mut report = outputs.finish(&sampler, whole)?;
    if let Some((kept, drawn)) = refiner.as_ref().and_then(Refiner::kept) {
        words::say(&format!("the discriminator kept {kept} of {drawn} samples"));
        report["drawn"] = json!(drawn);
    }
    if args.json {
        words::result(&report.to_string());
    }
    Ok(if whole { Exit::Done } else { Exit::Interrupted })
}

/// The truncation that is asked for, in the form that is usual for the generator where none is named.
fn truncation(args: &TruncationArgs, sampler: &Sampler) -> Result<Option<Truncation>> {
    let Some(psi) = args.truncation else { return Ok(None) };
    let form = args.truncation_form.unwrap_or_else(|| sampler.usual_truncation());
    Ok(Some(form.with(psi, args.truncation_cutoff)?))
}

/// What the run's discriminator has to say, if that is asked for.
fn refiner<'a>(args: &SampleArgs, sampler: &'a Sampler) -> Result<Option<Refiner<'a>>> {
    let Some(refinement) = args.refine.refinement()? else { return Ok(None) };
    let name = refinement.name();
    let Some(dir) = &args.run_dir else {
        let reason =
            format!("--sampling {name}: weights alone have no discriminator; name the folder of a run");
        return Err(Misuse(reason).into());
    };
    let redraws = matches!(refinement, Refinement::Rejection { .. });
    if redraws && args.latents.is_some() {
        let reason = "--latents: vectors that are given are not drawn again; leave out --sampling rejection"
            .to_owned();
        return Err(Misuse(reason).into());
    }
    let paths = checkpoints(&RunFolder::open(dir)?, &args.checkpoint)?;
    let [checkpoint] = &paths[..] else {
        let reason = format!("--sampling {name}: an ensemble has no discriminator; name one checkpoint");
        return Err(Misuse(reason).into());
    };
    let redraw = if args.noise == Noise::Random { Redraw::Noise } else { Redraw::Vectors };
    Ok(Some(Refiner::open(sampler, (dir, checkpoint), (refinement, redraw), args.seed)?))
}

/// Noise as the options say: none where it is the constant one.
fn noise<'a>(args: &SampleArgs, sampler: &'a Sampler) -> Result<Option<NoiseBatches<'a>>> {
    Ok(match args.noise {
        Noise::Const => None,
        Noise::Random => Some(sampler.noise_batches(args.seed)?),
    })
}

/// Samples that are drawn one after the other.
struct Pass<'a> {
    latents: LatentBatches,
    conditions: ConditionBatches,
    noise: Option<NoiseBatches<'a>>,
}

impl<'a> Pass<'a> {
    /// One, or one for each class.
    fn all(args: &SampleArgs, sampler: &'a Sampler) -> Result<Vec<Self>> {
        let noise = || noise(args, sampler);
        if args.every_class {
            let Some(classes) = sampler.classes() else {
                return Err(Misuse(
                    "--every-class: this generator was trained without classes; leave it out".to_owned(),
                )
                .into());
            };
            let source = latents(args, args.num.or(Some(USUAL_OF_A_CLASS)));
            let pass = |class| {
                let latents = sampler.latents(&source)?;
                Ok(Self {
                    latents,
                    conditions: sampler.class_batches(Some(class), args.seed)?,
                    noise: noise()?,
                })
            };
            return (0..classes).map(pass).collect();
        }
        let (conditions, latents) = match &args.labels {
            Some(labels) => {
                let latents = sampler.latents(&latents(args, args.num))?;
                (sampler.labels(labels, latents.count())?, latents)
            }
            None => {
                let conditions = conditions(args, sampler)?;
                let count = args.num.or(conditions.count());
                (conditions, sampler.latents(&latents(args, count))?)
            }
        };
        Ok(vec![Self { latents, conditions, noise: noise()? }])
    }
}

/// All samples, or as many as come before an interruption.
fn draw(
    sampler: &Sampler,
    passes: Vec<Pass<'_>>,
    mut refiner: Option<&mut Refiner<'_>>,
    outputs: &mut Outputs,
) -> Result<()> {
    let mut counter = Counter::new(outputs.wanted, "samples");
    for mut pass in passes {
        while let Some(z) = pass.latents.next_batch()? {
            if interrupt::requested() {
                return Ok(());
            }
            let n = z.dim(0)?;
            let condition = pass.conditions.next_batch(n)?;
            let noise = pass.noise.as_mut().map(|noise| noise.next_batch(n)).transpose()?;
            let mut latents = Drawn::new(z).with_noise(noise.unwrap_or_default());
            if let Some(refiner) = &mut refiner {
                latents = refiner.refine(&latents, &condition)?;
            }
            let samples = sampler.generate_finite(&latents, &condition, outputs.written)?;
            outputs.push(sampler, &samples, (&latents.z, &condition))?;
            counter.at(outputs.written);
        }
    }
    Ok(())
}

/// Where samples go: opened before the first is made.
struct Outputs {
    folder: Option<SampleWriter>,
    tensor: Option<(PathBuf, TensorWriter)>,
    latents: Option<KeptLatents>,
    wanted: usize,
    written: usize,
}

impl Outputs {
    /// For `count` samples in so many rows.
    fn open(args: &SampleArgs, sampler: &Sampler, (rows, count): (usize, usize)) -> Result<Self> {
        let shape = sampler.sample_shape();
        let tensor = match &args.tensor {
            Some(path) => {
                let shape = [&[count], &shape[..]].concat();
                let writer = TensorWriter::new(path, "images", &shape).map_err(TrainError::from)?;
                Some((path.clone(), writer))
            }
            None => None,
        };
        let latents = args.save_latents.as_deref();
        let latents = latents.map(|path| KeptLatents::new(path, sampler, count)).transpose()?;
        let mut folder = match &args.out {
            Some(dir) => Some(SampleWriter::create(dir, &shape, !args.no_grid)?),
            None if tensor.is_some() => None,
            None => {
                let base = args.run_dir.as_deref().unwrap_or(Path::new("."));
                Some(SampleWriter::create_numbered(base, "generated", &shape, !args.no_grid)?)
            }
        };
        if args.every_class {
            folder = folder.map(|folder| folder.with_rows(&shape, rows, count / rows)).transpose()?;
        }
        Ok(Self { folder, tensor, latents, wanted: count, written: 0 })
    }

    fn push(
        &mut self,
        sampler: &Sampler,
        samples: &Tensor,
        (z, condition): (&Tensor, &Condition),
    ) -> Result<()> {
        if let Some(latents) = &mut self.latents {
            latents.push(sampler, z, condition)?;
        }
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
        let mut latents = None;
        if let Some(kept) = self.latents {
            let path = kept.path().to_owned();
            if whole {
                kept.finish()?;
                words::say(&format!("wrote {}", path.display()));
                latents = Some(path);
            } else {
                words::say(&format!("{} was not written: it holds all vectors or none", path.display()));
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
            "latents": latents.as_deref().map(path_text),
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
    Ok(Sampler::from_checkpoints(&checkpoints(&RunFolder::open(dir)?, &args.checkpoint)?, device)?)
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

/// The files of several, separated by commas.
pub(crate) fn checkpoints(folder: &RunFolder, which: &str) -> Result<Vec<PathBuf>> {
    which.split(',').map(|one| checkpoint(folder, one.trim())).collect()
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
    Ok(match &args.condition {
        Some(path) => sampler.given_conditions(path, dir)?,
        None => usual_conditions(sampler, dir, args.class.map(|class| class as usize), args.seed)?,
    })
}

/// What samples are to be where no conditions are given: vectors and images of the data of the run in `dir`, where the
/// generator is told such; else one class, or classes that are drawn.
pub(crate) fn usual_conditions(
    sampler: &Sampler,
    dir: Option<&Path>,
    class: Option<usize>,
    seed: u64,
) -> Result<ConditionBatches, TrainError> {
    match (sampler.condition(), dir) {
        (ConditionShape::Vectors(_) | ConditionShape::Images(_), Some(dir)) => {
            sampler.data_conditions(dir, seed)
        }
        _ => sampler.class_batches(class, seed),
    }
}

/// As many as are said; else as many as a file holds, or as is usual.
fn latents(args: &SampleArgs, count: Option<usize>) -> Latents {
    match &args.latents {
        // Conditions come round again: their number says nothing of a file's.
        Some(path) => Latents::File { path: path.clone(), count: args.num },
        None => Latents::Random { count: count.unwrap_or(USUAL), seed: args.seed },
    }
}
