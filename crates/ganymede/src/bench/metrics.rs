//! Measures of generated images, on our side.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use ganymede_metrics::{
    Ddof, DinoV2, DinoV2Size, FeatureExtractor, FeatureSets, FeatureStats, Inception, InceptionConfig,
    MeanCov, PRDC_NEIGHBOURS, WeightsFile, frechet_distance, prdc,
};
use ganymede_tensor::{Checkpoint, DType, Device, Rng, Tensor, relu};
use ndarray::Array2;

use super::case::MetricKind;
use super::worker::Work;

/// Causes behind the features that are made up: a pool layer's are of low dimension too.
const CAUSES: usize = 64;

pub(super) fn prepare(metric: &MetricKind) -> Result<Box<dyn Work>> {
    Ok(match metric {
        MetricKind::Inception { weights, images } => {
            let weights = WeightsFile::given(Path::new(weights));
            let network = Inception::load(&weights, InceptionConfig::default(), &Device::Cpu)?;
            Box::new(Features::new(Box::new(network), *images)?)
        }
        MetricKind::Dinov2 { images } => Box::new(Features::new(Box::new(dinov2()?), *images)?),
        MetricKind::Frechet { dim } => {
            let stats = |seed| -> Result<MeanCov> {
                let mut stats = FeatureStats::new(*dim)?;
                stats.push(&rows(2 * dim, *dim, seed)?)?;
                Ok(stats.mean_cov(Ddof::Sample)?)
            };
            Box::new(Distance(stats(1)?, stats(2)?))
        }
        MetricKind::Prdc { rows: n, dim } => Box::new(Neighbours(rows(*n, *dim, 1)?, rows(*n, *dim, 2)?)),
    })
}

/// Rectified mixtures of a few causes, and noise.
fn rows(n: usize, dim: usize, seed: u64) -> Result<Array2<f32>> {
    let mut rng = Rng::new(seed);
    let mut normal = |shape: (usize, usize)| rng.normal(shape, DType::F32, &Device::Cpu);
    let causes = normal((n, CAUSES))?;
    let noise = normal((n, dim))?;
    // The same for every seed: both sets describe the same images.
    let mixture = Rng::new(0).normal((CAUSES, dim), DType::F32, &Device::Cpu)?;
    let mixed = (causes.matmul(&mixture)? / 8.0)?;
    let features = relu(&(mixed + (noise * 0.1)?)?)?;
    Ok(Array2::from_shape_vec((n, dim), features.flatten_all()?.to_vec1()?)?)
}

struct Features {
    network: Box<dyn FeatureExtractor>,
    images: Tensor,
}

impl Features {
    fn new(network: Box<dyn FeatureExtractor>, images: usize) -> Result<Self> {
        let [c, h, w] = network.input();
        let levels: Vec<f32> = (0..images * c * h * w).map(|i| (i * 7919 % 256) as f32).collect();
        Ok(Self { network, images: Tensor::from_vec(levels, (images, c, h, w), &Device::Cpu)? })
    }
}

/// Images that go through DINOv2 at a time.
const BATCH: usize = 16;

/// DINOv2's smallest network, of Meta's names, with weights that are made up.
fn dinov2() -> Result<DinoV2> {
    const WIDTH: usize = 384;
    let mut shapes: Vec<(String, Vec<usize>)> = vec![
        ("cls_token".into(), vec![1, 1, WIDTH]),
        ("pos_embed".into(), vec![1, 1 + 37 * 37, WIDTH]),
        ("mask_token".into(), vec![1, WIDTH]),
        ("patch_embed.proj.weight".into(), vec![WIDTH, 3, 14, 14]),
        ("patch_embed.proj.bias".into(), vec![WIDTH]),
    ];
    let maps = [("attn.qkv", 3, 1), ("attn.proj", 1, 1), ("mlp.fc1", 4, 1), ("mlp.fc2", 1, 4)];
    let vectors = ["norm1.weight", "norm1.bias", "ls1.gamma", "norm2.weight", "norm2.bias", "ls2.gamma"];
    for block in (0..12).map(|i| format!("blocks.{i}")) {
        for (name, outputs, inputs) in maps {
            shapes.push((format!("{block}.{name}.weight"), vec![outputs * WIDTH, inputs * WIDTH]));
            shapes.push((format!("{block}.{name}.bias"), vec![outputs * WIDTH]));
        }
        shapes.extend(vectors.map(|name| (format!("{block}.{name}"), vec![WIDTH])));
    }
    shapes.extend(["norm.weight", "norm.bias"].map(|name| (name.into(), vec![WIDTH])));
    let mut rng = Rng::new(0);
    let mut tensors = BTreeMap::new();
    for (name, shape) in shapes {
        tensors.insert(name, (rng.normal(shape, DType::F32, &Device::Cpu)? * 0.02)?);
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("dinov2.safetensors");
    Checkpoint { tensors, metadata: BTreeMap::new() }.save(&path)?;
    Ok(DinoV2::load(&WeightsFile::given(&path), DinoV2Size::Small, BATCH, &Device::Cpu)?)
}

impl Work for Features {
    fn run(&mut self, _: &str) -> Result<()> {
        self.network.features(&self.images)?;
        Ok(())
    }
}

struct Distance(MeanCov, MeanCov);

impl Work for Distance {
    fn run(&mut self, _: &str) -> Result<()> {
        frechet_distance(&self.0, &self.1)?;
        Ok(())
    }
}

struct Neighbours(Array2<f32>, Array2<f32>);

impl Work for Neighbours {
    fn run(&mut self, _: &str) -> Result<()> {
        prdc(FeatureSets { real: self.0.view(), generated: self.1.view() }, PRDC_NEIGHBOURS)?;
        Ok(())
    }
}
