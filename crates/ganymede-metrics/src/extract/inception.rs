//! The Inception network of FID.
//!
//! Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision"
//! (arXiv:1512.00567), in the version that TensorFlow published on 2015-12-05: 1008 classes,
//! average pools that leave out what is outside the image, and a max pool in the last block where
//! the paper has an average. Heusel et al. 2017 (arXiv:1706.08500) defined FID with it.

use ganymede_kernels::channels_last::{FrozenConv, Pixels};
use ganymede_tensor::{DType, Device, Tensor, global_avg_pool2d, linear};

use ndarray::Array2;
use rayon::prelude::*;

use super::conv::Conv;
use super::rows::Rows;
use super::weights::Weights;
use crate::{FeatureExtractor, Features, MetricError, Result, WeightsFile};

mod blocks;
mod config;
#[cfg(test)]
mod tests;

pub use config::{InceptionConfig, InceptionRange, InceptionTap, SpatialTap};

use blocks::Trunk;

/// Side of the images that the network takes.
pub(super) const SIDE: usize = 299;
pub(super) const CLASSES: usize = 1008;
/// Names by which its state dict is known.
const NAMES: &[&str] =
    &["Conv2d_1a_3x3.conv.weight", "Mixed_5b.branch1x1.conv.weight", "Mixed_7c.branch1x1.conv.weight"];
/// Channels of which sFID takes every pixel.
const SPATIAL_CHANNELS: usize = 7;
/// Images that a thread takes through a layer at a time, so that a weight that it fetches serves them all.
const STREAM: usize = 4;

/// The Inception of 2015-12-05, by whose features FID is defined.
///
/// Features are the spatial means at an [`InceptionTap`]. Logits are those of the 1008 classes, the
/// first of which is background. Spatial features are the first 7 channels of a 17 × 17 block, 2023
/// numbers: of the last one, as dgm-eval takes them for sFID, or of the one before, as Nash et al. 2021
/// (arXiv:2103.03841) and guided-diffusion ([`SpatialTap`]).
///
/// Weights are `pt_inception-2015-12-05-6726825d.pth`, the file of pytorch-fid and torch-fidelity,
/// or a safetensors file with the same names. Batch normalisation (ε = 1e-3) is folded into the
/// convolutions in f64. A file without `fc.weight` and `fc.bias` is accepted and gives no logits.
pub struct Inception {
    trunk: Trunks,
    classifier: Option<[Tensor; 2]>,
    config: InceptionConfig,
    device: Device,
    sha256: String,
}

/// The layers before the classifier, as they run fastest.
enum Trunks {
    /// On the CPU: each thread takes images of its own through all layers.
    Here(Trunk<FrozenConv>),
    /// On a device: layer after layer of the whole batch.
    Device(Trunk<Conv>),
}

impl Trunks {
    fn load(weights: &mut Weights, device: &Device) -> Result<Self> {
        Ok(if device.is_cpu() {
            Self::Here(Trunk::load(weights, device)?)
        } else {
            Self::Device(Trunk::load(weights, device)?)
        })
    }
}

/// What one pass over a few images gives.
#[derive(Default)]
struct Outputs {
    /// Spatial means at each tap, `(N, D)`.
    pools: [Option<Tensor>; 4],
    /// `(N, 7·17·17)`.
    spatial: Option<Tensor>,
    /// `(N, 1008)`, with or without bias as configured.
    logits: Option<Tensor>,
}

impl Outputs {
    /// Of all images, from those of some after the other.
    fn joined(parts: Vec<Self>) -> Result<Self> {
        let join = |of: &dyn Fn(&Self) -> Option<Tensor>| -> Result<Option<Tensor>> {
            let rows: Vec<Tensor> = parts.iter().filter_map(of).collect();
            Ok(if rows.is_empty() { None } else { Some(Tensor::cat(&rows, 0)?) })
        };
        let mut joined = Self { spatial: join(&|part| part.spatial.clone())?, ..Self::default() };
        for (i, pool) in joined.pools.iter_mut().enumerate() {
            *pool = join(&|part| part.pools[i].clone())?;
        }
        Ok(joined)
    }
}

impl Inception {
    /// Loads weights from a file.
    ///
    /// # Errors
    /// The file cannot be read; a tensor is missing, superfluous, not finite or of another shape,
    /// and the message names it, the file and both shapes; the file is not the published one that it was taken
    /// for; a batch of 0 images.
    pub fn load(file: &WeightsFile, config: InceptionConfig, device: &Device) -> Result<Self> {
        file.explain(Weights::open(file, &[NAMES]).and_then(|weights| Self::build(weights, config, device)))
    }

    fn build(mut weights: Weights, config: InceptionConfig, device: &Device) -> Result<Self> {
        if config.batch == 0 {
            return Err(MetricError::Invalid("the Inception network needs batches of at least 1".into()));
        }
        weights.discard(|key| key.ends_with(".num_batches_tracked"));
        let trunk = Trunks::load(&mut weights, device)?;
        let classifier = if weights.has("fc.weight") || weights.has("fc.bias") {
            let weight = weights.take("fc.weight", &[CLASSES, InceptionTap::Pool2048.dim()])?;
            let bias = weights.take("fc.bias", &[CLASSES])?;
            Some([weight.to_device(device)?, bias.to_device(device)?])
        } else {
            None
        };
        let sha256 = weights.finish("the FID Inception")?;
        Ok(Self { trunk, classifier, config, device: device.clone(), sha256 })
    }

