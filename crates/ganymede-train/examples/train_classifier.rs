//! Trains the small classifiers whose features `ganymede-metrics` ships as `fashion-cnn` and `digits-cnn`.
//!
//! ```sh
//! cargo xtask data fetch fashion-mnist
//! cargo run --release -p ganymede-train --example train_classifier -- fashion-mnist crates/ganymede-metrics/weights
//! cargo xtask data fetch mnist
//! cargo run --release -p ganymede-train --example train_classifier -- mnist crates/ganymede-metrics/weights
//! ```
//!
//! Trained on the 60,000 training images, judged by the 10,000 test images, which it never sees.
//! The same machine and number of threads give the same file. Written are the weights as they are
//! judged: batch normalisation folded into the convolutions, rounded to f16.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use ganymede_datasets::{Batch, Dataset, Loader, LoaderConfig, OpenOptions, Split, open};
use ganymede_models::{
    Activation, Conv2d, Conv2dConfig, LayerConfig, Linear, Mode, Norm, NormConfig, NormKind,
};
use ganymede_tensor::{
    Checkpoint, ConvConfig, DType, Device, Graph, Init, Optimizer, OptimizerConfig, Params, Rng, Tensor,
    conv2d_bias_relu, global_avg_pool2d, grad, linear, log_softmax,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 0;
const EPOCHS: usize = 5;
const BATCH: usize = 128;
const CLASSES: usize = 10;
/// Width and stride of each convolution of 3 × 3.
type Layers = [(usize, usize); 4];
/// What there is to be trained.
const KINDS: [Kind; 2] = [
    Kind {
        data: "fashion-mnist",
        file: "fashion-cnn.safetensors",
        layers: [(24, 2), (48, 1), (96, 2), (128, 2)],
    },
    Kind { data: "mnist", file: "digits-cnn.safetensors", layers: [(16, 2), (32, 1), (64, 2), (64, 2)] },
];
/// The rate climbs to this in the first fifth, then falls to 0 along a cosine.
const PEAK_LR: f64 = 3e-3;
/// Training images move by up to this many pixels on each axis.
const SHIFT: usize = 2;
const TRAIN: Mode = Mode::Train { update_stats: true };

#[derive(Clone, Copy)]
struct Kind {
    data: &'static str,
    file: &'static str,
    layers: Layers,
}

struct Classifier {
    layers: Vec<(Conv2d, Norm)>,
    last: Linear,
    params: Params,
}

impl Classifier {
    fn new(widths: Layers, device: &Device) -> Result<Self> {
        let params = Params::new();
        let builder = params.builder(Rng::stream(SEED, "weights"), DType::F32, device);
        let mut layers = Vec::new();
        let mut inputs = 1;
        for (i, (width, stride)) in widths.into_iter().enumerate() {
            let init = Init::KaimingNormal { gain: 2f64.sqrt() };
            let layer = LayerConfig { weight_init: init, ..LayerConfig::without_bias() };
            let conv = Conv2dConfig::new(inputs, width, 3).with_stride(stride, 1).with_layer(layer);
            let norm = NormConfig::new(NormKind::Batch, width);
            layers.push((
                Conv2d::new(&conv, &builder.pp(format!("conv{i}")))?,
                Norm::new(&norm, &builder.pp(format!("norm{i}")))?,
            ));
            inputs = width;
        }
        let last = Linear::new(inputs, CLASSES, &LayerConfig::default(), &builder.pp("fc"))?;
        Ok(Self { layers, last, params })
    }

    /// Images `(N, 1, 32, 32)` in `[-1, 1]` to logits `(N, 10)`.
    fn forward(&self, images: &Tensor) -> Result<Tensor> {
        let mut x = images.clone();
        for (conv, norm) in &self.layers {
            x = Activation::Relu.forward(&norm.forward(&conv.forward(&x, TRAIN)?, TRAIN)?)?;
        }
        Ok(self.last.forward(&x.mean((2, 3))?, TRAIN)?)
    }

    /// The weights for inference: normalisation folded in, rounded to f16.
    fn export(&self) -> Result<BTreeMap<String, Tensor>> {
        let state = self.params.state_dict();
        let get = |name: &str| {
            let tensor = state.get(name).with_context(|| format!("no {name}"))?;
            Ok::<_, anyhow::Error>(tensor.to_dtype(DType::F64)?)
        };
        let mut out = BTreeMap::new();
        for (i, _) in self.layers.iter().enumerate() {
            let of_norm = |field: &str| get(&format!("norm{i}.{field}"));
            let deviation = (of_norm("running_var")? + 1e-5)?.sqrt()?;
            let scale = (of_norm("weight")? / deviation)?;
            let weight = get(&format!("conv{i}.weight"))?.broadcast_mul(&scale.reshape(((), 1, 1, 1))?)?;
            let bias = (of_norm("bias")? - (of_norm("running_mean")? * &scale)?)?;
            out.insert(format!("conv{i}.weight"), weight);
            out.insert(format!("conv{i}.bias"), bias);
        }
        out.insert("fc.weight".into(), get("fc.weight")?);
        out.insert("fc.bias".into(), get("fc.bias")?);
        let half = |(name, tensor): (String, Tensor)| Ok((name, tensor.to_dtype(DType::F16)?));
        out.into_iter().map(half).collect()
    }
}

/// Logits of the exported weights.
fn infer(layers: Layers, weights: &BTreeMap<String, Tensor>, images: &Tensor) -> Result<Tensor> {
    let get = |name: String| Ok::<_, anyhow::Error>(weights[&name].to_dtype(DType::F32)?);
    let mut x = images.clone();
    for (i, (_, stride)) in layers.into_iter().enumerate() {
        let cfg = ConvConfig { stride: [stride; 2], padding: [1, 1], ..ConvConfig::default() };
        x = conv2d_bias_relu(&x, &get(format!("conv{i}.weight"))?, &get(format!("conv{i}.bias"))?, cfg)?;
    }
    Ok(linear(&global_avg_pool2d(&x)?, &get("fc.weight".into())?, Some(&get("fc.bias".into())?))?)
}

/// The share of `dataset` that the exported weights name rightly.
fn accuracy(layers: Layers, weights: &BTreeMap<String, Tensor>, dataset: &Arc<dyn Dataset>) -> Result<f64> {
    let config = LoaderConfig { batch: 250, seed: 0, flip: false, prefetch: 2 };
    let mut loader = Loader::new(Arc::clone(dataset), config)?;
    let mut right = 0;
    for _ in 0..dataset.len() / 250 {
        let batch = loader.next()?;
        let shape = batch.shape.clone();
        let labels = batch.labels.clone().context("labels")?;
        let logits = infer(layers, weights, &Tensor::from_vec(batch.images, shape, &Device::Cpu)?)?;
        let guesses = logits.argmax(1)?.to_vec1::<u32>()?;
        right += guesses.iter().zip(&labels).filter(|(a, b)| a == b).count();
    }
    Ok(right as f64 / (dataset.len() / 250 * 250) as f64)
}

/// Moves each image by its own draw; what comes in at the edge is black.
fn shifted(batch: &Batch, rng: &mut Rng) -> Vec<f32> {
    let (h, w) = (batch.shape[2], batch.shape[3]);
    let mut moved = vec![-1.0; batch.images.len()];
    for (to, from) in moved.chunks_exact_mut(h * w).zip(batch.images.chunks_exact(h * w)) {
        let [dy, dx] = [0; 2].map(|_: usize| rng.below(2 * SHIFT + 1));
        for y in 0..h {
            let Some(source) = (y + dy).checked_sub(SHIFT).filter(|y| *y < h) else { continue };
            for x in 0..w {
                if let Some(column) = (x + dx).checked_sub(SHIFT).filter(|x| *x < w) {
                    to[y * w + x] = from[source * w + column];
                }
            }
        }
    }
    moved
}

fn cross_entropy(logits: &Tensor, labels: &[u32]) -> Result<Tensor> {
    let one_hot: Vec<f32> = labels
        .iter()
        .flat_map(|label| (0..CLASSES as u32).map(move |c| f32::from(u8::from(c == *label))))
        .collect();
    let one_hot = Tensor::from_vec(one_hot, (labels.len(), CLASSES), logits.device())?;
    Ok((log_softmax(logits, 1)?.mul(&one_hot)?.sum_all()? * (-1.0 / labels.len() as f64))?)
}

fn learning_rate(step: usize, steps: usize) -> f64 {
    let t = step as f64 / steps as f64;
    if t < 0.2 {
        PEAK_LR * t / 0.2
    } else {
        PEAK_LR * 0.5 * (1.0 + (std::f64::consts::PI * (t - 0.2) / 0.8).cos())
    }
}

fn main() -> Result<()> {
    ganymede_tensor::start_gradient_workers(0);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, folder] = &arguments[..] else { bail!("usage: train_classifier fashion-mnist|mnist FOLDER") };
    let kind = *KINDS.iter().find(|kind| kind.data == data).context("the data are fashion-mnist or mnist")?;
    let options = |split| OpenOptions { resolution: Some(32), split, ..OpenOptions::default() };
    let train = open(kind.data, &options(Split::Train))?.dataset;
    let test = open(kind.data, &options(Split::Test))?.dataset;
    ensure!(train.len() == 60_000 && test.len() == 10_000, "training and test images of {}", kind.data);
    let classifier = Classifier::new(kind.layers, &Device::Cpu)?;
    // A classifier's momentum, not that of a game.
    let adam = OptimizerConfig::Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };
    let mut optimizer = Optimizer::new(adam, classifier.params.params())?;
    let config = LoaderConfig { batch: BATCH, seed: SEED, flip: false, prefetch: 4 };
    let mut loader = Loader::new(Arc::clone(&train), config)?;
    let mut shifts = Rng::stream(SEED, "shifts");
    let a_epoch = train.len() / BATCH;
    let steps = EPOCHS * a_epoch;
    let started = Instant::now();
    let mut sum = 0.0;
    for step in 0..steps {
        let batch = loader.next()?;
        let images = Tensor::from_vec(shifted(&batch, &mut shifts), batch.shape.clone(), &Device::Cpu)?;
        let loss = cross_entropy(&classifier.forward(&images)?, &batch.labels.context("labels")?)?;
        let params: Vec<Tensor> = optimizer.params().iter().map(|p| p.get()).collect();
        let grads = grad(&loss, &params.iter().collect::<Vec<_>>(), Graph::Discard)?;
        optimizer.set_lr(learning_rate(step, steps));
        optimizer.step(&grads)?;
        sum += f64::from(loss.to_scalar::<f32>()?);
        if (step + 1) % a_epoch == 0 {
            let accuracy = accuracy(kind.layers, &classifier.export()?, &test)?;
            let (epoch, loss, seconds) =
                ((step + 1) / a_epoch, sum / a_epoch as f64, started.elapsed().as_secs());
            eprintln!("epoch {epoch}: loss {loss:.4}, test accuracy {accuracy:.4}, {seconds} s");
            sum = 0.0;
        }
    }
    let path = Path::new(folder).join(kind.file);
    Checkpoint { tensors: classifier.export()?, metadata: BTreeMap::new() }.save(&path)?;
    Ok(())
}
