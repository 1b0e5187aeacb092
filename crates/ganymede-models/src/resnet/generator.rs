//! The generator: a linear layer, then blocks that double.

use ganymede_tensor::{DType, Device, Params, Rng, bail, tanh};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::block::{BlockConfig, UpBlock, Upsampling};
use super::layout::{Layout, Role, Step, fits, size_of_blocks};
use super::{MOST_WIDTH, NAME, layer};
use crate::conditioning::{ClassVectors, GeneratorConditioning, StageNorm, USUAL_EMBED_DIM, of_classes};
use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::attention::SelfAttention2d;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::linear::Linear;
use crate::layers::norm::NormKind;
use crate::layers::spectral::SpectralConfig;
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Generated, Generator, GeneratorInput, Mode, ModelError};

/// The settings of a [`ResnetGenerator`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResnetGeneratorConfig {
    /// Length of a latent vector (`nz`).
    pub z_dim: usize,
    /// Channels of the first feature map (`ngf`). Left out, it is as published: 256 at 32 pixels, 512 at 48, 1024 above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// The normalisation before each convolution but the first.
    pub norm: NormKind,
    /// Behind each normalisation.
    pub activation: Activation,
    /// How blocks double.
    pub upsampling: Upsampling,
    /// Spectral normalisation of all layers but the normalisations (arXiv:1805.08318).
    pub spectral: bool,
    /// Sides of the feature maps that self-attention follows.
    pub attention: Vec<usize>,
    /// How it is told the class.
    pub conditioning: GeneratorConditioning,
    /// Length of a class's vector beside the latent vector, with `concat` only; 50 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embed_dim: Option<usize>,
}

impl ResnetGeneratorConfig {
    /// As in SNGAN (Miyato et al., 2018, table 4).
    pub fn sngan() -> Self {
        Self {
            z_dim: 128,
            width: None,
            norm: NormKind::Batch,
            activation: Activation::Relu,
            upsampling: Upsampling::Bilinear,
            spectral: false,
            attention: Vec::new(),
            conditioning: GeneratorConditioning::None,
            embed_dim: None,
        }
    }

    /// As in WGAN-GP (Gulrajani et al., 2017, appendix C), which is the same.
    pub fn wgan_gp() -> Self {
        Self::sngan()
    }

    /// As in SAGAN (Zhang et al., 2019, section 4): spectral normalisation here, too. Attention where torch-mimicry has
    /// it at 32 pixels, at 16; the paper's, of 128 pixels, is at 32.
    pub fn sagan() -> Self {
        Self { spectral: true, attention: vec![16], ..Self::sngan() }
    }

    /// Its blocks on data that it fits.
    fn steps(&self, io: &Io) -> Vec<Step> {
        let Some(layout) = Layout::of(io) else { return Vec::new() };
        layout.up(self.width_at(layout), &self.attention)
    }

    fn width_at(&self, layout: &Layout) -> usize {
        self.width.unwrap_or(layout.usual_width(Role::Generator))
    }
}

/// Each setting that changes the network, in small.
pub(super) fn examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = ResnetGeneratorConfig { z_dim: 4, width: Some(4), ..ResnetGeneratorConfig::sngan() };
    let wide = ResnetGeneratorConfig { width: Some(16), ..small.clone() };
    let told = |&conditioning| ResnetGeneratorConfig { conditioning, ..small.clone() };
    let images = Io::new([2, 32, 32]);
    let mut all = vec![
        (small.clone(), images.clone()),
        (ResnetGeneratorConfig { spectral: true, ..small.clone() }, images.clone()),
        (ResnetGeneratorConfig { width: Some(8), ..small.clone() }, Io::new([1, 48, 48])),
        (wide, Io::new([1, 64, 64])),
    ];
    let classes = Io::with_classes([1, 32, 32], 3);
    all.extend(GeneratorConditioning::ALL[1..].iter().map(told).map(|config| (config, classes.clone())));
    all.into_iter().map(|(config, io)| (Box::new(config) as Box<_>, io)).collect()
}

pub(super) fn examples_of_wgan_gp() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = ResnetGeneratorConfig { z_dim: 4, width: Some(4), ..ResnetGeneratorConfig::wgan_gp() };
    let other = ResnetGeneratorConfig {
        norm: NormKind::None,
        activation: Activation::LeakyRelu,
        upsampling: Upsampling::Nearest,
        ..small.clone()
    };
    let layer = ResnetGeneratorConfig { norm: NormKind::Layer, ..small.clone() };
    [small, other, layer].map(|config| (Box::new(config) as Box<_>, Io::new([1, 32, 32]))).into()
}

pub(super) fn examples_with_attention() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = ResnetGeneratorConfig { z_dim: 4, width: Some(8), ..ResnetGeneratorConfig::sagan() };
    let twice = ResnetGeneratorConfig { attention: vec![8, 16], ..small.clone() };
    [small, twice].map(|config| (Box::new(config) as Box<_>, Io::new([1, 32, 32]))).into()
}

