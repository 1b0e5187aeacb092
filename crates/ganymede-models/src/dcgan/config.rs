//! The sizes and choices of a DCGAN.

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::error::{ModelError, check_sizes};
use crate::layers::norm::NormKind;

/// A DCGAN generator and its discriminator. The default is the tutorial's.
///
/// Feature maps grow wider as the image shrinks. From half the resolution (i = 0) down to 4×4
/// (i = log₂(resolution/4) − 1) they have `width·min(2ⁱ, max_multiplier)` channels: at 64 that is 1,
/// 2, 4 and 8 times the width, as in the tutorial. At 128 and above the default `max_multiplier`
/// of 8 is reached before 4×4; a larger one lets the widths double on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DcganConfig {
    /// Height and width of an image: a power of two from 8 to 2048.
    pub resolution: usize,
    /// Channels of an image.
    pub channels: usize,
    /// Length of a latent vector (`nz`).
    pub z_dim: usize,
    /// Channels of the feature maps at half the resolution (`ngf`, `ndf`).
    pub width: usize,
    /// The largest multiple of `width` that a feature map has.
    pub max_multiplier: usize,
    /// The normalisation of the generator and, unless set apart, of the discriminator.
    pub norm: NormKind,
    /// The normalisation of the discriminator. Left out, it is `norm`, or `none` with `spectral`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discriminator_norm: Option<NormKind>,
    /// Spectral normalisation of all layers of the discriminator (arXiv:1802.05957).
    pub spectral: bool,
}

impl Default for DcganConfig {
    fn default() -> Self {
        Self {
            resolution: 64,
            channels: 3,
            z_dim: 100,
            width: 64,
            max_multiplier: 8,
            norm: NormKind::Batch,
            discriminator_norm: None,
            spectral: false,
        }
    }
}

impl DcganConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// [`ModelError::InvalidField`] for the first field that cannot be used.
    pub fn validate(&self) -> Result<(), ModelError> {
        if !self.resolution.is_power_of_two() || !(8..=2048).contains(&self.resolution) {
            let fix = "use a power of two from 8 to 2048, e.g. 32 (28×28 images are padded to it)";
            return Err(ModelError::field(NAME, "resolution", self.resolution, fix));
        }
        let sizes = [
            ("channels", self.channels),
            ("z_dim", self.z_dim),
            ("width", self.width),
            ("max_multiplier", self.max_multiplier),
        ];
        check_sizes(NAME, &sizes)
    }

    /// The normalisation that the discriminator has.
    pub fn resolved_discriminator_norm(&self) -> NormKind {
        match (self.discriminator_norm, self.spectral) {
            (Some(norm), _) => norm,
            (None, true) => NormKind::None,
            (None, false) => self.norm,
        }
    }

    /// Channels of the feature maps, from half the resolution down to 4×4.
    pub(crate) fn widths(&self) -> Vec<usize> {
        let halvings = (self.resolution / 4).ilog2();
        (0..halvings).map(|i| self.width * (1 << i).min(self.max_multiplier)).collect()
    }
}
