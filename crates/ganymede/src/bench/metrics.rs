//! Measures of generated images, on our side.

use std::path::Path;

use anyhow::Result;
use ganymede_metrics::{
    Ddof, FeatureExtractor, FeatureSets, FeatureStats, Inception, InceptionConfig, MeanCov, PRDC_NEIGHBOURS,
    WeightsFile, frechet_distance, prdc,
};
use ganymede_tensor::{DType, Device, Rng, Tensor, relu};
use ndarray::Array2;

use super::case::MetricKind;
use super::worker::Work;

/// Causes behind the features that are made up: a pool layer's are of low dimension too.
const CAUSES: usize = 64;

pub(super) fn prepare(metric: &MetricKind) -> Result<Box<dyn Work>> {
    Ok(match metric {
        MetricKind::Inception { weights, images } => Box::new(Features::new(weights, *images)?),
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
    network: Inception,
    images: Tensor,
}

impl Features {
    fn new(weights: &str, images: usize) -> Result<Self> {
        let weights = WeightsFile::given(Path::new(weights));
        let network = Inception::load(&weights, InceptionConfig::default(), &Device::Cpu)?;
        let levels: Vec<f32> = (0..images * 3 * 299 * 299).map(|i| (i * 7919 % 256) as f32).collect();
        Ok(Self { network, images: Tensor::from_vec(levels, (images, 3, 299, 299), &Device::Cpu)? })
    }
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
