//! The generator.

use ganymede_tensor::{DType, Device, Init, Param, Params, Rng, Tensor};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::block::Block;
use super::{BOTTOM, ClassEmbedding, MOST_BLOCKS, MOST_WIDTH, NAME, conv, fits, size, stages};
use crate::conditioning::of_classes_if_conditional;
use crate::io::Io;
use crate::layers::conv::Conv2d;
use crate::layers::linear::Linear;
use crate::layers::resample::filtered_upsample;
use crate::layers::weight::LayerConfig;
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Generated, Generator, GeneratorInput, Mode, ModelError};

/// The settings of an [`R3ganGenerator`]. The default is the authors' for 32 pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct R3ganGeneratorConfig {
    /// Length of a latent vector.
    pub z_dim: usize,
    /// Channels of the stages up to 32×32.
    pub width: usize,
    /// Blocks of a stage.
    pub blocks: usize,
    /// Channels of a group of the 3×3 convolutions, which have 2·`width`.
    pub group_channels: usize,
    /// Whether it is told the class, by a vector of `z_dim` beside the latent vector.
    pub conditional: bool,
}

impl Default for R3ganGeneratorConfig {
    fn default() -> Self {
        Self { z_dim: 64, width: 768, blocks: 2, group_channels: 16, conditional: false }
    }
}

pub(super) fn examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = R3ganGeneratorConfig { z_dim: 4, width: 4, blocks: 1, group_channels: 2, conditional: false };
    let deep = R3ganGeneratorConfig { blocks: 2, group_channels: 8, ..small.clone() };
    let told = R3ganGeneratorConfig { conditional: true, ..small.clone() };
    vec![
        (Box::new(small.clone()), Io::new([2, 16, 16])),
        (Box::new(deep), Io::new([1, 8, 8])),
        (Box::new(small), Io::new([1, 64, 64])),
        (Box::new(told), Io::with_classes([1, 8, 8], 3)),
    ]
}

impl R3ganGeneratorConfig {
    /// Length of a class's vector.
    fn beside(&self) -> usize {
        if self.conditional { self.z_dim } else { 0 }
    }
}

impl NetworkSpec for R3ganGeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        sizes(&[
            ("z_dim", self.z_dim, 65_536),
            ("width", self.width, MOST_WIDTH),
            ("blocks", self.blocks, MOST_BLOCKS),
            ("group_channels", self.group_channels, MOST_WIDTH),
        ])
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io, self.width, self.group_channels);
        if self.conditional {
            problems.extend(of_classes_if_conditional(io));
        }
        problems
    }

    fn traits(&self) -> Traits {
        Traits { conditional: self.conditional, unbounded: true, ..Traits::default() }
    }

    fn size(&self, io: &Io) -> Size {
        let stages = stages(io, self.width);
        let size = size(&stages, self.blocks, self.group_channels, io.sample[0]);
        let width = stages.first().map_or(0, |stage| stage.1);
        let classes = io.classes().unwrap_or(0);
        let looked_up = [width * BOTTOM * BOTTOM, self.beside() * classes];
        size.with_products([((self.z_dim + self.beside()) as u128 * width as u128, 1)])
            .with_layers(looked_up.map(|weights| weights as u128))
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl GeneratorSpec for R3ganGeneratorConfig {
    fn z_dim(&self) -> usize {
        self.z_dim
    }

    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Generator>, ModelError> {
        Ok(Box::new(R3ganGenerator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the classes.
const WHO: &str = "r3gan generator";

/// z → a learned 4×4 map times a linear layer → blocks → [1×1 convolution where the width changes, doubling, blocks] … →
/// 1×1 convolution.
#[derive(Debug)]
pub struct R3ganGenerator {
    told: Option<ClassEmbedding>,
    basis: Param,
    first: Linear,
    stages: Vec<Stage>,
    last: Conv2d,
    params: Params,
    z_dim: usize,
    io: Io,
}

#[derive(Debug)]
struct Stage {
    /// Nothing before the first.
    doubles: bool,
    narrow: Option<Conv2d>,
    blocks: Vec<Block>,
}

impl R3ganGenerator {
    /// A generator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &R3ganGeneratorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let sides = stages(io, config.width);
        let all = config.blocks * sides.len();
        let classes = io.classes().filter(|_| config.conditional);
        let told = classes.map(|k| ClassEmbedding::new(k, config.z_dim, 1.0, &root)).transpose()?;
        let start = root.pp("MainLayers").pp(0).pp("Layers").pp(0);
        let normal = Init::Normal { mean: 0.0, std: 1.0 };
        let basis = start.param("Basis", (sides[0].1, BOTTOM, BOTTOM), normal)?;
        let layer = LayerConfig {
            weight_init: Init::KaimingNormal { gain: 1.0 },
            bias: None,
            spectral: None,
            equalised: None,
        };
        let first =
            Linear::new(config.z_dim + config.beside(), sides[0].1, &layer, &start.pp("LinearLayer"))?;
        let mut stages = Vec::new();
        for (i, &(_, width)) in sides.iter().enumerate() {
            let at = root.pp("MainLayers").pp(i).pp("Layers");
            let before = if i == 0 { width } else { sides[i - 1].1 };
            let narrow = (before != width)
                .then(|| conv([before, width], 1, 1, 1.0, &at.pp(0).pp("LinearLayer")))
                .transpose()?;
            let blocks = (1..=config.blocks)
                .map(|block| Block::new(width, config.group_channels, all, &at.pp(block)))
                .collect::<ganymede_tensor::Result<_>>()?;
            stages.push(Stage { doubles: i > 0, narrow, blocks });
        }
        let width = sides[sides.len() - 1].1;
        let last = conv([width, io.sample[0]], 1, 1, 1.0, &root.pp("AggregationLayer"))?;
        Ok(Self { told, basis, first, stages, last, params, z_dim: config.z_dim, io: io.clone() })
    }
}

impl Generator for R3ganGenerator {
    /// `z` `(N, Z)` to images `(N, C, R, R)`, about in [−1, 1].
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Generated> {
        let (z, n) = input.z(WHO, self.z_dim)?;
        let z = match &self.told {
            Some(told) => Tensor::cat(&[z, &told.forward(input.condition.classes(WHO, n)?)?], 1)?,
            None => z.clone(),
        };
        let scale = self.first.forward(&z, mode)?.unsqueeze(2)?.unsqueeze(3)?;
        let mut x = self.basis.get().unsqueeze(0)?.broadcast_mul(&scale)?;
        for stage in &self.stages {
            if let Some(narrow) = &stage.narrow {
                x = narrow.forward(&x, mode)?;
            }
            if stage.doubles {
                x = filtered_upsample(&x)?;
            }
            for block in &stage.blocks {
                x = block.forward(&x, mode)?;
            }
        }
        Ok(Generated::new(self.last.forward(&x, mode)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        self.z_dim
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
