//! Samples from a checkpoint of ours, or from a generator's weights that others published.

mod latents;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_models::{Generator, ModelConfig, ModelError, ModelName};
use ganymede_tensor::{DType, Device, Rng, Shapes, Tensor, fit_weights};

use crate::config::generator_of;
use crate::error::TrainError;
use crate::finite::not_finite;
use crate::trainer::{generate, read_checkpoint, sampling_weights};

pub use latents::{LatentBatches, Latents};
pub use write::SampleWriter;

/// Samples made at once: bounds the memory, however many are asked for.
const BATCH: usize = 64;

/// A generator that is ready to draw.
pub struct Sampler {
    generator: Box<dyn Generator>,
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
        let config = generator_of(&state.generator, &state.shape);
        let config = config.ok_or_else(|| TrainError::CheckpointState {
            path: path.to_owned(),
            reason: "the architecture in its state is unknown to this version".to_owned(),
        })?;
        Self::build(&config, &sampling_weights(&checkpoint), path, device)
    }

    /// The generator of a state dict that others published, in a `.pth`, `.pt`, `.tar` or `.safetensors`
    /// file; its sizes are read off the weights.
    ///
    /// The one that fits is found under whatever keys and prefixes programs put it ([`fit_weights`]), and
    /// [`Sampler::note`] says where; `key` chooses where several fit. Tensors of other modules beside it, such as the
    /// counter of an average, are left out.
    ///
    /// # Errors
    /// The file cannot be read, or holds something other than weights of `model`'s generator, or several of them.
    pub fn from_weights(
        path: &Path,
        model: ModelName,
        key: Option<&str>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let found = fit_weights(path, key, &|shapes| strangers(model, shapes), device)?;
        let misfit =
            |error: ModelError| TrainError::Weights { path: path.to_owned(), reason: error.to_string() };
        let config = ModelConfig::infer(model, &found.tensors).map_err(misfit)?;
        Ok(Self { note: found.note, ..Self::build(&config, &found.tensors, path, device)? })
    }

    /// In words where the weights were found in their file, and what of it was left out; `None` where there is nothing
    /// to say.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    fn build(
        config: &ModelConfig,
        weights: &BTreeMap<String, Tensor>,
        path: &Path,
        device: &Device,
    ) -> Result<Self, TrainError> {
        // A file may describe a network that no memory holds.
        let (needed, held) =
            (config.generator_numbers(), weights.values().map(|t| t.elem_count() as u64).sum::<u64>());
        if needed > held {
            let reason = format!("it describes a generator of {needed} weights, and holds {held} numbers");
            return Err(TrainError::Weights { path: path.to_owned(), reason });
        }
        // The first weights are overwritten: their seed does not matter.
        let generator = config.build_generator(Rng::new(0), DType::F32, device)?;
        let loaded = generator.params().load_state_dict(weights);
        loaded.map_err(|error| TrainError::Weights { path: path.to_owned(), reason: error.to_string() })?;
        check_weights(generator.as_ref(), path)?;
        Ok(Self { generator, device: device.clone(), note: None })
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
        self.generator.output_shape()
    }

    /// Latent vectors, a batch at a time.
    ///
    /// # Errors
    /// Given vectors have another length, are no floats, or are not finite; a file cannot be read or holds too few;
    /// ψ is not a positive number; no vector is asked for.
    pub fn latents(&self, source: &Latents) -> Result<LatentBatches, TrainError> {
        LatentBatches::new(source, self.z_dim(), &self.device)
    }

    /// Samples `(N, C, H, W)` in [−1, 1], or points `(N, D)`, of latent vectors `(N, Z)`. Batch
    /// normalisation uses its running statistics, so that a sample does not depend on its neighbours.
    ///
    /// # Errors
    /// The vectors have another length, or the device refuses the memory.
    pub fn generate(&self, z: &Tensor) -> Result<Tensor, TrainError> {
        Ok(generate(self.generator.as_ref(), z)?)
    }

    /// As [`Sampler::generate`], where no sample may hold what is not a finite number. `first` is the number of the
    /// first one, for the message.
    ///
    /// # Errors
    /// As [`Sampler::generate`]; [`TrainError::NotFinite`] names the sample.
    pub fn generate_finite(&self, z: &Tensor, first: usize) -> Result<Tensor, TrainError> {
        let samples = self.generate(z)?;
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

/// Whether a state dict is one of `model`'s generator, but for the tensors of other modules: their names.
fn strangers(model: ModelName, shapes: &Shapes) -> Option<Vec<String>> {
    if ModelConfig::infer_shapes(model, shapes).is_ok() {
        return Some(Vec::new());
    }
    // All layers of a generator lie in one module, whose name their names begin with: most tensors do.
    let module = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    shapes.keys().for_each(|name| *sizes.entry(module(name)).or_default() += 1);
    let (own, _) = sizes.into_iter().max_by_key(|(_, size)| *size)?;
    let (inside, outside): (Shapes, Shapes) =
        shapes.clone().into_iter().partition(|(name, _)| module(name) == own);
    ModelConfig::infer_shapes(model, &inside).is_ok().then(|| outside.into_keys().collect())
}
