//! The generator: transposed convolutions from a 1×1 latent image up.

use ganymede_tensor::{Builder, DType, Device, Params, Rng, Tensor, bail, tanh};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{MOST_MULTIPLIER, MOST_WIDTH, NAME, fits, layer_config, norm_config, places, size, widths};
use crate::conditioning::{ClassVectors, GeneratorConditioning, StageNorm, Told, USUAL_EMBED_DIM};
use crate::io::{ConditionShape, Io};
use crate::layers::activation::Activation;
use crate::layers::conv_transpose::{ConvTranspose2d, ConvTranspose2dConfig};
use crate::layers::norm::NormKind;
use crate::reference::referred;
use crate::spec::{
    Fault, GeneratorSpec, NetworkSpec, Problem, Size, Traits, read_table, refuse, sizes, write_table,
};
use crate::{Generated, Generator, GeneratorInput, Mode, ModelError};

/// The settings of a [`DcganGenerator`]. The default is the tutorial's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DcganGeneratorConfig {
    /// Length of a latent vector (`nz`).
    pub z_dim: usize,
    /// Channels of the feature maps at half the resolution (`ngf`).
    pub width: usize,
    /// The largest multiple of `width` that a feature map has.
    pub max_multiplier: usize,
    /// The normalisation between the convolutions.
    pub norm: NormKind,
    /// How it is told the class.
    pub conditioning: GeneratorConditioning,
    /// Length of a class's vector beside the latent vector, with `concat` only; 50 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embed_dim: Option<usize>,
}

impl Default for DcganGeneratorConfig {
    fn default() -> Self {
        Self {
            z_dim: 100,
            width: 64,
            max_multiplier: 8,
            norm: NormKind::Batch,
            conditioning: GeneratorConditioning::None,
            embed_dim: None,
        }
    }
}

impl DcganGeneratorConfig {
    /// Channels from the latent vector to the image.
    fn channels(&self, io: &Io) -> Vec<usize> {
        let (channels, side) = io.square().unwrap_or_default();
        let inner = widths(side, self.width, self.max_multiplier).into_iter().rev();
        std::iter::once(self.z_dim + self.beside()).chain(inner).chain([channels]).collect()
    }

    /// Length of what lies beside the latent vector.
    fn beside(&self) -> usize {
        self.conditioning.beside(self.embed_dim)
    }
}

pub(super) fn read(table: &Table) -> Result<Box<dyn GeneratorSpec>, Fault> {
    Ok(Box::new(read_table::<DcganGeneratorConfig>(table)?))
}

pub(super) fn examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = DcganGeneratorConfig { z_dim: 6, width: 4, ..Default::default() };
    let of_norm = |&norm| DcganGeneratorConfig { norm, ..small.clone() };
    let capped = DcganGeneratorConfig { max_multiplier: 2, ..small.clone() };
    let conditional = |&conditioning| DcganGeneratorConfig { conditioning, ..small.clone() };
    let at = |io: Io| move |config| (referred(Box::new(config)), io.clone());
    let plain = NormKind::ALL.iter().map(of_norm).map(at(Io::new([2, 16, 16])));
    let told = GeneratorConditioning::ALL[1..].iter().map(conditional);
    let told = told.map(at(Io::with_classes([2, 16, 16], 3)));
    let of_vectors = at(Io { sample: vec![2, 16, 16], condition: ConditionShape::Vectors(3) });
    let by_vectors = [GeneratorConditioning::Concat, GeneratorConditioning::Product];
    let by_vectors = by_vectors.iter().map(conditional).map(of_vectors);
    plain.chain([at(Io::new([2, 64, 64]))(capped)]).chain(told).chain(by_vectors).collect()
}

impl NetworkSpec for DcganGeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("z_dim", self.z_dim, 65_536),
            ("width", self.width, MOST_WIDTH),
            ("max_multiplier", self.max_multiplier, MOST_MULTIPLIER),
            ("embed_dim", self.embed_dim.unwrap_or(USUAL_EMBED_DIM), 65_536),
        ]);
        problems.extend(self.conditioning.misfits(self.norm, self.embed_dim));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io);
        problems.extend(self.conditioning.fits(io));
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
        let channels = self.channels(io);
        let inner = &channels[1..channels.len() - 1];
        let told = self.conditioning.layers(io, self.z_dim, self.embed_dim, inner.iter().copied());
        let normed = match self.conditioning {
            GeneratorConditioning::Norm => &[],
            _ => inner,
        };
        size(io, self.width, &channels, places(channels.len() - 1))
            .with_told(io, told)
            .with_vectors(super::vectors(self.norm, &channels, normed))
    }

    fn write(&self) -> Table {
        let beside = (self.conditioning == GeneratorConditioning::Concat).then(|| self.beside());
        write_table(&Self { embed_dim: self.embed_dim.or(beside), ..self.clone() })
    }
}

