//! Samples from a checkpoint of ours, or from a generator's weights that others published.

mod conditions;
mod film;
mod folder;
mod interpolate;
mod latents;
mod noise;
mod path_length;
mod refine;
mod sheet;
mod standing;
mod styles;
#[cfg(test)]
mod testing;
mod truncated;
mod truncation;
mod write;

use std::path::{Path, PathBuf};

use ganymede_datasets::{Channels, Conditions, OpenOptions, Vectors, open_conditions};
use ganymede_models::{
    Condition, ConditionShape, Generator, GeneratorKind, Growth, Hints, Latents as Drawn, Mixture, Network,
    NetworkKind, Role,
};
use ganymede_tensor::{DType, Device, Rng, Tensor};

use crate::data::{fitting, reopen_data};
use crate::error::TrainError;
use crate::finite::not_finite;
use crate::folder::RunFolder;
use crate::labels;
use crate::trainer::{Fixed, Trainer, generate};
use crate::weights::NetworkWeights;

pub use conditions::ConditionBatches;
pub use film::{FilmConfig, FilmWriter};
pub use folder::ResultFolder;
pub use interpolate::{Interpolation, InterpolationConfig, LatentSpace};
pub use latents::{LatentBatches, Latents};
pub use noise::NoiseBatches;
pub use path_length::{PathDistance, PathLengthOptions, PathLengthReport};
pub(crate) use refine::joined;
pub use refine::{Redraw, Refinement, Refiner, RejectionGamma};
pub use sheet::PictureSheet;
pub use styles::MixLayers;
pub(crate) use truncated::Truncated;
pub use truncation::{Truncation, TruncationForm};
pub use write::SampleWriter;

/// Samples made at once: bounds the memory, however many are asked for.
const BATCH: usize = 64;
/// Memory for vectors that are given.
const MOST_BYTES: u64 = 1 << 30;

/// The first of several checkpoints.
pub(crate) fn first_of(checkpoints: &[PathBuf]) -> Result<&Path, TrainError> {
    let none = || TrainError::Sample { reason: "no checkpoint is named".to_owned() };
    checkpoints.first().map(PathBuf::as_path).ok_or_else(none)
}

/// A generator that is ready to draw.
pub struct Sampler {
    generator: Box<dyn Generator>,
    /// What the generator is told of a sample.
    told: ConditionShape,
    /// The hash of the data that it was trained on, where that is known.
    trained_on: Option<String>,
    /// How far the generator has grown.
    growth: Growth,
    class_names: Vec<String>,
    device: Device,
    note: Option<String>,
    truncation: Option<Truncation>,
}

impl Sampler {
    /// The generator of a checkpoint: the averaged one where there is one.
    ///
    /// A checkpoint describes its own architecture, so nothing else is needed.
    ///
    /// # Errors
    /// The file is missing, damaged, of another schema, or not a training checkpoint.
    pub fn from_checkpoint(path: &Path, device: &Device) -> Result<Self, TrainError> {
        Self::new(NetworkWeights::of_checkpoint(path, Role::Generator, false, device)?, path, device)
    }

    /// A snapshot ensemble: the generators of several checkpoints, each of which makes as many of the samples, by chance. Of
    /// one checkpoint it is that one.
    ///
    /// # Errors
    /// As [`Sampler::from_checkpoint`]; there is none; they are for other data, have other latent vectors or have grown otherwise
    /// than the first.
    pub fn from_checkpoints(paths: &[PathBuf], device: &Device) -> Result<Self, TrainError> {
        let first = Self::from_checkpoint(first_of(paths)?, device)?;
        if paths.len() == 1 {
            return Ok(first);
        }
        let Self { generator, growth, .. } = first;
        let mut members = vec![generator];
        for path in &paths[1..] {
            let other = Self::from_checkpoint(path, device)?;
            if other.growth != growth {
                let (path, first) = (path.display(), paths[0].display());
                let reason =
                    format!("{path}: its generator has not grown as far as that of {first}, or farther");
                return Err(TrainError::Sample { reason });
            }
            members.push(other.generator);
        }
        Ok(Self { generator: Box::new(Mixture::new(members, &[])?), ..first })
    }

    /// The generator of a state dict that others published, in a `.pth`, `.pt`, `.tar` or `.safetensors`
    /// file; its settings are read off the weights ([`NetworkWeights::find`]).
    ///
    /// # Errors
    /// The file cannot be read, or holds something other than weights of such a generator, or several of them.
    pub fn from_weights(
        path: &Path,
        kind: &'static GeneratorKind,
        key: Option<&str>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let kind = NetworkKind::Generator(kind);
        Self::new(NetworkWeights::find(path, kind, key, &Hints::default(), device)?, path, device)
    }

