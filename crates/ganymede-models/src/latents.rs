//! What latent vectors are drawn from, as a setting of every generator.
//!
//! Any generator can be told: it is only drawn for in another way. So the two keys stand beside the settings of its kind,
//! as `pack` does beside a discriminator's.

use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::ModelError;
use crate::io::Io;
use crate::mapping::Mapping;
use crate::mode::Mode;
use crate::model::{Generated, Generator, GeneratorInput};
use crate::spec::{Fault, GeneratorSpec, NetworkSpec, Problem, Size, Traits, read_table};

/// The distribution of latent vectors `(N, Z)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum LatentDistribution {
    /// N(0, 1), each number by itself.
    #[default]
    Normal,
    /// U[−1, 1), each number by itself (Radford et al., 2016, arXiv:1511.06434, figure 1). Its variance is ⅓.
    Uniform,
    /// N(0, 1), each number drawn again until it lies within ± a threshold (Brock et al., 2019, arXiv:1809.11096,
    /// section 3.1 and appendix E).
    TruncatedNormal {
        /// The threshold, above 0.
        threshold: f64,
    },
    /// Uniform on the sphere of radius √Z: z/√(mean z² + 1e-8) of z from N(0, 1). So each number has the variance 1 that
    /// it has under `Normal`. The radius is that of ProGAN (Karras et al., 2018, arXiv:1710.10196, appendix A.1, by pixel
    /// normalisation) and of StyleGAN's mapping; some programs divide by the norm, which gives 1.
    Sphere,
}

/// The names of a configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Name {
    #[default]
    Normal,
    Uniform,
    TruncatedNormal,
    Sphere,
}

/// The threshold of BigGAN's truncated normal, as TensorFlow has it.
const USUAL_THRESHOLD: f64 = 2.0;
/// No draw of N(0, 1) is ever so large.
const MOST_THRESHOLD: f64 = 100.0;
/// As in ProGAN's code.
const SPHERE_EPS: f64 = 1e-8;

impl LatentDistribution {
    /// `n` vectors `(N, Z)` of dtype f32.
    ///
    /// # Errors
    /// The device refuses the memory; a threshold is not above 0.
    pub fn draw(self, n: usize, z_dim: usize, rng: &mut Rng, device: &Device) -> Result<Tensor> {
        let (shape, dtype) = ((n, z_dim), DType::F32);
        match self {
            Self::Normal => rng.normal(shape, dtype, device),
            Self::Uniform => rng.uniform(-1.0, 1.0, shape, dtype, device),
            Self::TruncatedNormal { threshold } => rng.truncated_normal(threshold, shape, dtype, device),
            Self::Sphere => {
                let z = rng.normal(shape, dtype, device)?;
                z.broadcast_div(&(z.sqr()?.mean_keepdim(1)? + SPHERE_EPS)?.sqrt()?)
            }
        }
    }

    /// The standard deviation σ of a number: 1, of uniform ones √⅓, and of a normal one that is drawn again beyond ±t
    /// √(1 − 2t·φ(t)/(2Φ(t) − 1)), where φ is the density of N(0, 1) and Φ its integral; 0.88 at t = 2.
    pub fn std(self) -> f64 {
        match self {
            Self::Normal | Self::Sphere => 1.0,
            Self::Uniform => (1.0f64 / 3.0).sqrt(),
            Self::TruncatedNormal { threshold } => cut_off_variance(threshold).sqrt(),
        }
    }

    /// What is left of it where each number is drawn again until it lies within ±ψ: the truncation trick.
    ///
    /// # Errors
    /// In words why it cannot be truncated so.
    pub fn truncated(self, psi: f64) -> std::result::Result<Self, String> {
        match self {
            Self::Normal => Ok(Self::TruncatedNormal { threshold: psi }),
            Self::TruncatedNormal { threshold } if psi <= threshold => {
                Ok(Self::TruncatedNormal { threshold: psi })
            }
            Self::TruncatedNormal { threshold } => {
                Err(format!("this generator knows latent numbers within ±{threshold} only: give that or less"))
            }
            Self::Uniform => Err("the latent numbers of this generator are uniform in [−1, 1] \
                                  (generator.latent = \"uniform\"), and have no tails to cut off: leave it out"
                .to_owned()),
            Self::Sphere => Err("the latent vectors of this generator lie on a sphere \
                                 (generator.latent = \"sphere\"), and would leave it: leave it out"
                .to_owned()),
        }
    }
}