impl GeneratorSpec for DcganGeneratorConfig {
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
        Ok(Box::new(DcganGenerator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the classes.
const WHO: &str = "dcgan generator";

/// z → [transposed convolution, norm, ReLU] × K → transposed convolution → tanh.
///
/// The first convolution makes 4×4 from 1×1 (kernel 4, stride 1, no padding), each further one
/// doubles (kernel 4, stride 2, padding 1).
///
/// ```
/// use ganymede_models::{DcganGenerator, DcganGeneratorConfig, Generator, GeneratorInput, Io, Latents, Mode};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = DcganGeneratorConfig { z_dim: 6, width: 4, ..Default::default() };
/// let g = DcganGenerator::new(&config, &Io::new([1, 8, 8]), Rng::new(0), DType::F32, &Device::Cpu)?;
/// let latents = g.draw(2, &mut Rng::new(1), &Device::Cpu)?;
/// assert_eq!(g.forward(GeneratorInput::new(&latents), Mode::Eval)?.samples.dims(), [2, 1, 8, 8]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct DcganGenerator {
    hidden: Vec<(ConvTranspose2d, StageNorm)>,
    last: ConvTranspose2d,
    told: Option<ClassVectors>,
    params: Params,
    z_dim: usize,
    io: Io,
}

impl DcganGenerator {
    /// A generator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &DcganGeneratorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let main = root.pp("main");
        // With a norm a stage is convolution, norm, ReLU in the numbering; without, one shorter.
        let stage_len = if config.norm == NormKind::None { 2 } else { 3 };
        let channels = config.channels(io);
        let stages = channels.len() - 2;
        let mut hidden = Vec::new();
        for stage in 0..stages {
            let (from, to, index) = (channels[stage], channels[stage + 1], stage * stage_len);
            let conv = up(config.norm, [from, to], stage == 0, &main.pp(index))?;
            let place = main.pp(index + 1);
            let classes = io.classes().filter(|_| config.conditioning == GeneratorConditioning::Norm);
            let norm = StageNorm::new(&norm_config(config.norm, to), Told::classes(classes), WHO, &place)?;
            hidden.push((conv, norm));
        }
        let ends = [channels[stages], channels[stages + 1]];
        let last = up(config.norm, ends, false, &main.pp(stages * stage_len))?;
        let told = ClassVectors::new(config.conditioning, [config.z_dim, config.beside()], io, &root, WHO)?;
        Ok(Self { hidden, last, told, params, z_dim: config.z_dim, io: io.clone() })
    }

    /// The latent vectors as rows.
    fn rows(&self, z: &Tensor) -> ganymede_tensor::Result<Tensor> {
        let z_dim = self.z_dim;
        match z.dims() {
            &[_, d] if d == z_dim => Ok(z.clone()),
            &[n, d, 1, 1] if d == z_dim => z.reshape((n, d)),
            dims => bail!("{NAME} generator: z is {dims:?}, expected (N, {z_dim}) or (N, {z_dim}, 1, 1)"),
        }
    }
}

impl Generator for DcganGenerator {
    /// `z` `(N, Z)` or `(N, Z, 1, 1)` to images `(N, C, R, R)` in [−1, 1].
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Generated> {
        let z = self.rows(&input.latents.z)?;
        let told =
            self.told.as_ref().map(|told| told.join(&z, input.condition, mode)).transpose()?.unwrap_or(z);
        let mut x = told.unsqueeze(2)?.unsqueeze(3)?;
        for (conv, norm) in &self.hidden {
            x = if norm.is_none() {
                conv.forward_activated(&x, Activation::Relu, mode)?
            } else if !conv.has_bias() {
                norm.after(&conv.pending(&x, mode)?, input.condition, Activation::Relu, mode)?
            } else {
                norm.forward_activated(&conv.forward(&x, mode)?, input.condition, Activation::Relu, mode)?
            };
        }
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

/// From 1×1 to 4×4 at first, then to twice the size.
fn up(
    norm: NormKind,
    [from, to]: [usize; 2],
    first: bool,
    builder: &Builder,
) -> ganymede_tensor::Result<ConvTranspose2d> {
    let (stride, padding) = if first { (1, 0) } else { (2, 1) };
    let conv = ConvTranspose2dConfig::new(from, to, 4)
        .with_stride(stride, padding)
        .with_layer(layer_config(norm, false));
    ConvTranspose2d::new(&conv, builder)
}
