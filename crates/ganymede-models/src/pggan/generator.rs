//! The generator.

use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor, upsample_nearest2d};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{
    BOTTOM, KERNEL, MOST_BASE, MOST_WIDTH, NAME, USUAL_BASE, USUAL_MAX, blended, conv, fits, linear, side,
    stages, widths,
};
use crate::conditioning::{ClassVectors, GeneratorConditioning, USUAL_EMBED_DIM};
use crate::io::{ConditionShape, Io};
use crate::layers::activation::Activation;
use crate::layers::conv::Conv2d;
use crate::layers::linear::Linear;
use crate::layers::norm::{NormKind, pixel_norm};
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Generated, Generator, GeneratorInput, Mode, ModelError};

/// The settings of a [`PgganGenerator`]. The default is the paper's for 1024 pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PgganGeneratorConfig {
    /// Length of a latent vector.
    pub z_dim: usize,
    /// Channels at a side R are this over R.
    pub width_base: usize,
    /// Channels at most.
    pub width_max: usize,
    /// The normalisation of the latent vector and behind each activation: `pixel`, or `none`.
    pub norm: NormKind,
    /// The activation behind each layer but those that make colours.
    pub activation: Activation,
    /// Whether layers have an equalised learning rate (section 4.1 of the paper).
    pub equalised: bool,
    /// How it is told the class: by `concat` or `product`.
    pub conditioning: GeneratorConditioning,
    /// Length of a class's vector beside the latent vector, with `concat` only; 50 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embed_dim: Option<usize>,
}

impl Default for PgganGeneratorConfig {
    fn default() -> Self {
        Self {
            z_dim: 512,
            width_base: USUAL_BASE,
            width_max: USUAL_MAX,
            norm: NormKind::Pixel,
            activation: Activation::LeakyRelu,
            equalised: true,
            conditioning: GeneratorConditioning::None,
            embed_dim: None,
        }
    }
}

pub(super) fn examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = PgganGeneratorConfig { z_dim: 5, width_base: 32, width_max: 4, ..Default::default() };
    let plain = PgganGeneratorConfig {
        norm: NormKind::None,
        activation: Activation::Softplus,
        equalised: false,
        ..small.clone()
    };
    let first = PgganGeneratorConfig { width_base: 16, ..small.clone() };
    let told = |conditioning| PgganGeneratorConfig { conditioning, ..small.clone() };
    let vectors = Io { sample: vec![1, 8, 8], condition: ConditionShape::Vectors(3) };
    vec![
        (Box::new(small.clone()), Io::new([2, 16, 16])),
        (Box::new(plain), Io::new([1, 8, 8])),
        (Box::new(first), Io::new([1, 4, 4])),
        (Box::new(told(GeneratorConditioning::Concat)), Io::with_classes([1, 8, 8], 3)),
        (Box::new(told(GeneratorConditioning::Product)), vectors),
    ]
}

impl PgganGeneratorConfig {
    fn widths(&self, io: &Io) -> Vec<usize> {
        widths(stages(io), self.width_base, self.width_max)
    }

    /// Length of what lies beside the latent vector.
    fn beside(&self) -> usize {
        self.conditioning.beside(self.embed_dim)
    }
}

impl NetworkSpec for PgganGeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("z_dim", self.z_dim, 65_536),
            ("width_base", self.width_base, MOST_BASE),
            ("width_max", self.width_max, MOST_WIDTH),
            ("embed_dim", self.embed_dim.unwrap_or(USUAL_EMBED_DIM), 65_536),
        ]);
        if !matches!(self.norm, NormKind::Pixel | NormKind::None) {
            let found = format!("{:?} normalisation", self.norm);
            problems.push(Problem::new("norm", found, "\"pixel\" or \"none\""));
        }
        match self.conditioning {
            GeneratorConditioning::Norm => {
                let fix = "\"concat\" or \"product\": pixel normalisation has no gains and biases of a class";
                problems.push(Problem::new("conditioning", "\"norm\"", fix));
            }
            other => problems.extend(other.misfits(self.norm, self.embed_dim)),
        }
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io, self.width_base);
        problems.extend(self.conditioning.fits(io));
        problems
    }

    fn traits(&self) -> Traits {
        let conditional = self.conditioning != GeneratorConditioning::None;
        Traits { conditional, unbounded: true, ..Traits::default() }
    }

    fn size(&self, io: &Io) -> Size {
        let (widths, image) = (self.widths(io), io.square().unwrap_or_default().0 as u128);
        let last = widths.len().saturating_sub(1);
        let told = self.conditioning.layers(io, self.z_dim, self.embed_dim, []);
        let bottom = widths.first().map_or(0, |&width| (width * BOTTOM * BOTTOM) as u128);
        let mut size = Size::default()
            .with_products([((self.z_dim + self.beside()) as u128 * bottom, 1)])
            .with_vectors(bottom)
            .with_told(io, told);
        for (stage, &width) in widths.iter().enumerate() {
            let (area, width) = (side(stage).pow(2) as u128, width as u128);
            // The first stage has one convolution behind its linear layer.
            let before = stage.checked_sub(1).map(|before| widths[before] as u128);
            let convs = before.into_iter().chain([width]).map(|from| (KERNEL * from * width, area));
            // Only the last stage makes colours when all have grown.
            let colours = (width * image, if stage == last { area } else { 0 });
            let vectors = (1 + u128::from(before.is_some())) * width + image;
            size = size.with_products(convs.chain([colours])).with_vectors(vectors);
            let largest = before.unwrap_or(width).max(width).max(image);
            size.activations = size.activations.max(largest * area);
            size.held += (before.unwrap_or(width) + width) * area;
        }
        size
    }

    fn stages(&self, io: &Io) -> usize {
        stages(io)
    }

    fn write(&self) -> Table {
        let beside = (self.conditioning == GeneratorConditioning::Concat).then(|| self.beside());
        write_table(&Self { embed_dim: self.embed_dim.or(beside), ..self.clone() })
    }
}

