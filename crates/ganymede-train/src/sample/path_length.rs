//! The path length of a generator: how far its samples move when a latent vector moves a little.

use std::path::Path;

use ganymede_metrics::{
    Convention, ExtractorKind, ExtractorOptions, FeatureExtractor, LatentPath, Lpips, MetricError,
    PathLengthConfig, PathLengthSubject, PathSampling, Resize, WeightsFile, cache_dir, path_length,
    path_length_levels, resize_images,
};
use ganymede_models::{Condition, LatentDistribution, Latents as Drawn, broadcast_ws};
use ganymede_tensor::{Device, Error, Rng, Tensor};
use serde::Serialize;

use super::{ConditionBatches, LatentSpace, Sampler};
use crate::error::TrainError;

/// Pairs of samples at once.
const BATCH: usize = 32;

/// A distance of images.
pub enum PathDistance {
    /// LPIPS over VGG-16: that of papers.
    Lpips(Box<Lpips>),
    /// Squared distances of the features of a network, which are comparable with one another only.
    Features(Box<dyn FeatureExtractor>),
}

impl PathDistance {
    /// LPIPS, with weights from a file: see [`Lpips`].
    ///
    /// # Errors
    /// The file cannot be read, or holds other weights.
    pub fn lpips(weights: &Path, device: &Device) -> Result<Self, TrainError> {
        Ok(Self::Lpips(Box::new(Lpips::load(&WeightsFile::given(weights), device)?)))
    }

    /// The features of a network, with weights that are built in, given, or in the cache folder.
    ///
    /// # Errors
    /// The weights are not there, or of another network.
    pub fn features(
        kind: &ExtractorKind,
        weights: Option<&Path>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let options = ExtractorOptions {
            weights,
            cache: &cache_dir(),
            fetch: false,
            choices: &Convention::Ganymede.choices(),
            spatial: false,
            batch: BATCH,
            device,
            images: None,
        };
        Ok(Self::Features(kind.load(&options, &mut |_| ())?))
    }

    fn name(&self) -> &str {
        match self {
            Self::Lpips(network) => network.name(),
            Self::Features(network) => network.id(),
        }
    }

    fn weights_sha256(&self) -> &str {
        match self {
            Self::Lpips(network) => network.weights_sha256(),
            Self::Features(network) => network.weights_sha256(),
        }
    }

    /// Of grey levels `(N, C, H, W)`.
    fn between(&self, first: &Tensor, second: &Tensor) -> ganymede_metrics::Result<Tensor> {
        match self {
            Self::Lpips(network) => network.distance(first, second),
            Self::Features(network) => {
                let rows = |levels: &Tensor| {
                    let fits = levels.dims()[1..] == network.input();
                    match fits {
                        true => network.features(levels),
                        false => network.features(&resize_images(levels, network.input(), Resize::Clean)?),
                    }
                };
                let (first, second) = (rows(first)?.pool, rows(second)?.pool);
                let squared = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
                let distances: Vec<f64> = first
                    .outer_iter()
                    .zip(second.outer_iter())
                    .map(|(a, b)| a.iter().zip(b.iter()).map(squared).sum())
                    .collect();
                Ok(Tensor::new(distances, &Device::Cpu)?)
            }
        }
    }
}

/// What [`Sampler::path_length`] is to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathLengthOptions {
    /// In z, along great circles, or in w, along lines.
    pub space: LatentSpace,
    /// Where on a path the step is taken.
    pub sampling: PathSampling,
    /// Pairs of latent vectors, ≥ 1. StyleGAN's are 50,000.
    pub pairs: usize,
    /// Length of the step as a share of the path, in (0, 1]. StyleGAN's is 1e-4.
    pub epsilon: f64,
    /// Whether only the part of an image is looked at where faces are in FFHQ ([`path_length_levels`]).
    pub crop: bool,
    /// Seed of latent vectors and places.
    pub seed: u64,
}

impl Default for PathLengthOptions {
    fn default() -> Self {
        let PathLengthConfig { pairs, epsilon, sampling, seed, .. } = PathLengthConfig::default();
        Self { space: LatentSpace::Z, sampling, pairs, epsilon, crop: false, seed }
    }
}

/// A path length, and what it depends on besides the generator.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PathLengthReport {
    /// `ppl-w-end-lpips-vgg16` and the like, with `crop` before the distance's name where there was one. Only what ends in
    /// `lpips-vgg16` is the path length of papers.
    pub name: String,
    /// The mean of squared distances, divided by ε².
    pub value: f64,
    /// Their standard deviation.
    pub std: f64,
    /// Pairs that were measured.
    pub pairs: usize,
    /// Pairs whose distance lies between the percentiles 1 and 99.
    pub kept: usize,
    /// ε.
    pub epsilon: f64,
    /// The seed.
    pub seed: u64,
    /// SHA-256 of the weights of the network that sees the distances.
    pub weights_sha256: String,
}