    /// One pass over images `(N, 3, 299, 299)`, which ends at the configured tap.
    fn forward(&self, images: &Tensor) -> Result<Outputs> {
        // Detached: a network that is only read needs no graph.
        let levels = images.detach().to_device(&self.device)?.to_dtype(DType::F32)?;
        let x = self.config.range.apply(&levels)?;
        drop(levels);
        let mut outputs = match &self.trunk {
            Trunks::Device(trunk) => self.forward_tensor(trunk, x)?,
            Trunks::Here(trunk) => {
                let n = x.dim(0)?;
                let numbers = x.flatten_all()?.to_vec1::<f32>()?;
                drop(x);
                let at_once = n.div_ceil(rayon::current_num_threads()).clamp(1, STREAM);
                let streams = numbers.par_chunks(at_once * 3 * SIDE * SIDE);
                let parts: Vec<Outputs> =
                    streams.map(|images| self.forward_pixels(trunk, images)).collect::<Result<_>>()?;
                Outputs::joined(parts)?
            }
        };
        if let (Some([weight, bias]), Some(pool)) = (&self.classifier, &outputs.pools[3]) {
            let bias = self.config.logit_bias.then_some(bias);
            outputs.logits = Some(linear(pool, weight, bias)?);
        }
        Ok(outputs)
    }

    fn forward_tensor(&self, trunk: &Trunk<Conv>, mut x: Tensor) -> Result<Outputs> {
        let mut outputs = Outputs::default();
        for (i, tap) in self.taps() {
            let before_last;
            [before_last, x] = trunk.run(tap, x)?;
            outputs.pools[i] = Some(global_avg_pool2d(&x)?);
            if tap == InceptionTap::Pool768 {
                let channels = |x: &Tensor| x.narrow(1, 0, SPATIAL_CHANNELS);
                outputs.spatial = self.spatial(|| Ok(channels(&x)?), || Ok(channels(&before_last)?))?;
            }
        }
        Ok(outputs)
    }

    fn forward_pixels(&self, trunk: &Trunk<FrozenConv>, images: &[f32]) -> Result<Outputs> {
        let n = images.len() / (3 * SIDE * SIDE);
        let mut x = Pixels::from_planes(images, [n, 3, SIDE, SIDE]);
        let mut outputs = Outputs::default();
        for (i, tap) in self.taps() {
            let before_last;
            [before_last, x] = trunk.run(tap, x);
            outputs.pools[i] = Some(Tensor::from_vec(x.means(), (n, tap.dim()), &self.device)?);
            if tap == InceptionTap::Pool768 {
                let channels = |x: &Pixels| {
                    let [n, h, w, _] = x.shape();
                    let planes = x.planes(SPATIAL_CHANNELS);
                    Ok(Tensor::from_vec(planes, (n, SPATIAL_CHANNELS, h, w), &self.device)?)
                };
                outputs.spatial = self.spatial(|| channels(&x), || channels(&before_last))?;
            }
        }
        Ok(outputs)
    }

    /// The taps of a pass.
    fn taps(&self) -> impl Iterator<Item = (usize, InceptionTap)> + use<> {
        InceptionTap::ALL.into_iter().enumerate().take(self.config.tap as usize + 1)
    }

    /// The configured spatial features, of the first channels of the last block of 17 × 17 or of the one before.
    fn spatial(
        &self,
        last: impl FnOnce() -> Result<Tensor>,
        before: impl FnOnce() -> Result<Tensor>,
    ) -> Result<Option<Tensor>> {
        Ok(match self.config.spatial {
            None => None,
            Some(SpatialTap::LastBlock) => Some(last()?.flatten_from(1)?),
            Some(SpatialTap::Mixed6) => Some(before()?.permute((0, 2, 3, 1))?.flatten_from(1)?),
        })
    }
}

impl FeatureExtractor for Inception {
    fn id(&self) -> &str {
        self.config.tap.id()
    }

    fn dim(&self) -> usize {
        self.config.tap.dim()
    }

    fn input(&self) -> [usize; 3] {
        [3, SIDE, SIDE]
    }

    fn weights_sha256(&self) -> &str {
        &self.sha256
    }

    fn settings(&self) -> String {
        self.config.settings()
    }

    fn features(&self, images: &Tensor) -> Result<Features> {
        let n = super::check_input(self, images)?;
        let (mut pool, mut spatial, mut logits) = (Rows::default(), Rows::default(), Rows::default());
        for from in (0..n).step_by(self.config.batch) {
            let chunk = images.narrow(0, from, self.config.batch.min(n - from))?;
            let mut outputs = self.forward(&chunk)?;
            pool.append(outputs.pools[self.config.tap as usize].take())?;
            spatial.append(outputs.spatial)?;
            logits.append(outputs.logits)?;
        }
        Ok(Features {
            pool: pool.into_array(n)?.unwrap_or_else(|| Array2::zeros((0, self.dim()))),
            logits: logits.into_array(n)?,
            spatial: spatial.into_array(n)?,
        })
    }
}
