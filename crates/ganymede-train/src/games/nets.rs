//! Players of one weight.

use ganymede_models::{
    Critique, Discriminator, DiscriminatorInput, DiscriminatorKind, DiscriminatorSpec, Generated, Generator,
    GeneratorInput, GeneratorKind, GeneratorSpec, Io, Mode, ModelError, NetworkSpec, Problem, SampleKind,
    Size, Traits,
};
use ganymede_tensor::{DType, Device, Init, Param, Params, Result, Rng};
use toml::Table;

/// x = θ, whatever is drawn.
pub(super) static GENERATOR: GeneratorKind = GeneratorKind {
    name: "dirac",
    summary: "all mass at one point",
    paper: "",
    samples: SampleKind::Points,
    read: |_| Ok(Box::new(Dirac)),
    infer: None,
    examples: Vec::new,
};

/// D(x) = ψ x
pub(super) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: "dirac",
    summary: "a linear score",
    paper: "",
    samples: SampleKind::Points,
    read: |_| Ok(Box::new(Dirac)),
    infer: None,
    examples: Vec::new,
};

#[derive(Debug)]
struct Dirac;

impl NetworkSpec for Dirac {
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    fn fits(&self, _: &Io) -> Vec<Problem> {
        Vec::new()
    }

    fn traits(&self) -> Traits {
        Traits::default()
    }

    fn size(&self, _: &Io) -> Size {
        Size::default()
    }

    fn write(&self) -> Table {
        Table::new()
    }
}

type Built<T> = std::result::Result<Box<T>, ModelError>;

impl GeneratorSpec for Dirac {
    fn z_dim(&self) -> usize {
        1
    }

    fn build(&self, io: &Io, _: Rng, dtype: DType, device: &Device) -> Built<dyn Generator> {
        Ok(Box::new(Weight::new(io, dtype, device)?))
    }
}

impl DiscriminatorSpec for Dirac {
    fn build(&self, io: &Io, _: Rng, dtype: DType, device: &Device) -> Built<dyn Discriminator> {
        Ok(Box::new(Weight::new(io, dtype, device)?))
    }
}

struct Weight {
    params: Params,
    weight: Param,
    io: Io,
}

impl Weight {
    fn new(io: &Io, dtype: DType, device: &Device) -> Result<Self> {
        let params = Params::new();
        let weight = params.builder(Rng::new(0), dtype, device).param("weight", 1, Init::Zeros)?;
        Ok(Self { params, weight, io: io.clone() })
    }
}

impl Generator for Weight {
    fn forward(&self, input: GeneratorInput<'_>, _: Mode) -> Result<Generated> {
        let n = input.latents.count()?;
        Ok(Generated::new(self.weight.get().reshape((1, 1))?.broadcast_as((n, 1))?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        1
    }

    fn io(&self) -> &Io {
        &self.io
    }
}

impl Discriminator for Weight {
    fn forward(&self, input: DiscriminatorInput<'_>, _: Mode) -> Result<Critique> {
        let x = input.samples.squeeze(1)?;
        Ok(Critique::new(x.broadcast_mul(&self.weight.get())?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
