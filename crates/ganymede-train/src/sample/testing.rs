//! A generator with a mapping network whose samples can be computed by hand.

use ganymede_models::{
    Condition, ConditionShape, Generated, Generator, GeneratorInput, Growth, Io, LatentDistribution, Mapping,
    Mode, broadcast_ws,
};
use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor};

use super::Sampler;

/// z `(N, 3)` to w = 2z + 10·class, and three layers to a row of pixels: pixel l of an image `(1, 1, 3)` is the mean of the w
/// of layer l, divided by 100, and the noise besides.
pub(crate) struct Toy {
    pub(crate) distribution: LatentDistribution,
    /// Whether z is divided by its length first.
    pub(crate) normalises: bool,
    pub(crate) maps: bool,
    pub(crate) params: Params,
    pub(crate) io: Io,
}

pub(crate) const CENTRE: f32 = 4.0;
pub(crate) const LAYERS: usize = 3;

impl Toy {
    pub(crate) fn new() -> Self {
        let io = Io::with_classes([1, 1, LAYERS], 2);
        let distribution = LatentDistribution::Normal;
        Self { distribution, normalises: false, maps: true, params: Params::default(), io }
    }

    /// Ready to draw, told the class.
    pub(crate) fn sampler(self) -> Sampler {
        Sampler {
            generator: Box::new(self),
            told: ConditionShape::Classes(2),
            trained_on: None,
            growth: Growth::FULL,
            class_names: Vec::new(),
            device: Device::Cpu,
            note: None,
            truncation: None,
        }
    }
}

/// Vectors of the length 3.
pub(crate) fn vectors(rows: &[[f32; 3]]) -> Tensor {
    Tensor::new(rows.as_flattened(), &Device::Cpu).unwrap().reshape((rows.len(), 3)).unwrap()
}

/// The samples of classes.
pub(crate) fn classes(y: &[u32]) -> Condition {
    Condition::Classes(Tensor::new(y, &Device::Cpu).unwrap())
}

/// All numbers of a tensor.
pub(crate) fn numbers(x: &Tensor) -> Vec<f32> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

#[track_caller]
pub(crate) fn assert_near(found: &[f32], expected: &[f32]) {
    let near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * (1.0 + b.abs());
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(near), "{found:?} {expected:?}");
}

impl Generator for Toy {
    fn latent_distribution(&self) -> LatentDistribution {
        self.distribution
    }

    fn noise_for_training(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        let layer = |rng: &mut Rng| rng.normal((n, 1, 1, LAYERS), DType::F32, device);
        Ok(vec![layer(rng)?, layer(rng)?])
    }

    fn mapping(&self) -> Option<&dyn Mapping> {
        self.maps.then_some(self)
    }

    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Generated> {
        let ws = broadcast_ws(&self.w(&input.latents.z, input.condition, mode)?, LAYERS)?;
        Ok(Generated::new(self.synthesise(&ws, &input.latents.noise, input.growth, mode)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        3
    }

    fn io(&self) -> &Io {
        &self.io
    }
}

impl Mapping for Toy {
    fn w(&self, z: &Tensor, condition: &Condition, _: Mode) -> Result<Tensor> {
        let z = match self.normalises {
            true => z.broadcast_div(&z.sqr()?.sum_keepdim(1)?.sqrt()?)?,
            false => z.clone(),
        };
        let y = condition.classes("toy", z.dim(0)?)?.to_dtype(DType::F32)?.unsqueeze(1)?;
        (z * 2.0)?.broadcast_add(&(y * 10.0)?)
    }

    fn centre(&self) -> Tensor {
        vectors(&[[CENTRE; 3]]).squeeze(0).unwrap()
    }

    fn layers(&self) -> usize {
        LAYERS
    }

    fn style_mixing(&self) -> f64 {
        0.0
    }

    fn synthesise(&self, ws: &Tensor, noise: &[Tensor], _: Growth, _: Mode) -> Result<Tensor> {
        let row = (ws.mean(2)? * 0.01)?.reshape(((), 1, 1, LAYERS))?;
        noise.iter().try_fold(row, |row, noise| row + noise)
    }
}
