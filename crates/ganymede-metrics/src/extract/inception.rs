//! The Inception network of FID.
//!
//! Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision"
//! (arXiv:1512.00567), in the version that TensorFlow published on 2015-12-05: 1008 classes,
//! average pools that leave out what is outside the image, and a max pool in the last block where
//! the paper has an average. Heusel et al. 2017 (arXiv:1706.08500) defined FID with it.

use ganymede_tensor::{DType, Device, Tensor, global_avg_pool2d, linear};

use ndarray::Array2;

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
    trunk: Trunk,
    classifier: Option<[Tensor; 2]>,
    config: InceptionConfig,
    device: Device,
    sha256: String,
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
        let trunk = Trunk::load(&mut weights, device)?;
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
        let mut x = self.config.range.apply(&levels)?;
        drop(levels);
        let mut outputs = Outputs::default();
        for (i, tap) in InceptionTap::ALL.into_iter().enumerate() {
            let before_last;
            [before_last, x] = self.trunk.run(tap, x)?;
            outputs.pools[i] = Some(global_avg_pool2d(&x)?);
            if tap == InceptionTap::Pool768 {
                let channels = |x: &Tensor| x.narrow(1, 0, SPATIAL_CHANNELS);
                outputs.spatial = match self.config.spatial {
                    None => None,
                    Some(SpatialTap::LastBlock) => Some(channels(&x)?.flatten_from(1)?),
                    Some(SpatialTap::Mixed6) => {
                        Some(channels(&before_last)?.permute((0, 2, 3, 1))?.flatten_from(1)?)
                    }
                };
            }
            if tap == self.config.tap {
                break;
            }
        }
        if let (Some([weight, bias]), Some(pool)) = (&self.classifier, &outputs.pools[3]) {
            let bias = self.config.logit_bias.then_some(bias);
            outputs.logits = Some(linear(pool, weight, bias)?);
        }
        Ok(outputs)
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
