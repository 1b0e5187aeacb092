//! The generator: a linear layer, three transposed convolutions, a convolution.

use ganymede_tensor::{DType, Device, Params, Rng, tanh};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{MOST_WIDTH, NAME, fits, layer, odd_width};
use crate::conditioning::{ClassVectors, GeneratorConditioning, StageNorm, Told, USUAL_EMBED_DIM};
use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::conv_transpose::{ConvTranspose2d, ConvTranspose2dConfig};
use crate::layers::linear::Linear;
use crate::layers::norm::{NormConfig, NormKind};
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Generated, Generator, GeneratorInput, Mode, ModelError};

/// The settings of a [`SndcganGenerator`]. The default is the paper's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SndcganGeneratorConfig {
    /// Length of a latent vector.
    pub z_dim: usize,
    /// Channels of the first feature map, a multiple of 8.
    pub width: usize,
    /// The normalisation behind each transposed convolution.
    pub norm: NormKind,
    /// Behind each normalisation.
    pub activation: Activation,
    /// Spectral normalisation of all layers but the normalisations.
    pub spectral: bool,
    /// How it is told the class.
    pub conditioning: GeneratorConditioning,
    /// Length of a class's vector beside the latent vector, with `concat` only; 50 unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embed_dim: Option<usize>,
}

impl Default for SndcganGeneratorConfig {
    fn default() -> Self {
        Self {
            z_dim: 128,
            width: 512,
            norm: NormKind::Batch,
            activation: Activation::Relu,
            spectral: false,
            conditioning: GeneratorConditioning::None,
            embed_dim: None,
        }
    }
}

impl SndcganGeneratorConfig {
    /// Channels of the feature maps, from the smallest on.
    fn channels(&self) -> [usize; 4] {
        [1, 2, 4, 8].map(|divisor| self.width / divisor)
    }
}

pub(super) fn examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = SndcganGeneratorConfig { z_dim: 4, width: 16, ..Default::default() };
    let plain = SndcganGeneratorConfig { norm: NormKind::None, spectral: true, ..small.clone() };
    let images = Io::new([2, 16, 16]);
    let mut all =
        vec![(small.clone(), images.clone()), (plain, images), (small.clone(), Io::new([1, 24, 24]))];
    let classes = Io::with_classes([1, 16, 16], 3);
    let told = |&conditioning| SndcganGeneratorConfig { conditioning, ..small.clone() };
    all.extend(GeneratorConditioning::ALL[1..].iter().map(told).map(|config| (config, classes.clone())));
    all.into_iter().map(|(config, io)| (Box::new(config) as Box<_>, io)).collect()
}

impl NetworkSpec for SndcganGeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("z_dim", self.z_dim, 65_536),
            ("width", self.width, MOST_WIDTH),
            ("embed_dim", self.embed_dim.unwrap_or(USUAL_EMBED_DIM), 65_536),
        ]);
        problems.extend(odd_width(self.width));
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
        let Some((image, side)) = io.square() else { return Size::default() };
        let bottom = side as u128 / 8;
        let channels = self.channels().map(|channels| channels as u128);
        let maps: Vec<u128> = (0..4).map(|i| channels[i as usize] * (bottom << i) * (bottom << i)).collect();
        let beside = self.conditioning.beside(self.embed_dim) as u128;
        let size = Size {
            activations: maps[3].max(image as u128 * (side * side) as u128),
            // Each map is there before its normalisation and behind it.
            held: 2 * maps.iter().sum::<u128>(),
            ..Size::default()
        };
        let convs = channels.windows(2).enumerate();
        let convs = convs.map(|(i, pair)| (16 * pair[0] * pair[1], (bottom << i).pow(2)));
        let ends = [
            ((self.z_dim as u128 + beside) * maps[0], 1),
            (9 * channels[3] * image as u128, (side * side) as u128),
        ];
        let of_stage = match (self.conditioning, self.norm.is_affine()) {
            (GeneratorConditioning::Norm, _) => 0,
            (_, true) => 2,
            (_, false) => 1,
        };
        let vectors = maps[0] + of_stage * channels[1..].iter().sum::<u128>() + image as u128;
        let norms = self.channels().into_iter().skip(1);
        let told = self.conditioning.layers(io, self.z_dim, self.embed_dim, norms);
        size.with_products(convs.chain(ends)).with_told(io, told).with_vectors(vectors)
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl GeneratorSpec for SndcganGeneratorConfig {
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
        Ok(Box::new(SndcganGenerator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the classes.
const WHO: &str = "sndcgan generator";

/// z → linear layer (`l1`) → [transposed convolution (`dc1` …), norm (`bn1` …), activation] × 3 → convolution (`c`) →
/// tanh. Transposed convolutions have kernel 4, stride 2 and padding 1, the last convolution kernel 3.
#[derive(Debug)]
pub struct SndcganGenerator {
    told: Option<ClassVectors>,
    first: Linear,
    start: [usize; 2],
    stages: Vec<(ConvTranspose2d, StageNorm)>,
    last: Conv2d,
    activation: Activation,
    params: Params,
    z_dim: usize,
    io: Io,
}

impl SndcganGenerator {
    /// A generator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or 8 does not divide the side of the images.
    pub fn new(
        config: &SndcganGeneratorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let (image, side) = io.square().unwrap_or_default();
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let beside = config.conditioning.beside(config.embed_dim);
        let told = ClassVectors::new(config.conditioning, [config.z_dim, beside], io, &root, WHO)?;
        let channels = config.channels();
        let start = [channels[0], side / 8];
        let features = start[0] * start[1] * start[1];
        let first =
            Linear::new(config.z_dim + beside, features, &layer(true, config.spectral), &root.pp("l1"))?;
        let of_class = config.conditioning == GeneratorConditioning::Norm;
        let classes = io.classes().filter(|_| of_class);
        let bias = !config.norm.is_affine();
        let stage = |(i, pair): (usize, &[usize])| {
            let conv = ConvTranspose2dConfig::new(pair[0], pair[1], 4)
                .with_stride(2, 1)
                .with_layer(layer(bias, config.spectral));
            let norm = NormConfig::new(config.norm, pair[1]);
            let norm = StageNorm::new(&norm, Told::classes(classes), WHO, &root.pp(format!("bn{}", i + 1)))?;
            Ok((ConvTranspose2d::new(&conv, &root.pp(format!("dc{}", i + 1)))?, norm))
        };
        let stages = channels.windows(2).enumerate().map(stage).collect::<ganymede_tensor::Result<_>>()?;
        let last = Conv2dConfig::new(channels[3], image, 3).with_stride(1, 1);
        let last = Conv2d::new(&last.with_layer(layer(true, config.spectral)), &root.pp("c"))?;
        let (activation, z_dim, io) = (config.activation, config.z_dim, io.clone());
        Ok(Self { told, first, start, stages, last, activation, params, z_dim, io })
    }
}

impl Generator for SndcganGenerator {
    /// `z` `(N, Z)` to images `(N, C, R, R)` in [−1, 1].
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Generated> {
        let (z, n) = input.z(WHO, self.z_dim)?;
        let z = match &self.told {
            Some(told) => told.join(z, input.condition, mode)?,
            None => z.clone(),
        };
        let [channels, side] = self.start;
        let mut x = self.first.forward(&z, mode)?.reshape((n, channels, side, side))?;
        for (conv, norm) in &self.stages {
            x = norm.forward_activated(&conv.forward(&x, mode)?, input.condition, self.activation, mode)?;
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
