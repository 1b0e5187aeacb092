//! The generator: a linear layer, then blocks that double.

use ganymede_tensor::{DType, Device, Params, Rng, tanh};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::block::{BlockConfig, UpBlock, Upsampling};
use super::layout::{Layout, LayoutKind, Role, Step, fits, size_of_blocks};
use super::styles::Styles;
use super::{Initialisation, MOST_WIDTH, NAME};
use crate::conditioning::{
    ClassVectors, GeneratorConditioning, StageNorm, Told, USUAL_EMBED_DIM, of_classes_or_vectors,
};
use crate::io::{ConditionShape, Io};
use crate::layers::activation::Activation;
use crate::layers::attention::SelfAttention2d;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::embedding::Embedding;
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
    /// Length of a class's vector that all normalisations share, each with linear maps of its own; 0: each has gains and
    /// biases of every class. With `norm` only.
    pub shared_dim: usize,
    /// Whether the latent vector is cut into a part for the first layer and one for each block's normalisations.
    pub skip_z: bool,
    /// Which blocks it has.
    pub layout: LayoutKind,
    /// How weights start.
    pub init: Initialisation,
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
            shared_dim: 0,
            skip_z: false,
            layout: LayoutKind::Sngan,
            init: Initialisation::Glorot,
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

    /// As in BigGAN (Brock et al., 2019, appendix B), with neither attention, which the paper's, of 128 pixels, has at
    /// 64, nor the orthogonal regularisation. Doubled by nearest neighbours, spectral normalisation here, too.
    pub fn biggan() -> Self {
        Self {
            z_dim: 120,
            upsampling: Upsampling::Nearest,
            spectral: true,
            conditioning: GeneratorConditioning::Norm,
            shared_dim: 128,
            skip_z: true,
            layout: LayoutKind::Biggan,
            init: Initialisation::Orthogonal,
            ..Self::sngan()
        }
    }

    /// Its blocks on data that it fits.
    fn steps(&self, io: &Io) -> Vec<Step> {
        let Some(layout) = self.layout.of(io) else { return Vec::new() };
        layout.up(self.width_at(layout), &self.attention)
    }

    /// Parts of the latent vector for a network of so many blocks.
    fn parts(&self, blocks: usize) -> usize {
        if self.skip_z { blocks + 1 } else { 1 }
    }

    /// The length of what each normalisation is made from, where that is a vector.
    fn style_dim(&self, io: &Io, blocks: usize) -> Option<usize> {
        let part = if self.skip_z { self.z_dim / self.parts(blocks) } else { 0 };
        let told = self.conditioning == GeneratorConditioning::Norm;
        let own = match io.condition {
            ConditionShape::Vectors(dim) if told => dim,
            ConditionShape::Classes(_) if told => self.shared_dim,
            _ => 0,
        };
        Some(part + own).filter(|dim| *dim > 0)
    }

    fn width_at(&self, layout: &Layout) -> usize {
        self.width.unwrap_or(layout.usual_width(Role::Generator))
    }
}