    /// A generator of these weights; `path` is the file that errors name.
    ///
    /// # Errors
    /// They are those of a discriminator, hold what is no finite number, or describe no generator that can be built.
    pub fn new(weights: NetworkWeights, path: &Path, device: &Device) -> Result<Self, TrainError> {
        let Network::Generator(config) = &weights.network else {
            let reason = "it holds a discriminator, of which nothing can be drawn: `ganymede score` takes it"
                .to_owned();
            return Err(TrainError::Weights { path: path.to_owned(), reason });
        };
        weights.check(path)?;
        // The first weights are overwritten: their seed does not matter.
        let generator = config.build(&weights.io, Rng::new(0), DType::F32, device)?;
        weights.load_into(generator.params(), path)?;
        let told = if config.traits().conditional { weights.io.condition } else { ConditionShape::None };
        let NetworkWeights { class_names, trained_on, growth, note, .. } = weights;
        let (device, truncation) = (device.clone(), None);
        Ok(Self { generator, told, trained_on, growth, class_names, device, note, truncation })
    }

    /// In words where the weights were found in their file, and what of it was left out; `None` where there is nothing
    /// to say.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// How far the generator has grown: images of one that has not grown up are enlarged.
    pub fn growth(&self) -> Growth {
        self.growth
    }

    pub(crate) fn generator(&self) -> &dyn Generator {
        self.generator.as_ref()
    }

    /// The same with truncation, or without any: of latent vectors that are drawn or given, and of what is made of them.
    ///
    /// # Errors
    /// As [`Sampler::check_truncation`].
    pub fn with_truncation(self, truncation: Option<Truncation>) -> Result<Self, TrainError> {
        if let Some(truncation) = truncation {
            self.check_truncation(truncation)?;
        }
        Ok(Self { truncation, ..self })
    }

    /// Whether the generator can be truncated so.
    ///
    /// # Errors
    /// ψ is no number above 0 and at most 100; the generator lacks what the form needs, or such truncation changes
    /// nothing of it. The message says which form can be used.
    pub fn check_truncation(&self, truncation: Truncation) -> Result<(), TrainError> {
        let generator = self.generator();
        truncation.check(generator)?;
        let wants_length = matches!(truncation.form(), TruncationForm::Norm | TruncationForm::NormLiteral);
        let (condition, growth) = (conditions::zeros(&self.told, 1, &self.device)?, self.growth);
        if !wants_length || !truncated::ignores_length(generator, &condition, growth, &self.device)? {
            return Ok(());
        }
        let other = if generator.mapping().is_some() { "`w` or `resample`" } else { "`resample`" };
        Err(truncation.refused(&format!(
            "this generator normalises its latent vectors, so that their length changes nothing: use the form {other}"
        )))
    }

    /// The form of truncation that is usual for the generator: in w where it has a mapping network, else by drawing again.
    pub fn usual_truncation(&self) -> TruncationForm {
        if self.generator().mapping().is_some() { TruncationForm::W } else { TruncationForm::Resample }
    }

    /// The generator, truncated.
    fn truncated(&self) -> Result<Truncated<'_>, TrainError> {
        Truncated::new(self.generator(), self.truncation)
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
    /// Given vectors have another length, are no floats, or are not finite, or are to be drawn again by the truncation;
    /// a file cannot be read or holds too few; no vector is asked for.
    pub fn latents(&self, source: &Latents) -> Result<LatentBatches, TrainError> {
        LatentBatches::new(source, self)
    }

    /// The number of classes K that can be asked for; nothing where the generator is not told the class.
    pub fn classes(&self) -> Option<usize> {
        match self.told {
            ConditionShape::Classes(classes) => Some(classes),
            _ => None,
        }
    }

    /// What the generator is told of a sample.
    pub fn condition(&self) -> &ConditionShape {
        &self.told
    }

    /// The names of the classes, in order; empty where nobody knows them.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The classes of samples, a batch at a time: one class for all, or each of them drawn with equal probability.
    ///
    /// # Errors
    /// There is no such class, or the generator is not told the class, but something else.
    pub fn class_batches(&self, class: Option<usize>, seed: u64) -> Result<ConditionBatches, TrainError> {
        ConditionBatches::classes(&self.told, class, seed, &self.device)
    }

