//! Samples from a checkpoint of ours, or from a generator's weights that others published.

mod latents;
mod write;

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_models::{Generator, ModelConfig, ModelName};
use ganymede_tensor::{DType, Device, Rng, Tensor, load_weights};

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
    /// `key` names the state dict in a file that holds several. Names may carry `DataParallel`'s `module.`.
    ///
    /// # Errors
    /// The file cannot be read or holds something other than weights of `model`'s generator.
    pub fn from_weights(
        path: &Path,
        model: ModelName,
        key: Option<&str>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let state = without_data_parallel(load_weights(path, key, device)?);
        let config = ModelConfig::infer(model, &state)?;
        Self::build(&config, &state, path, device)
    }

    fn build(
        config: &ModelConfig,
        weights: &BTreeMap<String, Tensor>,
        path: &Path,
        device: &Device,
    ) -> Result<Self, TrainError> {
        // The first weights are overwritten: their seed does not matter.
        let generator = config.build_generator(Rng::new(0), DType::F32, device)?;
        let loaded = generator.params().load_state_dict(weights);
        loaded.map_err(|error| TrainError::misfit(path, "generator", error.to_string()))?;
        check_weights(generator.as_ref(), path)?;
        Ok(Self { generator, device: device.clone() })
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

/// A state dict without the `module.` that PyTorch's `DataParallel` puts before every name.
fn without_data_parallel(state: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    if !state.keys().all(|name| name.starts_with("module.")) {
        return state;
    }
    let rename =
        |(name, tensor): (String, Tensor)| (name.strip_prefix("module.").unwrap_or(&name).to_owned(), tensor);
    state.into_iter().map(rename).collect()
}