impl NetworkSpec for ResnetGeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("z_dim", self.z_dim, 65_536),
            ("width", self.width.unwrap_or(1), MOST_WIDTH),
            ("embed_dim", self.embed_dim.unwrap_or(USUAL_EMBED_DIM), 65_536),
        ]);
        let conditioning = self.conditioning;
        problems.extend(conditioning.misfits(self.norm, self.embed_dim));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io, self.width, &self.attention, Role::Generator);
        if self.conditioning != GeneratorConditioning::None {
            problems.extend(of_classes(io));
        }
        problems
    }

    fn traits(&self) -> Traits {
        Traits {
            mixes_batch: self.norm == NormKind::Batch,
            conditional: self.conditioning != GeneratorConditioning::None,
            ..Traits::default()
        }
    }

    fn size(&self, io: &Io) -> Size {
        let steps = self.steps(io);
        let (Some(first), Some(last), Some((channels, side))) = (steps.first(), steps.last(), io.square())
        else {
            return Size::default();
        };
        let latent = (self.z_dim + self.conditioning.beside(self.embed_dim)) as u128;
        let start = (first.from * first.sides[0] * first.sides[0]) as u128;
        let classes = io.classes().unwrap_or(0) as u128;
        let vectors: Vec<u128> = match self.conditioning {
            GeneratorConditioning::None => Vec::new(),
            GeneratorConditioning::Norm => {
                let norms = steps.iter().flat_map(|step| [step.from, step.from, step.inner, step.inner]);
                norms.map(|channels| channels as u128 * classes).collect()
            }
            GeneratorConditioning::Concat => vec![classes * self.conditioning.beside(self.embed_dim) as u128],
            GeneratorConditioning::Product => vec![classes * self.z_dim as u128],
        };
        let ends = [latent * start, (9 * last.to * channels) as u128];
        let size = size_of_blocks(&steps).with_layers(ends.into_iter().chain(vectors));
        Size { held: size.held + start + 2 * (last.to * side * side) as u128, ..size }
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl GeneratorSpec for ResnetGeneratorConfig {
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
        Ok(Box::new(ResnetGenerator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the classes.
const WHO: &str = "resnet generator";

/// z → linear layer as a small image → blocks that double, attention after some → norm, activation, 3×3 convolution →
/// tanh.
///
/// ```
/// use ganymede_models::{Generator, GeneratorInput, Io, Mode, ResnetGenerator, ResnetGeneratorConfig};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = ResnetGeneratorConfig { z_dim: 6, width: Some(4), ..ResnetGeneratorConfig::sngan() };
/// let g = ResnetGenerator::new(&config, &Io::new([1, 32, 32]), Rng::new(0), DType::F32, &Device::Cpu)?;
/// let latents = g.draw(2, &mut Rng::new(1), &Device::Cpu)?;
/// assert_eq!(g.forward(GeneratorInput::new(&latents), Mode::Eval)?.samples.dims(), [2, 1, 32, 32]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct ResnetGenerator {
    told: Option<ClassVectors>,
    first: Linear,
    /// Channels and side of the first feature map.
    start: [usize; 2],
    blocks: Vec<(UpBlock, Option<SelfAttention2d>)>,
    norm: StageNorm,
    last: Conv2d,
    activation: Activation,
    params: Params,
    z_dim: usize,
    io: Io,
}

impl ResnetGenerator {
    /// A generator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not of a side that the family has a layout for.
    pub fn new(
        config: &ResnetGeneratorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let steps = config.steps(io);
        let beside = config.conditioning.beside(config.embed_dim);
        let start = [steps[0].from, steps[0].sides[0]];
        let plain = BlockConfig {
            norm: config.norm,
            classes: None,
            activation: config.activation,
            spectral: config.spectral,
            who: WHO,
        };
        let of_class = config.conditioning == GeneratorConditioning::Norm;
        let block = BlockConfig { classes: io.classes().filter(|_| of_class), ..plain };
        let told = ClassVectors::new(config.conditioning, [config.z_dim, beside], io, &root, WHO)?;
        let first = Linear::new(
            config.z_dim + beside,
            start[0] * start[1] * start[1],
            &layer(1.0, config.spectral),
            &root.pp("l1"),
        )?;
        let spectral = config.spectral.then(SpectralConfig::default);
        let mut blocks = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            let up = UpBlock::new(&block, config.upsampling, step, &root.pp(format!("block{}", i + 2)))?;
            let attend = || SelfAttention2d::at(step.sides[1], step.to, &config.attention, spectral, &root);
            blocks.push((up, step.attends.then(attend).transpose()?));
        }
        let (index, channels) = (steps.len() + 2, steps[steps.len() - 1].to);
        // The last normalisation is of all classes in the conditional networks, too.
        let norm = plain.norm(channels, &root.pp(format!("b{index}")))?;
        let last = Conv2dConfig::new(channels, io.sample[0], 3)
            .with_stride(1, 1)
            .with_layer(layer(1.0, config.spectral));
        let last = Conv2d::new(&last, &root.pp(format!("c{index}")))?;
        let (z_dim, activation, io) = (config.z_dim, config.activation, io.clone());
        Ok(Self { told, first, start, blocks, norm, last, activation, params, z_dim, io })
    }
}

impl Generator for ResnetGenerator {
    /// `z` `(N, Z)` to images `(N, C, R, R)` in [−1, 1].
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Generated> {
        let z = &input.latents.z;
        let n = match z.dims() {
            &[n, d] if d == self.z_dim => n,
            dims => bail!("{WHO}: z is {dims:?}, expected (N, {})", self.z_dim),
        };
        let z = match &self.told {
            Some(told) => told.join(z, input.condition, mode)?,
            None => z.clone(),
        };
        let [channels, side] = self.start;
        let mut x = self.first.forward(&z, mode)?.reshape((n, channels, side, side))?;
        for (block, attention) in &self.blocks {
            x = block.forward(&x, input.condition, mode)?;
            if let Some(attention) = attention {
                x = attention.forward(&x, mode)?;
            }
        }
        let x = self.norm.forward_activated(&x, input.condition, self.activation, mode)?;
        Ok(Generated::new(tanh(&self.last.forward(&x, mode)?)?))
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
