//! What a discriminator says of images.

mod file;
mod images;

use std::path::Path;

use ganymede_models::{Condition, Discriminator, DiscriminatorInput, Growth, Mode, Network};
use ganymede_tensor::{DType, Device, Rng, Tensor, avg_pool2d};
use serde::Serialize;

use crate::error::TrainError;
use crate::finite::not_finite;
use crate::labels;
use crate::weights::NetworkWeights;

pub use file::ScoreFile;
pub use images::{ScoredBatch, ScoredImages};

/// A discriminator that is ready to judge, in evaluation: batch normalisation uses its running statistics, so that the
/// score of an image does not depend on the others of its batch.
pub struct Scorer {
    net: Box<dyn Discriminator>,
    /// How far it has grown, and the factor that images are made smaller by for it.
    growth: (Growth, usize),
    /// The number of classes K, where it is told the class.
    classes: Option<usize>,
    device: Device,
}

impl Scorer {
    /// The discriminator of these weights; `path` is the file that errors name.
    ///
    /// # Errors
    /// They are those of a generator, hold what is no finite number, or describe no discriminator that can be built; it
    /// judges several samples together, as packs or by features of the batch, and has no score of one.
    pub fn new(weights: NetworkWeights, path: &Path, device: &Device) -> Result<Self, TrainError> {
        let fail = |reason: String| TrainError::Weights { path: path.to_owned(), reason };
        let Network::Discriminator(config) = &weights.network else {
            return Err(fail(
                "it holds a generator, which judges nothing: `ganymede sample` takes it".to_owned(),
            ));
        };
        let traits = config.traits();
        if traits.pack > 1 {
            let reason =
                format!("it judges packs of {} samples together, and has no score of one image", traits.pack);
            return Err(fail(reason));
        }
        if traits.sees_batch {
            let reason = "it sees features of the batch (`minibatch`, `mbstd_channels`): its score of an image depends on the others";
            return Err(fail(reason.to_owned()));
        }
        weights.check(path)?;
        let net = config.build(&weights.io, Rng::new(0), DType::F32, device)?;
        weights.load_into(net.params(), path)?;
        let classes = weights.io.classes().filter(|_| traits.conditional);
        let (stages, growth) = (config.stages(&weights.io), weights.growth);
        let factor = 1 << (stages - 1 - growth.stage_of(stages));
        Ok(Self { net, growth: (growth, factor), classes, device: device.clone() })
    }

    /// The network.
    pub(crate) fn into_net(self) -> Box<dyn Discriminator> {
        self.net
    }

    /// `[C, H, W]`, or `[D]` for points.
    pub fn sample_shape(&self) -> Vec<usize> {
        self.net.io().sample.clone()
    }

    /// The number of classes K, where it is told the class of what it judges.
    pub fn classes(&self) -> Option<usize> {
        self.classes
    }

    /// The images of a folder, which are cut to the square in the middle and resized as in training, or those of a
    /// safetensors file whose tensor `x` or `images`, or its only one, is `(N, C, H, W)`: floats in [−1, 1], or u8.
    ///
    /// # Errors
    /// It cannot be read, holds no images, or such of another shape.
    pub fn images(&self, path: &Path) -> Result<ScoredImages, TrainError> {
        ScoredImages::open(path, &self.sample_shape(), &self.device)
    }

    /// The classes of `count` images, from the tensor `y` `(N,)` of a file, or its only one; nothing where it is not told
    /// the class.
    ///
    /// # Errors
    /// It is told the class and no file is given, or the other way round; the file cannot be read; there are not so many
    /// labels, or no such class.
    pub fn labels(&self, path: Option<&Path>, count: usize) -> Result<Option<Vec<u32>>, TrainError> {
        let fail = |reason: String| TrainError::Sample { reason };
        match (self.classes, path) {
            (None, None) => Ok(None),
            (Some(classes), Some(path)) => labels::read(path, classes, count).map(Some),
            (Some(classes), None) => Err(fail(format!(
                "this discriminator is told the class, one of {classes}: give the images' by --labels"
            ))),
            (None, Some(path)) => {
                let shown = path.display();
                Err(fail(format!("{shown}: this discriminator is not told the class; leave the labels out")))
            }
        }
    }

    /// Raw scores `(N, P)` of a batch: P patches, 1 for most networks. Larger means more real; there is no sigmoid.
    /// `labels` are those of all images.
    ///
    /// # Errors
    /// The images have another shape, a label lacks, or the device refuses the memory; [`TrainError::NotFinite`] names an
    /// image whose score is no finite number.
    pub fn score(&self, batch: &ScoredBatch, labels: Option<&[u32]>) -> Result<Tensor, TrainError> {
        let condition = match labels {
            None => Condition::None,
            Some(labels) => {
                let own: Vec<u32> = batch.places.iter().filter_map(|&at| labels.get(at).copied()).collect();
                Condition::Classes(Tensor::new(own, &self.device)?)
            }
        };
        let _frozen = self.net.params().freeze();
        let (growth, factor) = self.growth;
        let images = match factor {
            1 => batch.images.clone(),
            _ => avg_pool2d(&batch.images, factor)?,
        };
        let input = DiscriminatorInput { samples: &images, condition: &condition, growth };
        let scores = self.net.forward(input, Mode::Eval)?.scores;
        let scores =
            scores.reshape((batch.names.len(), ()))?.to_dtype(DType::F32)?.to_device(&Device::Cpu)?;
        match not_finite(&scores)? {
            None => Ok(scores),
            Some(found) => Err(TrainError::NotFinite {
                what: format!("the score of {}", batch.names[found.at / scores.dim(1)?.max(1)]),
                value: found.value,
                advice: "the weights are finite: look at that image",
            }),
        }
    }
}

/// The scores of images, as they come.
#[derive(Clone, Debug, Default)]
pub struct Scores {
    files: Vec<String>,
    rows: Vec<Vec<f32>>,
}

/// The distribution of scores, each the mean of an image's patches.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ScoreSummary {
    /// How many images.
    pub images: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation (n in the denominator).
    pub std: f64,
    /// Pairs of a share and the score that it lies below, from the least (0) to the greatest (1): linear between ranks.
    pub quantiles: Vec<(f64, f64)>,
}

/// The shares that a summary has.
const SHARES: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

impl Scores {
    /// Appends a batch: the names of the images, and their scores `(N, P)`.
    ///
    /// # Errors
    /// The tensor is no matrix.
    pub fn push(&mut self, names: Vec<String>, scores: &Tensor) -> Result<(), TrainError> {
        self.rows.extend(scores.to_vec2::<f32>()?);
        self.files.extend(names);
        Ok(())
    }

    /// How many images were scored.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Each image and the mean of its scores.
    pub fn means(&self) -> impl Iterator<Item = (&str, f64)> {
        let mean = |row: &Vec<f32>| row.iter().map(|x| f64::from(*x)).sum::<f64>() / row.len().max(1) as f64;
        self.files.iter().map(String::as_str).zip(self.rows.iter().map(mean))
    }

    /// Their distribution; nothing of no images.
    pub fn summary(&self) -> Option<ScoreSummary> {
        let mut values: Vec<f64> = self.means().map(|(_, score)| score).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let last = n.checked_sub(1)?;
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        let at = |share: f64| {
            let rank = share * last as f64;
            let (below, above) = (values[rank.floor() as usize], values[rank.ceil() as usize]);
            (share, below + (above - below) * rank.fract())
        };
        Some(ScoreSummary { images: n, mean, std: variance.sqrt(), quantiles: SHARES.map(at).to_vec() })
    }
}
