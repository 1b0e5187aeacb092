//! Samples from a checkpoint of ours, or from a generator's weights that others published.

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_models::{Generator, ModelConfig, ModelError, ModelName};
use ganymede_tensor::{DType, Device, Rng, Shapes, Tensor, fit_weights};

use crate::config::generator_of;
use crate::error::TrainError;
use crate::folder::{create_empty, replace};
use crate::pictures::{self, Pixels};
use crate::plot::{Scatter, draw_scatter};
use crate::trainer::{generate, points, read_checkpoint, sampling_weights};

/// A generator that is ready to draw.
pub struct Sampler {
    generator: Box<dyn Generator>,
    device: Device,
    note: Option<String>,
}

/// Where latent vectors come from.
#[derive(Clone, Debug)]
pub enum Latents {
    /// Fresh draws of N(0, 1).
    Random {
        /// How many.
        count: usize,
        /// The same seed gives the same vectors.
        seed: u64,
        /// Draw each number again until |z| ≤ ψ (Brock et al., 2019, arXiv:1809.11096, section 3.1):
        /// smaller is less varied and more typical. StyleGAN's truncation, towards a mean of w, is another
        /// thing.
        truncation: Option<f64>,
    },
    /// `(N, Z)` or `(N, Z, 1, 1)`.
    Given(Tensor),
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

    /// Latent vectors `(N, Z)`.
    ///
    /// # Errors
    /// Given vectors have another length; ψ is not a positive number; no vector is asked for.
    pub fn latents(&self, source: &Latents) -> Result<Tensor, TrainError> {
        let z_dim = self.z_dim();
        let fail = |reason: String| TrainError::Sample { reason };
        match source {
            Latents::Random { count: 0, .. } => Err(fail("ask for at least 1 sample".to_owned())),
            Latents::Random { count, seed, truncation } => {
                let mut rng = Rng::stream(*seed, "sample");
                let shape = (*count, z_dim);
                match truncation {
                    Some(psi) if !(psi.is_finite() && *psi > 0.0) => {
                        Err(fail(format!("truncation {psi}: give a number above 0")))
                    }
                    Some(psi) => Ok(rng.truncated_normal(*psi, shape, DType::F32, &self.device)?),
                    None => Ok(rng.normal(shape, DType::F32, &self.device)?),
                }
            }
            Latents::Given(z) => match z.dims() {
                &[n, d] | &[n, d, 1, 1] if d == z_dim && n > 0 => {
                    Ok(z.to_dtype(DType::F32)?.to_device(&self.device)?.reshape((n, d))?)
                }
                dims => Err(fail(format!(
                    "the latent vectors have shape {dims:?}, this generator takes (N, {z_dim})"
                ))),
            },
        }
    }

    /// Samples `(N, C, H, W)` in [−1, 1], or points `(N, D)`, of latent vectors `(N, Z)`. Batch
    /// normalisation uses its running statistics, so that a sample does not depend on its neighbours.
    ///
    /// # Errors
    /// The vectors have another length, or the device refuses the memory.
    pub fn generate(&self, z: &Tensor) -> Result<Tensor, TrainError> {
        Ok(generate(self.generator.as_ref(), z)?)
    }
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

/// Writes samples into a folder: images `(N, C, H, W)` in [−1, 1] as `000000.png` … and `grid.png`, points
/// `(N, 2)` as `points.csv` and `scatter.png`. Returns how many.
///
/// # Errors
/// Samples are neither; the folder holds something or cannot be written.
pub fn write_samples(samples: &Tensor, dir: &Path) -> Result<usize, TrainError> {
    match samples.dims() {
        &[count, 1 | 3, _, _] => {
            create_empty(dir)?;
            let pixels = Pixels::of_batch(samples)?;
            for (i, image) in pixels.iter().enumerate() {
                pictures::save(&image.to_image(), &dir.join(format!("{i:06}.png")))?;
            }
            pictures::save(&pictures::grid(&pixels), &dir.join("grid.png"))?;
            Ok(count)
        }
        &[count, 2] => {
            create_empty(dir)?;
            let generated = points(samples)?;
            let lines = generated.iter().map(|[x, y]| format!("{x},{y}\n"));
            let text: String = std::iter::once("x,y\n".to_owned()).chain(lines).collect();
            replace(&dir.join("points.csv"), text.as_bytes())?;
            let title = format!("{count} generated points");
            let scatter = Scatter { title, real: &[], generated: &generated, centres: &[] };
            draw_scatter(&scatter, &dir.join("scatter.png"))?;
            Ok(count)
        }
        dims => {
            let reason = format!("samples of shape {dims:?} are neither grey or colour images nor points");
            Err(TrainError::Sample { reason })
        }
    }
}
