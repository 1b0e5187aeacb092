//! What a discriminator sees of a batch as a whole. Samples that are all alike are told by that, however real each of
//! them is: a generator that has collapsed has a gradient to leave by.
//!
//! A trainer shows a batch of real or of generated samples, never both in one: the layers would tell the mixture.

mod discrimination;
mod stddev;

pub use discrimination::{MinibatchDiscrimination, MinibatchDiscriminationConfig};
pub(crate) use stddev::grouped_stddev;
pub use stddev::{minibatch_stddev, minibatch_stddev_unbiased};

use ganymede_tensor::{Builder, Result, Tensor, bail};
use serde::{Deserialize, Serialize};

use super::weight::LayerConfig;
use crate::Mode;

/// What is put beside the features that a discriminator judges by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MinibatchFeatures {
    /// Nothing.
    #[default]
    None,
    /// How close each sample is to the others: [`MinibatchDiscrimination`], 50 kernels of 5 numbers.
    Discrimination,
    /// How much the samples differ: [`minibatch_stddev`] of groups of 4; in `pggan` [`minibatch_stddev_unbiased`].
    Stddev,
}

/// Samples of a group of `stddev`, as in StyleGAN2.
const GROUP: usize = 4;

impl MinibatchFeatures {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::None, Self::Discrimination, Self::Stddev];

    /// Whether it is nothing, as where a configuration does not say.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// Features beside the others.
    pub(crate) fn extra(self) -> usize {
        match self {
            Self::None => 0,
            Self::Discrimination => MinibatchDiscriminationConfig::default().kernels,
            Self::Stddev => 1,
        }
    }

    /// Weights of its own, beside so many features.
    pub(crate) fn weights(self, features: usize) -> u128 {
        match self {
            Self::Discrimination => {
                let MinibatchDiscriminationConfig { kernels, dim } = MinibatchDiscriminationConfig::default();
                features as u128 * (kernels * dim) as u128
            }
            Self::None | Self::Stddev => 0,
        }
    }

    /// The layer, for inputs of so many features; its weights start as `layer` says.
    pub(crate) fn build(
        self,
        features: usize,
        layer: &LayerConfig,
        builder: &Builder,
    ) -> Result<MinibatchLayer> {
        Ok(match self {
            Self::None => MinibatchLayer::None,
            Self::Discrimination => {
                let config = MinibatchDiscriminationConfig::default();
                MinibatchLayer::Discrimination(MinibatchDiscrimination::new(
                    features, &config, layer, builder,
                )?)
            }
            Self::Stddev => MinibatchLayer::Stddev(minibatch_stddev),
        })
    }
}

/// A standard deviation `(N, 1)` of each group of so many samples.
type Deviation = fn(&Tensor, usize) -> Result<Tensor>;

/// A layer that is built.
#[derive(Debug)]
pub(crate) enum MinibatchLayer {
    None,
    Discrimination(MinibatchDiscrimination),
    Stddev(Deviation),
}

impl MinibatchLayer {
    /// Features `(N, C)` or `(N, C, H, W)`, and behind them those of the batch, the same everywhere in an image.
    pub(crate) fn append(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let seen = match self {
            Self::None => return Ok(x.clone()),
            Self::Discrimination(layer) => layer.forward(&x.flatten_from(1)?, mode)?,
            Self::Stddev(deviation) => deviation(x, GROUP)?,
        };
        let beside = match *x.dims() {
            [_, _] => seen,
            [n, _, h, w] => {
                let features = seen.dim(1)?;
                seen.unsqueeze(2)?.unsqueeze(3)?.broadcast_as((n, features, h, w))?.contiguous()?
            }
            ref dims => bail!("features of a batch: got {dims:?}, expected (N, C) or (N, C, H, W)"),
        };
        Tensor::cat(&[x, &beside], 1)
    }
}
