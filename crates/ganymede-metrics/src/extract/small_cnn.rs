//! The network of the small classifiers that come with the program.

use std::path::Path;

use ganymede_tensor::{Device, Tensor, global_avg_pool2d, linear, pad2d};
use ndarray::Array2;

use super::conv::{Conv, Frozen, Spec};
use super::rows::Rows;
use super::weights::Weights;
use crate::{Features, Result, WeightsFile};

pub(super) const CLASSES: usize = 10;
pub(super) const SIDE: usize = 32;
/// Names by which its state dict is known.
const NAMES: &[&str] = &["conv0.weight", "conv1.weight", "conv2.weight", "conv3.weight", "fc.weight"];

/// Width and stride of each convolution of 3 × 3.
pub(super) type Layers = [(usize, usize); 4];

/// Convolutions of 3 × 3 with ReLUs, the mean over the image, ten classes.
pub(super) struct SmallCnn {
    convs: Vec<Conv>,
    classifier: [Tensor; 2],
    pub(super) device: Device,
    pub(super) sha256: String,
}

impl SmallCnn {
    /// With weights that are built in.
    pub(super) fn embedded(name: &str, bytes: &[u8], layers: Layers, device: &Device) -> Result<Self> {
        let path = format!("(built in) {name}.safetensors");
        Self::build(Weights::from_bytes(Path::new(&path), bytes)?, name, layers, device)
    }

    /// With weights that `train_classifier` wrote.
    pub(super) fn load(file: &WeightsFile, name: &str, layers: Layers, device: &Device) -> Result<Self> {
        let weights = Weights::open(file, &[NAMES]);
        file.explain(weights.and_then(|weights| Self::build(weights, name, layers, device)))
    }

    fn build(mut weights: Weights, name: &str, layers: Layers, device: &Device) -> Result<Self> {
        let mut inputs = 1;
        let mut convs = Vec::new();
        for (i, (outputs, stride)) in layers.into_iter().enumerate() {
            let spec = Spec { inputs, outputs, kernel: [3, 3], stride, padding: [1, 1], relu: true };
            let weight = weights.numbers(&format!("conv{i}.weight"), &[outputs, inputs, 3, 3])?;
            let bias = weights.numbers(&format!("conv{i}.bias"), &[outputs])?;
            convs.push(Conv::new(weight, bias, spec, device)?);
            inputs = outputs;
        }
        let weight = weights.take("fc.weight", &[CLASSES, inputs])?.to_device(device)?;
        let bias = weights.take("fc.bias", &[CLASSES])?.to_device(device)?;
        let sha256 = weights.finish(name)?;
        Ok(Self { convs, classifier: [weight, bias], device: device.clone(), sha256 })
    }

    /// Features `(N, D)` and logits `(N, 10)` of grey levels `(N, 1, S, S)` from 0 to 255 with S of 28 or 32.
    pub(super) fn forward(&self, levels: &Tensor) -> Result<[Tensor; 2]> {
        let framed = match levels.dim(2)? {
            SIDE => levels.clone(),
            side => pad2d(levels, [(SIDE - side) / 2; 4])?,
        };
        let x = framed.affine(1.0 / 127.5, -1.0)?;
        let x = self.convs.iter().try_fold(x, |x, conv| conv.run(&x))?;
        let pool = global_avg_pool2d(&x)?;
        let logits = linear(&pool, &self.classifier[0], Some(&self.classifier[1]))?;
        Ok([pool, logits])
    }
}

/// Features and logits of so many `columns`, a few images in one pass.
pub(super) fn features(
    images: &Tensor,
    batch: usize,
    columns: [usize; 2],
    forward: impl Fn(&Tensor) -> Result<[Tensor; 2]>,
) -> Result<Features> {
    let n = images.dim(0)?;
    let (mut pool, mut logits) = (Rows::default(), Rows::default());
    for from in (0..n).step_by(batch) {
        let [rows, scores] = forward(&images.narrow(0, from, batch.min(n - from))?)?;
        pool.append(Some(rows))?;
        logits.append(Some(scores))?;
    }
    let [pool_columns, logit_columns] = columns;
    Ok(Features {
        pool: pool.into_array(n)?.unwrap_or_else(|| Array2::zeros((0, pool_columns))),
        logits: Some(logits.into_array(n)?.unwrap_or_else(|| Array2::zeros((0, logit_columns)))),
        spatial: None,
    })
}
