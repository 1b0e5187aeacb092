//! A critic of points.

use ganymede_tensor::{DType, Device, Params, Rng, bail};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{MOST_WIDTH, odd_width};
use crate::io::Io;
use crate::layers::lipschitz::{OrthonormalLinear, max_min};
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError};

const NAME: &str = "lipschitz-mlp";

/// The settings of a [`LipschitzMlp`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LipschitzMlpConfig {
    /// Units of a hidden layer, even.
    pub width: usize,
    /// Hidden layers.
    pub layers: usize,
}

impl Default for LipschitzMlpConfig {
    fn default() -> Self {
        Self { width: 64, layers: 3 }
    }
}

impl LipschitzMlpConfig {
    fn sides(&self, io: &Io) -> Vec<usize> {
        let inner = std::iter::repeat_n(self.width, self.layers);
        std::iter::once(io.sample[0]).chain(inner).chain([1]).collect()
    }
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = LipschitzMlpConfig { width: 6, layers: 2 };
    vec![(Box::new(small.clone()), Io::new([2])), (Box::new(small), Io::new([9]))]
}

impl NetworkSpec for LipschitzMlpConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[("width", self.width, MOST_WIDTH), ("layers", self.layers, 100)]);
        problems.extend(odd_width(self.width));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        match io.sample[..] {
            [1..=65_536] => Vec::new(),
            _ => {
                let fix = "points (D,) of 1 to 65536 coordinates";
                vec![Problem::new(NAME, format!("samples of shape {:?}", io.sample), fix)]
            }
        }
    }

    fn traits(&self) -> Traits {
        Traits { lipschitz: true, ..Traits::default() }
    }

    fn size(&self, io: &Io) -> Size {
        let sides = self.sides(io);
        let size = Size {
            activations: sides.iter().copied().max().unwrap_or(0) as u128,
            held: 2 * (self.width * self.layers) as u128,
            ..Size::default()
        };
        size.with_products(sides.windows(2).map(|pair| (pair[0] as u128 * pair[1] as u128, 1)))
            .with_vectors(sides[1..].iter().map(|side| *side as u128).sum())
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for LipschitzMlpConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(LipschitzMlp::new(self, io, rng, dtype, device)?))
    }
}

/// Points `(N, D)` to raw scores `(N,)`: orthonormal linear layers `main.0`, `main.2`, … with MaxMin between them.
#[derive(Debug)]
pub struct LipschitzMlp {
    layers: Vec<OrthonormalLinear>,
    params: Params,
    io: Io,
}

impl LipschitzMlp {
    /// A critic of points `[D]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the samples are no points.
    pub fn new(
        config: &LipschitzMlpConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let main = params.builder(rng, dtype, device).pp("main");
        let sides = config.sides(io);
        let pairs = sides.windows(2).enumerate();
        let layers = pairs
            .map(|(i, pair)| OrthonormalLinear::new(pair[0], pair[1], &main.pp(2 * i)))
            .collect::<ganymede_tensor::Result<_>>()?;
        Ok(Self { layers, params, io: io.clone() })
    }

    /// The layers, from the points to the score.
    pub fn layers(&self) -> &[OrthonormalLinear] {
        &self.layers
    }
}

impl Discriminator for LipschitzMlp {
    fn forward(&self, input: DiscriminatorInput<'_>, _: Mode) -> ganymede_tensor::Result<Critique> {
        let x = input.samples;
        if x.rank() != 2 || x.dims()[1..] != self.io.sample[..] {
            bail!("{NAME} discriminator: x is {:?}, expected (N, {})", x.dims(), self.io.sample[0])
        }
        let mut x = x.clone();
        for (i, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&if i == 0 { x } else { max_min(&x)? })?;
        }
        Ok(Critique::new(x.flatten_all()?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
