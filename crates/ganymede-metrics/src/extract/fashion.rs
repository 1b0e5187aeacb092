//! The small classifier that comes with the program.

use std::path::Path;

use ganymede_tensor::{DType, Device, Tensor, global_avg_pool2d, linear, pad2d};
use ndarray::Array2;

use super::conv::{Conv, Spec, conv_relu};
use super::rows::Rows;
use super::weights::Weights;
use crate::{FeatureExtractor, Features, MetricError, Result, WeightsFile};

#[cfg(test)]
mod tests;

/// Made by `train_fashion_classifier`: see `weights/README.md`.
static EMBEDDED: &[u8] = include_bytes!("../../weights/fashion-cnn.safetensors");

pub(super) const CLASSES: usize = 10;
/// Width and stride of each convolution of 3 × 3.
const LAYERS: [(usize, usize); 4] = [(24, 2), (48, 1), (96, 2), (128, 2)];
pub(super) const SIDE: usize = 32;
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
/// Names by which its state dict is known.
const NAMES: &[&str] = &["conv0.weight", "conv1.weight", "conv2.weight", "conv3.weight", "fc.weight"];
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
    convs: Vec<Conv>,
    classifier: [Tensor; 2],
    device: Device,
    sha256: String,
}

impl FashionCnn {
    /// The network with its built-in weights.
    ///
    /// # Errors
    /// The device cannot hold them.
    pub fn new(device: &Device) -> Result<Self> {
        Self::build(Weights::from_bytes(Path::new("(built in) fashion-cnn.safetensors"), EMBEDDED)?, device)
    }

    /// The network with weights that `train_fashion_classifier` wrote.
    ///
    /// # Errors
    /// The file cannot be read, or a tensor is missing, superfluous or of another shape.
    pub fn load(file: &WeightsFile, device: &Device) -> Result<Self> {
        file.explain(Weights::open(file, &[NAMES]).and_then(|weights| Self::build(weights, device)))
    }

    fn build(mut weights: Weights, device: &Device) -> Result<Self> {
        let mut inputs = 1;
        let mut convs = Vec::new();
        for (i, (outputs, stride)) in LAYERS.into_iter().enumerate() {
            let spec = Spec { inputs, outputs, kernel: [3, 3], stride, padding: [1, 1] };
            let weight = weights.numbers(&format!("conv{i}.weight"), &[outputs, inputs, 3, 3])?;
            let bias = weights.numbers(&format!("conv{i}.bias"), &[outputs])?;
            convs.push(Conv::new(weight, bias, spec, device)?);
            inputs = outputs;
        }
        let weight = weights.take("fc.weight", &[CLASSES, inputs])?.to_device(device)?;
        let bias = weights.take("fc.bias", &[CLASSES])?.to_device(device)?;
        let sha256 = weights.finish("the fashion classifier")?;
        Ok(Self { convs, classifier: [weight, bias], device: device.clone(), sha256 })
    }

    /// Grey levels `(N, 1, 32, 32)` in `[-1, 1]`.
    fn prepare(&self, images: &Tensor) -> Result<Tensor> {
        // Detached: a network that is only read needs no graph.
        let mut x = images.detach().to_device(&self.device)?.to_dtype(DType::F32)?;
        if x.dim(1)? == 3 {
            let luma = Tensor::new(&LUMA, &self.device)?.to_dtype(DType::F32)?.reshape((1, 3, 1, 1))?;
            x = x.broadcast_mul(&luma)?.sum_keepdim(1)?;
        }
        if x.dim(2)? < SIDE {
            x = pad2d(&x, [(SIDE - x.dim(2)?) / 2; 4])?;
        }
        Ok(x.affine(1.0 / 127.5, -1.0)?)
    }

    /// Features and logits of a few images.
    fn forward(&self, images: &Tensor) -> Result<[Tensor; 2]> {
        let x = self.convs.iter().try_fold(self.prepare(images)?, |x, conv| conv_relu(&x, conv))?;
        let pool = global_avg_pool2d(&x)?;
        let logits = linear(&pool, &self.classifier[0], Some(&self.classifier[1]))?;
        Ok([pool, logits])
    }
}

impl FeatureExtractor for FashionCnn {
    fn id(&self) -> &str {
        "fashion-cnn"
    }

    fn dim(&self) -> usize {
        DIM
    }

    fn input(&self) -> [usize; 3] {
        [1, SIDE, SIDE]
    }

    fn weights_sha256(&self) -> &str {
        &self.sha256
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn features(&self, images: &Tensor) -> Result<Features> {
        let &[n, 1 | 3, h @ (28 | SIDE), w] = images.dims() else {
            return Err(shape_error(images));
        };
        if h != w {
            return Err(shape_error(images));
        }
        let (mut pool, mut logits) = (Rows::default(), Rows::default());
        for from in (0..n).step_by(BATCH) {
            let [rows, scores] = self.forward(&images.narrow(0, from, BATCH.min(n - from))?)?;
            pool.append(Some(rows))?;
            logits.append(Some(scores))?;
        }
        let empty = |columns| Array2::zeros((0, columns));
        Ok(Features {
            pool: pool.into_array(n)?.unwrap_or_else(|| empty(self.dim())),
            logits: Some(logits.into_array(n)?.unwrap_or_else(|| empty(CLASSES))),
            spatial: None,
        })
    }
}

fn shape_error(images: &Tensor) -> MetricError {
    let dims = images.dims();
    MetricError::Invalid(format!(
        "fashion-cnn takes images (N, 1 or 3, S, S) with S of 28 or 32, got {dims:?}"
    ))
}
