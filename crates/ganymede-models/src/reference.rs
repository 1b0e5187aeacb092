//! The reference batch of virtual batch normalisation (Salimans et al., 2016, arXiv:1606.03498, section 3.4).
//!
//! A generator with `norm = "virtual"` normalises each sample by the statistics of a batch of latents that was drawn
//! once, and by its own. So the reference passes through it beside every batch, with the weights of that moment, and a
//! sample does not depend on those that it is made with: training and evaluation are the same function. The latents are
//! drawn from the generator's own distribution when it is built, are saved with its weights, and cost a pass of
//! [`REFERENCE`] samples besides. Classes go round: sample i of the reference is of class i modulo K.

use ganymede_tensor::{Buffer, DType, Device, Params, Result, Rng, Tensor};
use toml::Table;

use crate::io::{Condition, ConditionShape, Io};
use crate::latents::LatentDistribution;
use crate::layers::norm::{NormKind, REFERENCE};
use crate::mode::Mode;
use crate::model::{Generated, Generator, GeneratorInput, Latents};
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits};
use crate::{ModelError, spec};

/// The generator beside a reference batch, if its normalisations want one.
pub(crate) fn referred(spec: Box<dyn GeneratorSpec>) -> Box<dyn GeneratorSpec> {
    if spec.traits().reference == 0 { spec } else { Box::new(ReferredSpec(spec)) }
}

/// The objection of a network that cannot have virtual batch normalisation, and why.
pub(crate) fn objection(norm: NormKind, why: &str) -> Option<Problem> {
    let objects = norm == NormKind::Virtual;
    objects.then(|| Problem::new("norm", "virtual", format!("another normalisation: {why}")))
}

/// What the latents are called among its weights.
pub(crate) const REFERENCE_Z: &str = "reference.z";

/// Why no discriminator has it.
pub(crate) const NO_DISCRIMINATOR: &str = "a reference batch is drawn for generators only, as in the paper";

#[derive(Debug)]
struct ReferredSpec(Box<dyn GeneratorSpec>);

impl NetworkSpec for ReferredSpec {
    fn check(&self) -> Vec<Problem> {
        self.0.check()
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = self.0.fits(io);
        if self.0.traits().conditional && !matches!(io.condition, ConditionShape::Classes(_)) {
            problems
                .extend(objection(NormKind::Virtual, "its reference batch would need conditions of its own"));
        }
        problems
    }

    fn traits(&self) -> Traits {
        self.0.traits()
    }

    fn size(&self, io: &Io) -> Size {
        self.0.size(io)
    }

    fn stages(&self, io: &Io) -> usize {
        self.0.stages(io)
    }

    fn write(&self) -> Table {
        self.0.write()
    }
}

impl GeneratorSpec for ReferredSpec {
    fn z_dim(&self) -> usize {
        self.0.z_dim()
    }

    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Generator>, ModelError> {
        spec::refuse("reference batch", self.fits(io))?;
        let own = Rng::stream(rng.state().seed, "reference batch");
        let generator = self.0.build(io, rng, dtype, device)?;
        Ok(Box::new(Referred::new(generator, self.0.traits(), own, dtype, device)?))
    }
}

/// A generator through which the reference batch passes beside every other.
struct Referred {
    generator: Box<dyn Generator>,
    z: Buffer,
    condition: Condition,
}

impl Referred {
    fn new(
        generator: Box<dyn Generator>,
        traits: Traits,
        mut rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self> {
        let z = generator.draw(REFERENCE, &mut rng, device)?.z.to_dtype(dtype)?;
        let z = generator.params().builder(rng, dtype, device).buffer(REFERENCE_Z, &z)?;
        let condition = match generator.io().condition {
            ConditionShape::Classes(classes) if traits.conditional => {
                let y: Vec<u32> = (0..REFERENCE).map(|i| (i % classes) as u32).collect();
                Condition::Classes(Tensor::new(y, device)?)
            }
            _ => Condition::None,
        };
        Ok(Self { generator, z, condition })
    }
}

impl Generator for Referred {
    fn latent_distribution(&self) -> LatentDistribution {
        self.generator.latent_distribution()
    }

    fn noise(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        self.generator.noise(n, rng, device)
    }

    fn noise_for_training(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        self.generator.noise_for_training(n, rng, device)
    }

    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Generated> {
        let z = &input.latents.z;
        let n = input.latents.count()?;
        let row = z.dims().get(1..).unwrap_or_default();
        if row.iter().product::<usize>() != self.z_dim() {
            // It says what it wants.
            return self.generator.forward(input, mode);
        }
        let reference = self.z.get().reshape([&[REFERENCE], row].concat())?;
        let latents = Latents::new(Tensor::cat(&[&reference, z], 0)?);
        let condition = match &self.condition {
            Condition::Classes(reference) => {
                let y = input.condition.classes("reference batch", n)?;
                Condition::Classes(Tensor::cat(&[reference, y], 0)?)
            }
            _ => Condition::None,
        };
        let made = self
            .generator
            .forward(GeneratorInput { latents: &latents, condition: &condition, ..input }, mode)?;
        let w = made.w.map(|w| w.narrow(0, REFERENCE, n)).transpose()?;
        Ok(Generated { samples: made.samples.narrow(0, REFERENCE, n)?.contiguous()?, w })
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
