//! The small classifier of clothes that comes with the program.

use ganymede_tensor::{DType, Device, Tensor};

use super::small_cnn::{self, Layers, SmallCnn};
use crate::{FeatureExtractor, Features, MetricError, Result, WeightsFile};

#[cfg(test)]
mod tests;

/// Made by `train_classifier`: see `weights/README.md`.
static EMBEDDED: &[u8] = include_bytes!("../../weights/fashion-cnn.safetensors");

pub(super) use super::small_cnn::{CLASSES, SIDE};
const LAYERS: Layers = [(24, 2), (48, 1), (96, 2), (128, 2)];
/// Numbers in a row of features.
pub(super) const DIM: usize = LAYERS[LAYERS.len() - 1].0;
/// The classes of Fashion-MNIST, in the order of their labels (Xiao et al., 2017, arXiv:1708.07747).
pub(super) const CLASS_NAMES: [&str; CLASSES] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];
const NAME: &str = "fashion-cnn";
/// Images in one pass.
const BATCH: usize = 128;
/// The luma of ITU-R BT.709.
const LUMA: [f64; 3] = [0.2126, 0.7152, 0.0722];

/// A small convolutional classifier for grey images of 28 to 32 pixels, trained on Fashion-MNIST's
/// 60,000 training images; its weights are built in.
///
/// Features are the 128 spatial means before the classifier, logits those of its ten classes in the order
/// of its labels, from T-shirts to ankle boots.
/// It tells whether generated clothes resemble real ones, and is of some use for other small grey
/// images such as MNIST's. Its numbers are comparable with nothing but its own.
///
/// Images are `(N, 1 or 3, S, S)` with S of 28 or 32. Colour becomes grey by the luma of BT.709;
/// images of 28 pixels get a black frame of 2, as the training images did.
pub struct FashionCnn {
    network: SmallCnn,
}

impl FashionCnn {
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

    /// Grey levels `(N, 1, S, S)`.
    fn prepare(&self, images: &Tensor) -> Result<Tensor> {
        let device = &self.network.device;
        // Detached: a network that is only read needs no graph.
        let x = images.detach().to_device(device)?.to_dtype(DType::F32)?;
        if x.dim(1)? == 1 {
            return Ok(x);
        }
        let luma = Tensor::new(&LUMA, device)?.to_dtype(DType::F32)?.reshape((1, 3, 1, 1))?;
        Ok(x.broadcast_mul(&luma)?.sum_keepdim(1)?)
    }

    /// Features and logits of a few images.
    fn forward(&self, images: &Tensor) -> Result<[Tensor; 2]> {
        self.network.forward(&self.prepare(images)?)
    }
}

impl FeatureExtractor for FashionCnn {
    fn id(&self) -> &str {
        NAME
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn input(&self) -> [usize; 3] {
        [1, SIDE, SIDE]
    }

    fn weights_sha256(&self) -> &str {
        &self.network.sha256
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn features(&self, images: &Tensor) -> Result<Features> {
        let &[_, 1 | 3, h @ (28 | SIDE), w] = images.dims() else {
            return Err(shape_error(images));
        };
        if h != w {
            return Err(shape_error(images));
        }
        small_cnn::features(images, BATCH, [DIM, CLASSES], |part| self.forward(part))
    }
}

fn shape_error(images: &Tensor) -> MetricError {
    let dims = images.dims();
    MetricError::Invalid(format!(
        "fashion-cnn takes images (N, 1 or 3, S, S) with S of 28 or 32, got {dims:?}"
    ))
}