impl Sampler {
    /// The path length of the generator, not truncated and with its constant noise ([`path_length`]); both samples of a
    /// step have one condition, of `conditions`. `tell` hears how many pairs have been seen.
    ///
    /// # Errors
    /// The samples are points, there is no latent vector, or the space does not fit: w without a mapping network, great
    /// circles of uniform latent numbers; images are too small for the network; a setting makes no sense.
    pub fn path_length(
        &self,
        distance: &PathDistance,
        conditions: &mut ConditionBatches,
        options: &PathLengthOptions,
        tell: &mut dyn FnMut(usize),
    ) -> Result<PathLengthReport, TrainError> {
        self.check_paths(options)?;
        let path = match options.space {
            LatentSpace::Z => LatentPath::Spherical,
            LatentSpace::W => LatentPath::Straight,
        };
        let PathLengthOptions { sampling, pairs, epsilon, seed, .. } = *options;
        let config = PathLengthConfig {
            pairs,
            batch: BATCH,
            epsilon,
            path,
            sampling,
            seed,
            ..PathLengthConfig::default()
        };
        let mut subject = Subject {
            sampler: self,
            distance,
            conditions,
            options,
            condition: Condition::None,
            tell,
            seen: 0,
        };
        let found = path_length(&mut subject, &config)?;
        Ok(PathLengthReport {
            name: found.name,
            value: found.mean,
            std: found.std,
            pairs,
            kept: found.kept,
            epsilon,
            seed,
            weights_sha256: distance.weights_sha256().to_owned(),
        })
    }

    fn check_paths(&self, options: &PathLengthOptions) -> Result<(), TrainError> {
        let fail = |reason: &str| Err(TrainError::Sample { reason: format!("path length: {reason}") });
        if self.sample_shape().len() != 3 {
            return fail(
                "these samples are points of the plane, which no network of images sees: leave it out",
            );
        }
        if self.z_dim() == 0 {
            return fail("this generator has no latent vector to move: leave it out");
        }
        if self.truncation.is_some() {
            return fail("it is that of a generator which is not truncated: leave the truncation out");
        }
        match options.space {
            LatentSpace::W => self.mapping("path length in w").map(drop),
            LatentSpace::Z if self.generator().latent_distribution() == LatentDistribution::Uniform => fail(
                "in z it follows great circles, which leave the cube of uniform latent numbers \
                 (generator.latent = \"uniform\"): it is not to be had of this generator",
            ),
            LatentSpace::Z => Ok(()),
        }
    }
}

/// A generator, whose path length is measured.
struct Subject<'a> {
    sampler: &'a Sampler,
    distance: &'a PathDistance,
    conditions: &'a mut ConditionBatches,
    options: &'a PathLengthOptions,
    /// Of the paths at hand.
    condition: Condition,
    tell: &'a mut dyn FnMut(usize),
    seen: usize,
}

/// As an error of the measure.
fn wrapped(error: TrainError) -> MetricError {
    MetricError::Tensor(Error::wrap(error))
}

impl PathLengthSubject for Subject<'_> {
    fn ends(&mut self, n: usize, rng: &mut Rng) -> ganymede_metrics::Result<[Tensor; 2]> {
        (self.tell)(self.seen);
        self.seen += n;
        self.condition = self.conditions.next_batch(n).map_err(wrapped)?;
        let (distribution, z_dim) = (self.sampler.generator().latent_distribution(), self.sampler.z_dim());
        let mut end = || -> ganymede_metrics::Result<Tensor> {
            let z = distribution.draw(n, z_dim, rng, &self.sampler.device)?;
            match self.options.space {
                LatentSpace::Z => Ok(z),
                LatentSpace::W => self.sampler.w(&z, &self.condition).map_err(wrapped),
            }
        };
        Ok([end()?, end()?])
    }

    fn images(&mut self, points: &Tensor) -> ganymede_metrics::Result<Tensor> {
        let images = match (self.options.space, self.sampler.layers()) {
            (LatentSpace::W, Some(layers)) => self.sampler.synthesise(&broadcast_ws(points, layers)?, &[]),
            _ => self.sampler.generate_from(&Drawn::new(points.clone()), &self.condition),
        };
        path_length_levels(&images.map_err(wrapped)?.to_device(&Device::Cpu)?, self.options.crop)
    }

    fn distance(&self, first: &Tensor, second: &Tensor) -> ganymede_metrics::Result<Tensor> {
        self.distance.between(first, second)
    }

    fn distance_name(&self) -> String {
        let crop = if self.options.crop { "crop-" } else { "" };
        format!("{crop}{}", self.distance.name())
    }
}

#[cfg(test)]
mod tests;
