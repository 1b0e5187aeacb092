//! Games for tests, and the smallest networks that look at vectors or images beside a sample.

use ganymede_datasets::{OpenOptions, open};
use ganymede_models::{
    Condition, ConditionShape, Critique, Discriminator, DiscriminatorInput, DiscriminatorKind,
    DiscriminatorSpec, Generated, Generator, GeneratorInput, GeneratorKind, GeneratorSpec, Io, Mode,
    ModelError, NetworkSpec, Problem, SampleKind, Size, Traits,
};
use ganymede_tensor::{DType, Device, Init, Param, Params, Result, Rng, Tensor, bail};
use toml::Table;

use super::Game;
use crate::config::Layers;

/// A game on the ring in double precision.
pub(crate) fn ring_game(text: &str) -> Game {
    let text = format!("data.name = \"ring\"\nrun.batch = 5\nema.enabled = false\n{text}");
    let run = Layers::text(&text, "test", None).expect("a run file").resolve().expect("a run");
    let ring = open("ring", &OpenOptions::default()).expect("it ships").dataset;
    Game::in_dtype(&run, ring, DType::F64, &Device::Cpu).expect("it can be built")
}

/// Latent vectors of the generator.
const Z: usize = 3;
/// Scores of the discriminator for each sample.
const PATCHES: usize = 2;

/// `tanh(W [z, condition])`
pub(crate) static GENERATOR: GeneratorKind = GeneratorKind {
    name: "told",
    summary: "",
    paper: "",
    samples: SampleKind::Images,
    read: |_| Ok(Box::new(Told)),
    infer: None,
    examples: Vec::new,
};

/// `W [sample, condition]`, two scores for each sample.
pub(crate) static DISCRIMINATOR: DiscriminatorKind = DiscriminatorKind {
    name: "told",
    summary: "",
    paper: "",
    samples: SampleKind::Images,
    read: |_| Ok(Box::new(Told)),
    infer: None,
    examples: Vec::new,
};

#[derive(Debug)]
struct Told;

impl NetworkSpec for Told {
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    fn fits(&self, _: &Io) -> Vec<Problem> {
        Vec::new()
    }

    fn traits(&self) -> Traits {
        Traits { conditional: true, ..Traits::default() }
    }

    fn size(&self, _: &Io) -> Size {
        Size::default()
    }

    fn write(&self) -> Table {
        Table::new()
    }
}

type Built<T> = std::result::Result<Box<T>, ModelError>;

impl GeneratorSpec for Told {
    fn z_dim(&self) -> usize {
        Z
    }

    fn build(&self, io: &Io, rng: Rng, dtype: DType, device: &Device) -> Built<dyn Generator> {
        let sample = io.sample.iter().product();
        Ok(Box::new(Net::new(io, [Z + told(io), sample], (rng, dtype, device))?))
    }
}

impl DiscriminatorSpec for Told {
    fn build(&self, io: &Io, rng: Rng, dtype: DType, device: &Device) -> Built<dyn Discriminator> {
        let sample: usize = io.sample.iter().product();
        Ok(Box::new(Net::new(io, [sample + told(io), PATCHES], (rng, dtype, device))?))
    }
}

/// Numbers of a condition.
fn told(io: &Io) -> usize {
    match &io.condition {
        ConditionShape::Vectors(dim) => *dim,
        ConditionShape::Images(shape) => shape.iter().product(),
        ConditionShape::None | ConditionShape::Classes(_) => 0,
    }
}

struct Net {
    params: Params,
    weight: Param,
    io: Io,
}

impl Net {
    fn new(io: &Io, [from, to]: [usize; 2], (rng, dtype, device): (Rng, DType, &Device)) -> Result<Self> {
        let params = Params::new();
        let builder = params.builder(rng, dtype, device);
        let weight = builder.param("weight", (from, to), Init::Normal { mean: 0.0, std: 0.1 })?;
        Ok(Self { params, weight, io: io.clone() })
    }

    fn apply(&self, x: &Tensor, condition: &Condition) -> Result<Tensor> {
        let told = match condition {
            Condition::Vectors(told) | Condition::Images(told) => told.flatten_from(1)?,
            other => bail!("told: {other:?}"),
        };
        Tensor::cat(&[&x.flatten_from(1)?, &told], 1)?.matmul(&self.weight.get())
    }
}

impl Generator for Net {
    fn forward(&self, input: GeneratorInput<'_>, _: Mode) -> Result<Generated> {
        let flat = self.apply(&input.latents.z, input.condition)?.tanh()?;
        let shape = [&[flat.dim(0)?], &self.io.sample[..]].concat();
        Ok(Generated::new(flat.reshape(shape)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        Z
    }

    fn io(&self) -> &Io {
        &self.io
    }
}

impl Discriminator for Net {
    fn forward(&self, input: DiscriminatorInput<'_>, _: Mode) -> Result<Critique> {
        Ok(Critique::new(self.apply(input.samples, input.condition)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
