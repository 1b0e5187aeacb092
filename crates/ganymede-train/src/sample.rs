//! Samples from a checkpoint of ours, or from a generator's weights that others published.

mod classes;
mod latents;
mod standing;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_models::{
    Condition, Generator, GeneratorConfig, GeneratorKind, Io, Latents as Drawn, ModelError,
};
use ganymede_tensor::{DType, Device, Rng, Shapes, Tensor, fit_weights};

use crate::error::TrainError;
use crate::finite::not_finite;
use crate::trainer::{Fixed, generate, read_checkpoint, sampling_weights};

pub use classes::ClassBatches;
pub use latents::{LatentBatches, Latents};
pub use write::SampleWriter;

/// Samples made at once: bounds the memory, however many are asked for.
const BATCH: usize = 64;

/// A generator that is ready to draw.
pub struct Sampler {
    generator: Box<dyn Generator>,
    /// The number of classes K, where the generator is told the class.
    classes: Option<usize>,
    class_names: Vec<String>,
    device: Device,
    note: Option<String>,
}

impl Sampler {
    /// The generator of a checkpoint: the averaged one where there is one.
    ///
    /// A checkpoint describes its own architecture, so nothing else is needed.
    ///
    /// # Errors
    /// The file is missing, damaged, of another schema, or not a training checkpoint.
    pub fn from_checkpoint(path: &Path, device: &Device) -> Result<Self, TrainError> {
        let (checkpoint, state) = read_checkpoint(path, device)?;
        let fail = |reason: String| TrainError::CheckpointState { path: path.to_owned(), reason };
        let config = state.generator();
        let config = config.map_err(|error| {
            fail(format!("the generator in its state is unknown to this version: {error}"))
        })?;
        let sampler = Self::build(&config, &state.io(), &sampling_weights(&checkpoint), path, device)?;
        Ok(Self { class_names: state.classes, ..sampler })
    }

    /// The generator of a state dict that others published, in a `.pth`, `.pt`, `.tar` or `.safetensors`
    /// file; its sizes are read off the weights.
    ///
    /// The one that fits is found under whatever keys and prefixes programs put it ([`fit_weights`]), and
    /// [`Sampler::note`] says where; `key` chooses where several fit. Tensors of other modules beside it, such as the
    /// counter of an average, are left out.
    ///
    /// # Errors
    /// The file cannot be read, or holds something other than weights of such a generator, or several of them.
    pub fn from_weights(
        path: &Path,
        kind: &'static GeneratorKind,
        key: Option<&str>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let found = fit_weights(path, key, &|shapes| strangers(kind, shapes), device)?;
        let misfit =
            |error: ModelError| TrainError::Weights { path: path.to_owned(), reason: error.to_string() };
        let shapes =
            found.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
        let (config, io) = GeneratorConfig::infer(kind, &shapes).map_err(misfit)?;
        Ok(Self { note: found.note, ..Self::build(&config, &io, &found.tensors, path, device)? })
    }

