//! The small classifier of three digits that comes with the program.

use ganymede_tensor::{DType, Device, Tensor, log_softmax};

use super::small_cnn::{self, Layers, SIDE, SmallCnn};
use crate::{FeatureExtractor, Features, MetricError, Result, WeightsFile};

#[cfg(test)]
mod tests;

/// See `weights/README.md`.
static EMBEDDED: &[u8] = include_bytes!("../../weights/digits-cnn.safetensors");

const NAME: &str = "digits-cnn";
const LAYERS: Layers = [(16, 2), (32, 1), (64, 2), (64, 2)];
/// Digits of an image.
pub(super) const DIGITS: usize = 3;
pub(super) const CLASSES: usize = small_cnn::CLASSES.pow(DIGITS as u32);
/// Numbers in a row of features.
pub(super) const DIM: usize = DIGITS * LAYERS[LAYERS.len() - 1].0;
/// Images in one pass.
const BATCH: usize = 64;

/// A small convolutional classifier of images whose channels are three digits, as those of stacked MNIST: it sees each
/// channel by itself. Trained on MNIST's 60,000 training images; its weights are built in.
///
/// Features are the 3 · 64 spatial means before the classifier, red first. Logits are those of the 1,000 numbers that three
/// digits make: of the number abc the sum of log-probabilities ln p(a) + ln p(b) + ln p(c), so that a softmax of them
/// is the product of the three. A single wrong digit is a wrong number.
///
/// Images are `(N, 3, S, S)` with S of 28 or 32; those of 28 pixels get a black frame of 2, as the training images did.
pub struct DigitsCnn {
    network: SmallCnn,
}

impl DigitsCnn {
    /// The network with its built-in weights.
    ///
    /// # Errors
    /// The device cannot hold them.
    pub fn new(device: &Device) -> Result<Self> {
        Ok(Self { network: SmallCnn::embedded(NAME, EMBEDDED, LAYERS, device)? })
    }

    /// The network with weights that `train_classifier` wrote.
    ///
    /// # Errors
    /// The file cannot be read, or a tensor is missing, superfluous or of another shape.
    pub fn load(file: &WeightsFile, device: &Device) -> Result<Self> {
        Ok(Self { network: SmallCnn::load(file, NAME, LAYERS, device)? })
    }

    /// Features `(N, 192)` and logits `(N, 1000)` of a few images.
    fn forward(&self, images: &Tensor) -> Result<[Tensor; 2]> {
        let (n, _, side, _) = images.dims4()?;
        // Detached: a network that is only read needs no graph.
        let x = images.detach().to_device(&self.network.device)?.to_dtype(DType::F32)?;
        let [pool, logits] = self.network.forward(&x.reshape((DIGITS * n, 1, side, side))?)?;
        let each = log_softmax(&logits, 1)?.reshape((n, DIGITS, small_cnn::CLASSES))?;
        let digit =
            |at: usize, shape: [usize; 4]| Ok::<_, MetricError>(each.narrow(1, at, 1)?.reshape(&shape)?);
        const K: usize = small_cnn::CLASSES;
        let (a, b, c) = (digit(0, [n, K, 1, 1])?, digit(1, [n, 1, K, 1])?, digit(2, [n, 1, 1, K])?);
        let joint = a.broadcast_add(&b)?.broadcast_add(&c)?.reshape((n, CLASSES))?;
        Ok([pool.reshape((n, DIM))?, joint])
    }
}

impl FeatureExtractor for DigitsCnn {
    fn id(&self) -> &str {
        NAME
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn input(&self) -> [usize; 3] {
        [DIGITS, SIDE, SIDE]
    }

    fn weights_sha256(&self) -> &str {
        &self.network.sha256
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn features(&self, images: &Tensor) -> Result<Features> {
        match *images.dims() {
            [_, DIGITS, height @ (28 | SIDE), width] if height == width => {}
            ref dims => {
                let reason = format!("{NAME} takes images (N, 3, S, S) with S of 28 or 32, got {dims:?}");
                return Err(MetricError::Invalid(reason));
            }
        }
        small_cnn::features(images, BATCH, [DIM, CLASSES], |part| self.forward(part))
    }
}