impl NetworkSpec for ResnetGeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("z_dim", self.z_dim, 65_536),
            ("width", self.width.unwrap_or(1), MOST_WIDTH),
            ("embed_dim", self.embed_dim.unwrap_or(USUAL_EMBED_DIM), 65_536),
        ]);
        problems.extend(self.conditioning.misfits(self.norm, self.embed_dim));
        if self.shared_dim > 65_536 {
            problems.push(Problem::new("shared_dim", self.shared_dim, "a whole number, at most 65536"));
        }
        if self.shared_dim > 0 && self.conditioning != GeneratorConditioning::Norm {
            let fix = "0, or conditioning = \"norm\", whose vectors it is the length of";
            problems.push(Problem::new("shared_dim", self.shared_dim, fix));
        }
        let joins =
            matches!(self.conditioning, GeneratorConditioning::Concat | GeneratorConditioning::Product);
        if self.skip_z && (joins || self.norm != NormKind::Batch) {
            let fix = "false, or norm = \"batch\" and conditioning = \"norm\" or \"none\": normalisations take the parts";
            problems.push(Problem::new("skip_z", true, fix));
        }
        if self.skip_z && self.conditioning == GeneratorConditioning::Norm && self.shared_dim == 0 {
            problems.push(Problem::new("shared_dim", 0, "1 or more with skip_z, 128 in the paper"));
        }
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io, self.layout, self.width, &self.attention, Role::Generator);
        problems.extend(match self.conditioning {
            // Its normalisations are told vectors, too.
            GeneratorConditioning::Norm => of_classes_or_vectors(io),
            other => other.fits(io),
        });
        let parts = self.parts(self.steps(io).len());
        if !self.z_dim.is_multiple_of(parts) {
            let fix = format!("a multiple of {parts}, the parts that skip_z cuts it into at this resolution");
            problems.push(Problem::new("z_dim", self.z_dim, fix));
        }
        problems
    }

    fn traits(&self) -> Traits {
        Traits {
            mixes_batch: self.norm == NormKind::Batch,
            reference: self.norm.reference(),
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
        let latent = self.z_dim / self.parts(steps.len()) + self.conditioning.beside(self.embed_dim);
        let latent = latent as u128;
        let start = (first.from * first.sides[0] * first.sides[0]) as u128;
        let norms = || steps.iter().flat_map(|step| [step.from, step.inner]);
        let (styles, told) = match self.style_dim(io, steps.len()) {
            None => (Vec::new(), self.conditioning.layers(io, self.z_dim, self.embed_dim, norms())),
            // Each gain and each bias is made from a vector, a part of which may be the class's.
            Some(dim) => {
                let maps = norms().flat_map(|channels| [(channels * dim) as u128; 2]).collect();
                (maps, vec![(io.classes().unwrap_or(0) * self.shared_dim) as u128])
            }
        };
        let ends = [(latent * start, 1), ((9 * last.to * channels) as u128, (side * side) as u128)];
        // The last normalisation is told nothing.
        let is_plain = !(self.skip_z || self.conditioning == GeneratorConditioning::Norm);
        let inner: usize = steps.iter().map(|step| step.from + step.inner).sum();
        let normed = last.to + if is_plain { inner } else { 0 };
        let normed = if self.norm.is_affine() { 2 * normed } else { 0 };
        let size = size_of_blocks(&steps)
            .with_products(ends.into_iter().chain(styles.into_iter().map(|weights| (weights, 1))))
            .with_told(io, told)
            .with_vectors(start + (channels + normed) as u128);
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
pub(super) const WHO: &str = "resnet generator";

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
    styles: Option<Styles>,
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
            told: Told::Nothing,
            init: config.init,
            activation: config.activation,
            spectral: config.spectral,
            who: WHO,
        };
        let of_class = config.conditioning == GeneratorConditioning::Norm;
        let layer = config.init.layer(1.0, config.spectral);
        let part = config.z_dim / config.parts(steps.len());
        let style_dim = config.style_dim(io, steps.len());
        let block = match style_dim {
            Some(dim) => BlockConfig { told: Told::Vectors(dim, layer), ..plain },
            None => BlockConfig { told: Told::classes(io.classes().filter(|_| of_class)), ..plain },
        };
        let styles = match (style_dim, io.classes().filter(|_| of_class)) {
            (None, _) => None,
            (Some(_), None) => Some(Styles { shared: None, part, of_parts: config.skip_z, told: of_class }),
            (Some(_), Some(classes)) => {
                // Without spectral normalisation, which hurts here, as the authors' code says.
                let init = config.init.weights(1.0);
                let shared = Embedding::new(classes, config.shared_dim, init, None, &root.pp("shared"))?;
                Some(Styles { shared: Some(shared), part, of_parts: config.skip_z, told: true })
            }
        };
        let told = ClassVectors::new(config.conditioning, [config.z_dim, beside], io, &root, WHO)?;
        let first = Linear::new(part + beside, start[0] * start[1] * start[1], &layer, &root.pp("l1"))?;
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
        let last = Conv2dConfig::new(channels, io.sample[0], 3).with_stride(1, 1).with_layer(layer);
        let last = Conv2d::new(&last, &root.pp(format!("c{index}")))?;
        let (z_dim, activation, io) = (config.z_dim, config.activation, io.clone());
        Ok(Self { told, styles, first, start, blocks, norm, last, activation, params, z_dim, io })
    }
}

impl Generator for ResnetGenerator {
    /// `z` `(N, Z)` to images `(N, C, R, R)` in [−1, 1].
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Generated> {
        let (z, n) = input.z(WHO, self.z_dim)?;
        let z = match &self.told {
            Some(told) => told.join(z, input.condition, mode)?,
            None => z.clone(),
        };
        let styles = match &self.styles {
            Some(styles) => styles.of(&z, input.condition, self.blocks.len(), mode)?,
            None => Vec::new(),
        };
        let z = match &self.styles {
            Some(styles) if styles.of_parts => z.narrow(1, 0, styles.part)?.contiguous()?,
            _ => z,
        };
        let [channels, side] = self.start;
        let mut x = self.first.forward(&z, mode)?.reshape((n, channels, side, side))?;
        for (i, (block, attention)) in self.blocks.iter().enumerate() {
            x = block.forward(&x, styles.get(i).unwrap_or(input.condition), mode)?;
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