    /// In words where the weights were found in their file, and what of it was left out; `None` where there is nothing
    /// to say.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    fn build(
        config: &GeneratorConfig,
        io: &Io,
        weights: &BTreeMap<String, Tensor>,
        path: &Path,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let unfit = config.check().into_iter().next().or_else(|| config.fits(io).into_iter().next());
        if let Some(problem) = unfit {
            let reason = format!("it describes a generator that cannot be: {}: {problem}", problem.field);
            return Err(TrainError::Weights { path: path.to_owned(), reason });
        }
        // A file may describe a network that no memory holds.
        let needed = config.size(io).weights;
        let held: u128 = weights.values().map(|t| t.elem_count() as u128).sum();
        if needed > held {
            let reason = format!("it describes a generator of {needed} weights, and holds {held} numbers");
            return Err(TrainError::Weights { path: path.to_owned(), reason });
        }
        // The first weights are overwritten: their seed does not matter.
        let generator = config.build(io, Rng::new(0), DType::F32, device)?;
        let loaded = generator.params().load_state_dict(weights);
        loaded.map_err(|error| TrainError::Weights { path: path.to_owned(), reason: error.to_string() })?;
        check_weights(generator.as_ref(), path)?;
        let classes = io.classes().filter(|_| config.traits().conditional);
        Ok(Self { generator, classes, class_names: Vec::new(), device: device.clone(), note: None })
    }

    pub(crate) fn generator(&self) -> &dyn Generator {
        self.generator.as_ref()
    }

    /// The length Z of a latent vector.
    pub fn z_dim(&self) -> usize {
        self.generator.z_dim()
    }

    /// `[C, H, W]`, or `[D]` for points.
    pub fn sample_shape(&self) -> Vec<usize> {
        self.generator.io().sample.clone()
    }

    /// Latent vectors, a batch at a time.
    ///
    /// # Errors
    /// Given vectors have another length, are no floats, or are not finite; a file cannot be read or holds too few;
    /// ψ is not a positive number, or cuts nothing off of the generator's distribution; no vector is asked for.
    pub fn latents(&self, source: &Latents) -> Result<LatentBatches, TrainError> {
        LatentBatches::new(source, self.z_dim(), self.generator.latent_distribution(), &self.device)
    }

    /// The number of classes K that can be asked for; nothing where the generator is not told the class.
    pub fn classes(&self) -> Option<usize> {
        self.classes
    }

    /// The names of the classes, in order; empty where nobody knows them.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The classes of samples, a batch at a time: one class for all, or each of them drawn with equal probability.
    ///
    /// # Errors
    /// There is no such class, or the generator is not told the class.
    pub fn class_batches(&self, class: Option<usize>, seed: u64) -> Result<ClassBatches, TrainError> {
        ClassBatches::new(self.classes, class, seed, &self.device)
    }

    /// Samples `(N, C, H, W)` in [−1, 1], or points `(N, D)`, of latent vectors `(N, Z)` and their condition. Batch
    /// normalisation uses its running statistics, so that a sample does not depend on its neighbours.
    ///
    /// # Errors
    /// The vectors have another length, a condition lacks, or the device refuses the memory.
    pub fn generate(&self, z: &Tensor, condition: &Condition) -> Result<Tensor, TrainError> {
        let input = Fixed { latents: Drawn::new(z.clone()), condition: condition.clone() };
        Ok(generate(self.generator.as_ref(), &input)?)
    }

    /// As [`Sampler::generate`], where no sample may hold what is not a finite number. `first` is the number of the
    /// first one, for the message.
    ///
    /// # Errors
    /// As [`Sampler::generate`]; [`TrainError::NotFinite`] names the sample.
    pub fn generate_finite(
        &self,
        z: &Tensor,
        condition: &Condition,
        first: usize,
    ) -> Result<Tensor, TrainError> {
        let samples = self.generate(z, condition)?;
        let size: usize = self.sample_shape().iter().product();
        match not_finite(&samples)? {
            None => Ok(samples),
            Some(found) => Err(TrainError::NotFinite {
                what: format!("number {} of sample {}", found.at % size, first + found.at / size),
                value: found.value,
                advice: "the weights and the latent vector are finite, what comes of them is too large for an f32; \
                         try smaller latent vectors, or other weights",
            }),
        }
    }
}

/// Weights of which every sample would be black.
fn check_weights(generator: &dyn Generator, path: &Path) -> Result<(), TrainError> {
    for (name, tensor) in generator.params().state_dict() {
        if let Some(found) = not_finite(&tensor)? {
            let all = tensor.elem_count();
            return Err(TrainError::NotFinite {
                what: format!(
                    "{}: number {} of the tensor `{name}` ({} of {all} are not finite)",
                    path.display(),
                    found.at,
                    found.count
                ),
                value: found.value,
                advice: "no sample of it means anything; use an earlier checkpoint or another file",
            });
        }
    }
    Ok(())
}

/// Whether a state dict is one of such a generator, but for the tensors of other modules: their names.
fn strangers(kind: &'static GeneratorKind, shapes: &Shapes) -> Option<Vec<String>> {
    if GeneratorConfig::infer(kind, shapes).is_ok() {
        return Some(Vec::new());
    }
    // All layers of a generator lie in one module, whose name their names begin with: most tensors do.
    let module = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    shapes.keys().for_each(|name| *sizes.entry(module(name)).or_default() += 1);
    let (own, _) = sizes.into_iter().max_by_key(|(_, size)| *size)?;
    let (inside, outside): (Shapes, Shapes) =
        shapes.clone().into_iter().partition(|(name, _)| module(name) == own);
    GeneratorConfig::infer(kind, &inside).is_ok().then(|| outside.into_keys().collect())
}
