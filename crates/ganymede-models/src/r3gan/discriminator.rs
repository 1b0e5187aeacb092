//! The discriminator.

use ganymede_tensor::{DType, Device, Init, Param, Params, Rng};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::block::Block;
use super::{BOTTOM, ClassEmbedding, MOST_BLOCKS, MOST_WIDTH, NAME, conv, fits, size, stages};
use crate::conditioning::of_classes_if_conditional;
use crate::io::Io;
use crate::layers::conv::Conv2d;
use crate::layers::linear::Linear;
use crate::layers::resample::filtered_downsample;
use crate::layers::weight::LayerConfig;
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError};

/// The settings of an [`R3ganDiscriminator`]. The default is the authors' for 32 pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct R3ganDiscriminatorConfig {
    /// Channels of the stages up to 32×32.
    pub width: usize,
    /// Blocks of a stage.
    pub blocks: usize,
    /// Channels of a group of the 3×3 convolutions, which have 2·`width`.
    pub group_channels: usize,
    /// Whether it is told the class, on whose vector, of `width` numbers, it projects.
    pub conditional: bool,
}

impl Default for R3ganDiscriminatorConfig {
    fn default() -> Self {
        Self { width: 768, blocks: 2, group_channels: 16, conditional: false }
    }
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = R3ganDiscriminatorConfig { width: 4, blocks: 1, group_channels: 2, conditional: false };
    let deep = R3ganDiscriminatorConfig { blocks: 2, group_channels: 8, ..small.clone() };
    let told = R3ganDiscriminatorConfig { conditional: true, ..small.clone() };
    vec![
        (Box::new(small.clone()), Io::new([2, 16, 16])),
        (Box::new(deep), Io::new([1, 8, 8])),
        (Box::new(small), Io::new([1, 64, 64])),
        (Box::new(told), Io::with_classes([1, 8, 8], 3)),
    ]
}

impl R3ganDiscriminatorConfig {
    /// Numbers that come out of the last layer.
    fn outputs(&self, width: usize) -> usize {
        if self.conditional { width } else { 1 }
    }
}

impl NetworkSpec for R3ganDiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        sizes(&[
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
        Traits { conditional: self.conditional, ..Traits::default() }
    }

    fn size(&self, io: &Io) -> Size {
        let stages = stages(io, self.width);
        let size = size(&stages, self.blocks, self.group_channels, io.sample[0]);
        let width = stages.first().map_or(0, |stage| stage.1);
        let outputs = self.outputs(width);
        let classes = if self.conditional { io.classes().unwrap_or(0) } else { 0 };
        let looked_up = [width * BOTTOM * BOTTOM, classes * outputs];
        size.with_products([((width * outputs) as u128, 1)])
            .with_layers(looked_up.map(|weights| weights as u128))
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for R3ganDiscriminatorConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(R3ganDiscriminator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the classes.
const WHO: &str = "r3gan discriminator";

/// x → 1×1 convolution → [blocks, halving, 1×1 convolution where the width changes] … → blocks → a weighted sum of each
/// 4×4 map → linear layer. Scores are raw.
#[derive(Debug)]
pub struct R3ganDiscriminator {
    first: Conv2d,
    stages: Vec<Stage>,
    basis: Param,
    last: Linear,
    told: Option<ClassEmbedding>,
    params: Params,
    io: Io,
}

#[derive(Debug)]
struct Stage {
    blocks: Vec<Block>,
    /// Nothing behind the last.
    halves: bool,
    widen: Option<Conv2d>,
}

impl R3ganDiscriminator {
    /// A discriminator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &R3ganDiscriminatorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let sides: Vec<(usize, usize)> = stages(io, config.width).into_iter().rev().collect();
        let all = config.blocks * sides.len();
        let first = conv([io.sample[0], sides[0].1], 1, 1, 1.0, &root.pp("ExtractionLayer"))?;
        let mut stages = Vec::new();
        for (i, &(_, width)) in sides.iter().enumerate() {
            let at = root.pp("MainLayers").pp(i).pp("Layers");
            let next = sides.get(i + 1).map(|stage| stage.1);
            let blocks = (0..config.blocks)
                .map(|block| Block::new(width, config.group_channels, all, &at.pp(block)))
                .collect::<ganymede_tensor::Result<_>>()?;
            let widen = next
                .filter(|next| *next != width)
                .map(|next| conv([width, next], 1, 1, 1.0, &at.pp(config.blocks).pp("LinearLayer")))
                .transpose()?;
            stages.push(Stage { blocks, halves: next.is_some(), widen });
        }
        let end = root.pp("MainLayers").pp(sides.len() - 1).pp("Layers").pp(config.blocks);
        let width = sides[sides.len() - 1].1;
        let msr = Init::KaimingNormal { gain: 1.0 };
        let basis = end.pp("Basis").param("weight", (width, 1, BOTTOM, BOTTOM), msr)?;
        let layer = LayerConfig { weight_init: msr, bias: None, spectral: None, equalised: None };
        let outputs = config.outputs(width);
        let last = Linear::new(width, outputs, &layer, &end.pp("LinearLayer"))?;
        let classes = io.classes().filter(|_| config.conditional);
        let gain = 1.0 / (outputs as f64).sqrt();
        let told = classes.map(|k| ClassEmbedding::new(k, outputs, gain, &root)).transpose()?;
        Ok(Self { first, stages, basis, last, told, params, io: io.clone() })
    }
}

impl Discriminator for R3ganDiscriminator {
    /// Images `(N, C, R, R)` to raw scores `(N,)`.
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Critique> {
        let x = input.images(WHO, &self.io)?;
        let mut x = self.first.forward(x, mode)?;
        for stage in &self.stages {
            for block in &stage.blocks {
                x = block.forward(&x, mode)?;
            }
            if stage.halves {
                x = filtered_downsample(&x)?;
            }
            if let Some(widen) = &stage.widen {
                x = widen.forward(&x, mode)?;
            }
        }
        let basis = self.basis.get().squeeze(1)?.unsqueeze(0)?;
        let pooled = x.broadcast_mul(&basis)?.flatten_from(2)?.sum(2)?;
        let said = self.last.forward(&pooled, mode)?;
        let scores = match &self.told {
            Some(told) => {
                let y = input.condition.classes(WHO, said.dim(0)?)?;
                said.mul(&told.forward(y)?)?.sum(1)?
            }
            None => said.flatten_all()?,
        };
        Ok(Critique::new(scores))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