    /// The vectors or images that are known of samples of a run's data, drawn with equal probability: for the generator
    /// of a checkpoint of the run in `dir`.
    ///
    /// # Errors
    /// No run is in the folder; its data cannot be opened, or have changed; the generator is told neither vectors nor
    /// images.
    pub fn data_conditions(&self, dir: &Path, seed: u64) -> Result<ConditionBatches, TrainError> {
        let run = Trainer::layers_of(dir)?.resolve()?;
        let opened = reopen_data(&run, &RunFolder::open(dir)?, self.trained_on.as_deref())?.opened;
        ConditionBatches::of_data(&self.told, opened.dataset, seed, &self.device)
    }

    /// The vectors of a file, or the image of a file, or the images of a folder in the order of their paths. `run` is the
    /// folder of the run, where there is one: its images are cropped and resized as its data are.
    ///
    /// # Errors
    /// The file cannot be used; its vectors have another length; the generator is told neither vectors nor images.
    pub fn given_conditions(&self, path: &Path, run: Option<&Path>) -> Result<ConditionBatches, TrainError> {
        let conditions = match &self.told {
            ConditionShape::Vectors(_) => Conditions::Vectors(Vectors::open(path, MOST_BYTES)?),
            ConditionShape::Images(shape) => {
                let options = match run {
                    Some(dir) => fitting(&Trainer::layers_of(dir)?.resolve()?, shape[0]),
                    None => OpenOptions {
                        resolution: shape.last().copied(),
                        channels: if shape[0] == 1 { Channels::Grey } else { Channels::Rgb },
                        ..OpenOptions::default()
                    },
                };
                Conditions::Images(open_conditions(path, &options)?)
            }
            ConditionShape::None | ConditionShape::Classes(_) => {
                let path = path.display();
                let reason = format!(
                    "{path}: this generator is told neither vectors nor images; leave out --condition"
                );
                return Err(TrainError::Sample { reason });
            }
        };
        ConditionBatches::given(&self.told, conditions, &path.display().to_string(), &self.device)
    }

    /// The classes of `count` samples from the tensor `y` `(N,)` of a file, or its only one.
    ///
    /// # Errors
    /// The generator is not told the class; the file cannot be read; there are not so many labels, or no such class.
    pub fn labels(&self, path: &Path, count: usize) -> Result<ConditionBatches, TrainError> {
        let Some(classes) = self.classes() else {
            let reason =
                format!("{}: this generator is not told the class; leave the labels out", path.display());
            return Err(TrainError::Sample { reason });
        };
        Ok(ConditionBatches::labels(labels::read(path, classes, count)?, &self.device))
    }

    /// Samples `(N, C, H, W)` in [−1, 1], or points `(N, D)`, of latent vectors `(N, Z)` and their condition. Batch
    /// normalisation uses its running statistics, so that a sample does not depend on its neighbours; where the network
    /// has noise, it is the constant one.
    ///
    /// # Errors
    /// The vectors have another length, a condition lacks, or the device refuses the memory.
    pub fn generate(&self, z: &Tensor, condition: &Condition) -> Result<Tensor, TrainError> {
        self.generate_from(&Drawn::new(z.clone()), condition)
    }

    /// As [`Sampler::generate`], of latent vectors with noise ([`NoiseBatches`]).
    ///
    /// # Errors
    /// As [`Sampler::generate`]; the noise has another shape.
    pub fn generate_from(&self, latents: &Drawn, condition: &Condition) -> Result<Tensor, TrainError> {
        let input = Fixed::new(latents.clone(), condition.clone()).grown(self.growth);
        generate(&self.truncated()?, &input)
    }

    /// As [`Sampler::generate_from`], where no sample may hold what is not a finite number. `first` is the number of the
    /// first one, for the message.
    ///
    /// # Errors
    /// As [`Sampler::generate_from`]; [`TrainError::NotFinite`] names the sample.
    pub fn generate_finite(
        &self,
        latents: &Drawn,
        condition: &Condition,
        first: usize,
    ) -> Result<Tensor, TrainError> {
        let samples = self.generate_from(latents, condition)?;
        self.check_finite(&samples, first)?;
        Ok(samples)
    }

    /// Whether samples are finite, of which `first` is the number of the first.
    fn check_finite(&self, samples: &Tensor, first: usize) -> Result<(), TrainError> {
        let size: usize = self.sample_shape().iter().product();
        match not_finite(samples)? {
            None => Ok(()),
            Some(found) => Err(TrainError::NotFinite {
                what: format!("number {} of sample {}", found.at % size, first + found.at / size),
                value: found.value,
                advice: "the weights and the latent vector are finite, what comes of them is too large for an f32; \
                         try smaller latent vectors, or other weights",
            }),
        }
    }
}
