//! Pixels as features: what there is where no network knows the images.

use ganymede_tensor::{DType, Device, Tensor};
use ndarray::Array2;

use super::check_input;
use crate::{FeatureExtractor, Features, MetricError, Result};

/// Larger images are looked at with so many pixels a side: 98 MB for 2,000 of them in colour.
const SIDE: usize = 64;

/// Grey levels as rows of features, `(N, C·H·W)`, of images of at most 64 × 64.
///
/// [`ndb`](crate::ndb) and the [wavelet distance](crate::frechet_wavelet_distance) are meant for them. Measures of
/// networks' features can be taken of them, but say little of what an image shows.
#[derive(Clone, Debug)]
pub struct Pixels {
    input: [usize; 3],
}

impl Pixels {
    /// Of images of these channels, height and width.
    pub fn new([channels, height, width]: [usize; 3]) -> Self {
        Self { input: [channels, height.min(SIDE), width.min(SIDE)] }
    }
}

impl FeatureExtractor for Pixels {
    fn id(&self) -> &str {
        "pixels"
    }

    fn dim(&self) -> usize {
        self.input.iter().product()
    }

    fn input(&self) -> [usize; 3] {
        self.input
    }

    fn weights_sha256(&self) -> &str {
        ""
    }

    fn settings(&self) -> String {
        let [channels, height, width] = self.input;
        format!("size={channels}x{height}x{width}")
    }

    fn features(&self, images: &Tensor) -> Result<Features> {
        let count = check_input(self, images)?;
        let levels = images.detach().to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
        let pool = Array2::from_shape_vec((count, self.dim()), levels.flatten_all()?.to_vec1()?);
        let pool = pool.map_err(|error| MetricError::Invalid(format!("pixels of images: {error}")))?;
        Ok(Features { pool, logits: None, spatial: None })
    }
}