impl GeneratorSpec for PgganGeneratorConfig {
    fn z_dim(&self) -> usize {
        self.z_dim
    }

    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Generator>, ModelError> {
        Ok(Box::new(PgganGenerator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for what it is given.
const WHO: &str = "pggan generator";

/// z → pixel norm → linear layer to 4×4 → 3×3 convolution → [doubling, two 3×3 convolutions] a stage → 1×1 convolution of
/// the stage to colours. Behind each layer but that one stand a leaky ReLU and a pixel norm.
///
/// There is no tanh at the end, as in the paper: samples may leave [−1, 1] by a little.
///
/// ```
/// use ganymede_models::{Generator, GeneratorInput, Growth, Io, Mode, PgganGenerator, PgganGeneratorConfig};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = PgganGeneratorConfig { z_dim: 6, width_base: 64, width_max: 8, ..Default::default() };
/// let g = PgganGenerator::new(&config, &Io::new([3, 16, 16]), Rng::new(0), DType::F32, &Device::Cpu)?;
/// let latents = g.draw(2, &mut Rng::new(1), &Device::Cpu)?;
/// let fading = GeneratorInput { growth: Growth { stage: 1, alpha: 0.3 }, ..GeneratorInput::new(&latents) };
/// assert_eq!(g.forward(fading, Mode::Eval)?.samples.dims(), [2, 3, 8, 8]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct PgganGenerator {
    told: Option<ClassVectors>,
    first: Linear,
    bottom: Conv2d,
    /// Of each stage but the first.
    stages: Vec<[Conv2d; 2]>,
    /// Of each stage.
    to_colours: Vec<Conv2d>,
    config: PgganGeneratorConfig,
    params: Params,
    io: Io,
}

impl PgganGenerator {
    /// A generator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &PgganGeneratorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let (widths, image, equalised) = (config.widths(io), io.sample[0], config.equalised);
        let seen = config.z_dim + config.beside();
        let first = linear([seen, widths[0] * BOTTOM * BOTTOM], equalised, &root.pp("formatLayer"))?;
        let bottom = conv([widths[0]; 2], 3, equalised, &root.pp("groupScale0").pp(0))?;
        let stage = |(i, pair): (usize, &[usize])| {
            let at = root.pp("scaleLayers").pp(i);
            let second = conv([pair[1]; 2], 3, equalised, &at.pp(1))?;
            Ok([conv([pair[0], pair[1]], 3, equalised, &at.pp(0))?, second])
        };
        let stages = widths.windows(2).enumerate().map(stage).collect::<Result<_>>()?;
        let colours = |(i, &width)| conv([width, image], 1, equalised, &root.pp("toRGBLayers").pp(i));
        let to_colours = widths.iter().enumerate().map(colours).collect::<Result<_>>()?;
        let told = ClassVectors::new(config.conditioning, [config.z_dim, config.beside()], io, &root, WHO)?;
        Ok(Self { told, first, bottom, stages, to_colours, config: config.clone(), params, io: io.clone() })
    }

    fn normalised(&self, x: &Tensor) -> Result<Tensor> {
        if self.config.norm == NormKind::Pixel { pixel_norm(x) } else { Ok(x.clone()) }
    }

    /// A convolution, and what stands behind it.
    fn through(&self, conv: &Conv2d, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.normalised(&conv.forward_activated(x, self.config.activation, mode)?)
    }

    /// The map of 4×4 pixels.
    fn start(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Tensor> {
        let (z, n) = input.z(WHO, self.config.z_dim)?;
        let told = self.told.as_ref().map(|told| told.join(z, input.condition, mode)).transpose()?;
        let z = self.normalised(told.as_ref().unwrap_or(z))?;
        let x = self.config.activation.forward(&self.first.forward(&z, mode)?)?;
        self.through(&self.bottom, &self.normalised(&x.reshape((n, (), BOTTOM, BOTTOM))?)?, mode)
    }
}

impl Generator for PgganGenerator {
    /// `z` `(N, Z)` to images `(N, C, S, S)` of the stage, about in [−1, 1].
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Generated> {
        let all = self.to_colours.len();
        let (last, fading) = (input.growth.stage_of(all), input.growth.fading(WHO, all)?);
        let mut x = self.start(input, mode)?;
        let mut older = None;
        for (stage, convs) in self.stages[..last].iter().enumerate() {
            if stage + 1 == last && fading.is_some() {
                older = Some(upsample_nearest2d(&self.to_colours[stage].forward(&x, mode)?, 2)?);
            }
            x = upsample_nearest2d(&x, 2)?;
            for conv in convs {
                x = self.through(conv, &x, mode)?;
            }
        }
        let newer = self.to_colours[last].forward(&x, mode)?;
        Ok(Generated::new(match (older, fading) {
            (Some(older), Some(alpha)) => blended(&older, &newer, alpha)?,
            _ => newer,
        }))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        self.config.z_dim
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