/// The variance of N(0, 1) within ±t: ∫x²·exp(−x²/2) / ∫exp(−x²/2) by Simpson's rule.
fn cut_off_variance(threshold: f64) -> f64 {
    /// Even, and so many that both integrals are exact to the last digits.
    const INTERVALS: u32 = 2000;
    // There is nothing beyond.
    let step = threshold.min(40.0) / f64::from(INTERVALS);
    let sum = |power: i32| -> f64 {
        let at = |i: u32| {
            let x = f64::from(i) * step;
            let weight = if i == 0 || i == INTERVALS { 1.0 } else { f64::from(2 + 2 * (i % 2)) };
            weight * x.powi(power) * (-x * x / 2.0).exp()
        };
        (0..=INTERVALS).map(at).sum()
    };
    sum(2) / sum(0)
}

/// What every generator's settings may say of its latent vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LatentSettings {
    latent: Name,
    #[serde(skip_serializing_if = "Option::is_none")]
    latent_threshold: Option<f64>,
}

/// The keys of [`LatentSettings`].
const LATENT: &str = "latent";
const THRESHOLD: &str = "latent_threshold";

impl LatentSettings {
    fn distribution(self) -> LatentDistribution {
        match self.latent {
            Name::Normal => LatentDistribution::Normal,
            Name::Uniform => LatentDistribution::Uniform,
            Name::TruncatedNormal => LatentDistribution::TruncatedNormal {
                threshold: self.latent_threshold.unwrap_or(USUAL_THRESHOLD),
            },
            Name::Sphere => LatentDistribution::Sphere,
        }
    }

    fn check(self) -> Vec<Problem> {
        let problem = |threshold: f64, expected: String| vec![Problem::new(THRESHOLD, threshold, expected)];
        match self.latent_threshold {
            None => Vec::new(),
            Some(threshold) if self.latent != Name::TruncatedNormal => {
                problem(threshold, "none: only latent = \"truncated-normal\" has it".to_owned())
            }
            Some(threshold) if threshold > 0.0 && threshold <= MOST_THRESHOLD => Vec::new(),
            Some(threshold) => problem(
                threshold,
                format!("a number above 0, at most {MOST_THRESHOLD}; {USUAL_THRESHOLD} is usual"),
            ),
        }
    }
}

/// The settings of the kind alone, and what is said of latent vectors.
pub(crate) fn split(settings: &Table) -> std::result::Result<(Table, LatentSettings), Fault> {
    let is_own = |key: &str| key != LATENT && key != THRESHOLD;
    let (own, shared): (Vec<_>, Vec<_>) =
        settings.clone().into_iter().partition(|(key, _)| is_own(key.as_str()));
    let mut shared: Table = shared.into_iter().collect();
    // A whole number is as good as one with a point.
    if let Some(Value::Integer(n)) = shared.get(THRESHOLD) {
        let threshold = Value::Float(*n as f64);
        shared.insert(THRESHOLD.to_owned(), threshold);
    }
    Ok((own.into_iter().collect(), read_table(&shared)?))
}

/// The generator that is drawn for so.
pub(crate) fn drawn(spec: Box<dyn GeneratorSpec>, settings: LatentSettings) -> Box<dyn GeneratorSpec> {
    if settings == LatentSettings::default() { spec } else { Box::new(DrawnSpec { spec, settings }) }
}

#[derive(Debug)]
struct DrawnSpec {
    spec: Box<dyn GeneratorSpec>,
    settings: LatentSettings,
}

impl NetworkSpec for DrawnSpec {
    fn check(&self) -> Vec<Problem> {
        [self.settings.check(), self.spec.check()].concat()
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        self.spec.fits(io)
    }

    fn traits(&self) -> Traits {
        self.spec.traits()
    }

    fn size(&self, io: &Io) -> Size {
        self.spec.size(io)
    }

    fn stages(&self, io: &Io) -> usize {
        self.spec.stages(io)
    }

    fn write(&self) -> Table {
        let latent_threshold = match self.settings.distribution() {
            LatentDistribution::TruncatedNormal { threshold } => Some(threshold),
            _ => self.settings.latent_threshold,
        };
        let mut table = self.spec.write();
        table.extend(crate::spec::write_table(&LatentSettings { latent_threshold, ..self.settings }));
        table
    }
}

impl GeneratorSpec for DrawnSpec {
    fn z_dim(&self) -> usize {
        self.spec.z_dim()
    }

    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Generator>, ModelError> {
        let generator = self.spec.build(io, rng, dtype, device)?;
        Ok(Box::new(Drawn { generator, distribution: self.settings.distribution() }))
    }
}

/// A generator whose latent vectors are of another distribution.
struct Drawn {
    generator: Box<dyn Generator>,
    distribution: LatentDistribution,
}

impl Generator for Drawn {
    fn latent_distribution(&self) -> LatentDistribution {
        self.distribution
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
        self.generator.forward(input, mode)
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

#[cfg(test)]
mod tests;
