//! A generator that is drawn from with truncation, as a generator.

use ganymede_models::{
    Condition, Generated, Generator, GeneratorInput, Growth, Io, LatentDistribution, Latents, Mapping, Mode,
    broadcast_ws, truncate,
};
use ganymede_tensor::{D, DType, Device, Params, Result, Rng, Tensor, bail};

use super::truncation::Truncation;
use crate::error::TrainError;

/// How latent vectors are drawn, truncated or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    /// What each number is drawn from.
    distribution: LatentDistribution,
    /// The length that vectors are scaled back to.
    longest: Option<f64>,
    z_dim: usize,
}

impl Draw {
    fn new(
        generator: &dyn Generator,
        truncation: Option<Truncation>,
    ) -> std::result::Result<Self, TrainError> {
        let (trained_on, z_dim) = (generator.latent_distribution(), generator.z_dim());
        let Some(truncation) = truncation else {
            return Ok(Self { distribution: trained_on, longest: None, z_dim });
        };
        let distribution = truncation.distribution(trained_on)?;
        Ok(Self { distribution, longest: truncation.longest(z_dim, trained_on), z_dim })
    }

    /// `n` latent vectors `(N, Z)`.
    pub(crate) fn z(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Tensor> {
        self.shortened(&self.long(n, rng, device)?)
    }

    /// The same, not scaled back.
    pub(crate) fn long(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Tensor> {
        self.distribution.draw(n, self.z_dim, rng, device)
    }

    /// Latent vectors `(N, Z)`, those scaled back that are too long; the others keep their bits.
    pub(crate) fn shortened(&self, z: &Tensor) -> Result<Tensor> {
        let Some(longest) = self.longest else { return Ok(z.clone()) };
        // In f64, which not every device has, no square of an f32 overflows.
        let wide = z.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
        let norm = wide.sqr()?.sum_keepdim(D::Minus1)?.sqrt()?;
        // Of a vector of zeros this is infinite, and then 1.
        let factor = (norm.recip()? * longest)?.clamp(0.0, 1.0)?;
        wide.broadcast_mul(&factor)?.to_dtype(z.dtype())?.to_device(z.device())
    }
}

/// A generator whose latent vectors, or whose intermediate ones, are truncated.
pub(crate) struct Truncated<'a> {
    generator: &'a dyn Generator,
    draw: Draw,
    /// ψ and cutoff in w.
    w: Option<(f64, Option<usize>)>,
}

impl<'a> Truncated<'a> {
    /// Nothing is changed where there is no truncation.
    ///
    /// # Errors
    /// The generator cannot be truncated so.
    pub(crate) fn new(
        generator: &'a dyn Generator,
        truncation: Option<Truncation>,
    ) -> std::result::Result<Self, TrainError> {
        if let Some(truncation) = truncation {
            truncation.check(generator)?;
        }
        let w = match truncation {
            Some(Truncation::W { psi, cutoff }) => Some((psi, cutoff)),
            _ => None,
        };
        Ok(Self { generator, draw: Draw::new(generator, truncation)?, w })
    }

    /// How its latent vectors are drawn.
    pub(crate) fn drawing(&self) -> Draw {
        self.draw
    }

    /// `ws` `(N, L, W)`, pulled towards the centre.
    pub(crate) fn pulled(&self, ws: &Tensor) -> Result<Tensor> {
        match (self.w, self.generator.mapping()) {
            (Some((psi, cutoff)), Some(mapping)) => truncate(ws, &mapping.centre(), psi, cutoff),
            _ => Ok(ws.clone()),
        }
    }
}

impl Generator for Truncated<'_> {
    fn latent_distribution(&self) -> LatentDistribution {
        self.draw.distribution
    }

    fn draw(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Latents> {
        let z = self.draw.z(n, rng, device)?;
        Ok(Latents::new(z).with_noise(self.noise(n, rng, device)?))
    }

    fn noise(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        self.generator.noise(n, rng, device)
    }

    fn noise_for_training(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        self.generator.noise_for_training(n, rng, device)
    }

    fn mapping(&self) -> Option<&dyn Mapping> {
        self.generator.mapping()
    }

    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Generated> {
        let (Some(_), Some(mapping)) = (self.w, self.generator.mapping()) else {
            return self.generator.forward(input, mode);
        };
        if input.latents.mix.is_some() {
            bail!("truncation: mixed latent vectors are for training, which does not truncate")
        }
        let w = mapping.w(&input.latents.z, input.condition, mode)?;
        let ws = self.pulled(&broadcast_ws(&w, mapping.layers())?)?;
        let samples = mapping.synthesise(&ws, &input.latents.noise, input.growth, mode)?;
        Ok(Generated::new(samples).with_w(ws))
    }

    fn params(&self) -> &Params {
        self.generator.params()
    }

    fn z_dim(&self) -> usize {
        self.generator.z_dim()
    }

    fn io(&self) -> &Io {
        self.generator.io()
    }
}

/// Whether samples do not depend on how long a latent vector is, as those of networks that normalise it first.
///
/// # Errors
/// The condition is not what the generator is told; the device refuses the memory.
pub(crate) fn ignores_length(
    generator: &dyn Generator,
    condition: &Condition,
    growth: Growth,
    device: &Device,
) -> Result<bool> {
    /// Of the largest difference of samples to the largest of their numbers.
    const NOTHING: f64 = 1e-5;
    let _frozen = generator.params().freeze();
    let z = generator.latent_distribution().draw(1, generator.z_dim(), &mut Rng::new(0), device)?;
    let samples = |z: Tensor| {
        let latents = Latents::new(z);
        let input = GeneratorInput { latents: &latents, condition, growth };
        generator.forward(input, Mode::Eval)?.samples.to_device(&Device::Cpu)?.to_dtype(DType::F64)
    };
    let largest = |x: Tensor| x.abs()?.max_all()?.to_scalar::<f64>();
    let (one, half) = (samples(z.clone())?, samples((z * 0.5)?)?);
    Ok(largest((&one - half)?)? <= NOTHING * largest(one)?)
}

#[cfg(test)]
mod tests;
