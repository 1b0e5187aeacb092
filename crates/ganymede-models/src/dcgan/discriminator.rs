//! The discriminator: strided convolutions down to one score.

use ganymede_tensor::{DType, Device, Params, Rng, Tensor, bail};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{
    MOST_MULTIPLIER, MOST_WIDTH, NAME, fits, layer_config, norm_config, places, size, vectors, weight_init,
    widths,
};
use crate::conditioning::{DiscriminatorConditioning, Judge, Parts};
use crate::io::{ConditionShape, Io};
use crate::layers::activation::Activation;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::minibatch::{MinibatchFeatures, MinibatchLayer};
use crate::layers::norm::{Norm, NormKind};
use crate::layers::spectral::SpectralConfig;
use crate::spec::{
    DiscriminatorSpec, Fault, NetworkSpec, Problem, Size, Traits, read_table, refuse, sizes, write_table,
};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError, reference, scores};

/// The settings of a [`DcganDiscriminator`]. The default is the tutorial's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DcganDiscriminatorConfig {
    /// Channels of the feature maps at half the resolution (`ndf`).
    pub width: usize,
    /// The largest multiple of `width` that a feature map has.
    pub max_multiplier: usize,
    /// The normalisation between the convolutions. Left out, it is `batch`, or `none` with `spectral`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub norm: Option<NormKind>,
    /// Spectral normalisation of all layers (arXiv:1802.05957).
    pub spectral: bool,
    /// How it judges the class.
    pub conditioning: DiscriminatorConditioning,
    /// What the last layer sees of the batch as a whole.
    #[serde(skip_serializing_if = "MinibatchFeatures::is_none")]
    pub minibatch: MinibatchFeatures,
    /// Numbers a sample: 1, a score, or the features that a loss between distributions compares.
    #[serde(skip_serializing_if = "scores::is_usual")]
    pub scores: usize,
}

impl Default for DcganDiscriminatorConfig {
    fn default() -> Self {
        Self {
            width: 64,
            max_multiplier: 8,
            norm: None,
            spectral: false,
            conditioning: DiscriminatorConditioning::None,
            minibatch: MinibatchFeatures::None,
            scores: scores::usual(),
        }
    }
}

impl DcganDiscriminatorConfig {
    /// The normalisation that it has.
    pub fn resolved_norm(&self) -> NormKind {
        let usual = if self.spectral { NormKind::None } else { NormKind::Batch };
        self.norm.unwrap_or(usual)
    }

    /// Channels from the image to the score.
    fn channels(&self, io: &Io) -> Vec<usize> {
        let (channels, side) = io.square().unwrap_or_default();
        let inner = widths(side, self.width, self.max_multiplier);
        let seen = channels + self.conditioning.head().extra_channels;
        std::iter::once(seen).chain(inner).chain([self.scores]).collect()
    }

    /// What the head is built from, on such data.
    fn parts(&self, io: &Io, channels: &[usize]) -> Parts {
        Parts {
            told: io.condition.clone(),
            channels: channels[channels.len() - 2],
            feature_side: 4,
            side: io.square().unwrap_or_default().1,
            spectral: self.spectral.then(SpectralConfig::default),
            init: weight_init(),
            embedding: "embed",
            who: WHO,
        }
    }
}

/// Positions of the last feature map.
const LAST_AREA: usize = 16;
/// Who asks for the condition.
const WHO: &str = "dcgan discriminator";

pub(super) fn read(table: &Table) -> Result<Box<dyn DiscriminatorSpec>, Fault> {
    Ok(Box::new(read_table::<DcganDiscriminatorConfig>(table)?))
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = DcganDiscriminatorConfig { width: 4, ..Default::default() };
    let of_norm = |&norm| DcganDiscriminatorConfig { norm: Some(norm), ..small.clone() };
    let spectral = DcganDiscriminatorConfig { spectral: true, ..small.clone() };
    let capped = DcganDiscriminatorConfig { max_multiplier: 2, ..small.clone() };
    let judging = |&conditioning| DcganDiscriminatorConfig { conditioning, ..small.clone() };
    let at = |io: Io| move |config| (Box::new(config) as Box<dyn DiscriminatorSpec>, io.clone());
    let seeing = MinibatchFeatures::ALL[1..].iter();
    let seeing = seeing.map(|&minibatch| DcganDiscriminatorConfig { minibatch, ..small.clone() });
    let plain = NormKind::ALL
        .iter()
        .filter(|&&norm| norm != NormKind::Virtual)
        .map(of_norm)
        .chain([spectral.clone(), DcganDiscriminatorConfig { scores: 3, ..small.clone() }])
        .chain(seeing)
        .map(at(Io::new([2, 16, 16])));
    let projection = DiscriminatorConditioning::Projection;
    let both = DcganDiscriminatorConfig { conditioning: projection, ..spectral };
    let judging = DiscriminatorConditioning::ALL[1..].iter().map(judging).chain([both]);
    let judging = judging.map(at(Io::with_classes([2, 16, 16], 3)));
    let of_vectors = at(Io { sample: vec![2, 16, 16], condition: ConditionShape::Vectors(3) });
    let by_vectors = [projection, DiscriminatorConditioning::Concat];
    let by_vectors =
        by_vectors.map(|conditioning| DcganDiscriminatorConfig { conditioning, ..small.clone() });
    let by_vectors = by_vectors.map(of_vectors);
    plain.chain([at(Io::new([2, 64, 64]))(capped)]).chain(judging).chain(by_vectors).collect()
}

impl NetworkSpec for DcganDiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("width", self.width, MOST_WIDTH),
            ("max_multiplier", self.max_multiplier, MOST_MULTIPLIER),
        ]);
        problems.extend(reference::objection(self.resolved_norm(), reference::NO_DISCRIMINATOR));
        problems.extend(scores::check(self.scores, self.conditioning));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io);
        problems.extend(self.conditioning.fits(io));
        problems
    }

    fn traits(&self) -> Traits {
        Traits {
            mixes_batch: self.resolved_norm() == NormKind::Batch || !self.minibatch.is_none(),
            sees_batch: !self.minibatch.is_none(),
            lipschitz: self.spectral && self.minibatch.is_none(),
            conditional: self.conditioning.head().conditional,
            classifies: self.conditioning.head().classifies,
            scores: self.scores,
            ..Traits::default()
        }
    }

    fn size(&self, io: &Io) -> Size {
        let channels = self.channels(io);
        let own = (self.conditioning.head().weights)(&self.parts(io, &channels));
        let last = channels[channels.len() - 2];
        let extra = self.minibatch.extra() * LAST_AREA * self.scores;
        let beside = [self.minibatch.weights(last * LAST_AREA), extra as u128];
        let head = self.conditioning.head().products(io);
        let size = size(io, self.width, &channels, places(channels.len() - 1).rev())
            .with_products([(own, head)])
            .with_products(beside.map(|weights| (weights, 1)))
            .with_vectors(vectors(self.resolved_norm(), &channels, &channels[2..channels.len() - 1]))
            .with_vectors(head * io.classes().unwrap_or(0) as u128);
        // The first layer sees the class beside the image.
        let seen = channels[0] as u128 * io.square().map_or(0, |(_, side)| side as u128).pow(2);
        Size { activations: size.activations.max(seen), ..size }
    }

    fn write(&self) -> Table {
        write_table(&Self { norm: Some(self.resolved_norm()), ..self.clone() })
    }
}

impl DiscriminatorSpec for DcganDiscriminatorConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(DcganDiscriminator::new(self, io, rng, dtype, device)?))
    }
}

/// x → convolution, leaky ReLU → [convolution, norm, leaky ReLU] × (K−1) → \[features of the batch\] → convolution → score.
///
/// Each convolution halves (kernel 4, stride 2, padding 1), the last makes 1×1 from 4×4 (kernel 4,
/// no padding). The first has no norm after it. Scores are raw: there is no sigmoid.
///
/// ```
/// use ganymede_models::{DcganDiscriminator, DcganDiscriminatorConfig, Discriminator, DiscriminatorInput, Io, Mode};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = DcganDiscriminatorConfig { width: 4, spectral: true, ..Default::default() };
/// let d = DcganDiscriminator::new(&config, &Io::new([1, 8, 8]), Rng::new(0), DType::F32, &Device::Cpu)?;
/// let x = Rng::new(1).normal((2, 1, 8, 8), DType::F32, &Device::Cpu)?;
/// assert_eq!(d.forward(DiscriminatorInput::new(&x), Mode::Eval)?.scores.dims(), [2]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct DcganDiscriminator {
    hidden: Vec<(Conv2d, Norm)>,
    minibatch: MinibatchLayer,
    last: Conv2d,
    head: Box<dyn Judge>,
    scores: usize,
    params: Params,
    io: Io,
}

impl DcganDiscriminator {
    /// A discriminator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &DcganDiscriminatorConfig,
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
        let norm = config.resolved_norm();
        let conv = |from: usize, to: usize, [stride, padding]: [usize; 2], index: usize| {
            let conv = Conv2dConfig::new(from, to, 4)
                .with_stride(stride, padding)
                .with_layer(layer_config(norm, config.spectral));
            Conv2d::new(&conv, &main.pp(index))
        };
        let channels = config.channels(io);
        let stages = channels.len() - 2;
        let mut index = 0;
        let mut hidden = Vec::new();
        for stage in 0..stages {
            let (from, to) = (channels[stage], channels[stage + 1]);
            let kind = if stage == 0 { NormKind::None } else { norm };
            let down = conv(from, to, [2, 1], index)?;
            hidden.push((down, Norm::new(&norm_config(kind, to), &main.pp(index + 1))?));
            // With a norm a stage is convolution, norm, leaky ReLU in the numbering.
            index += if kind == NormKind::None { 2 } else { 3 };
        }
        let layer = layer_config(NormKind::None, config.spectral);
        let features = channels[stages] * LAST_AREA;
        let minibatch = config.minibatch.build(features, &layer, &root.pp("minibatch"))?;
        let last = conv(channels[stages] + config.minibatch.extra(), config.scores, [1, 0], index)?;
        let head = (config.conditioning.head().build)(&config.parts(io, &channels), &root)?;
        Ok(Self { hidden, minibatch, last, head, scores: config.scores, params, io: io.clone() })
    }

    fn check(&self, x: &Tensor) -> ganymede_tensor::Result<()> {
        if x.rank() == 4 && x.dims()[1..] == self.io.sample[..] {
            return Ok(());
        }
        let [c, h, w] = self.io.sample[..] else { unreachable!("it was built for images") };
        bail!("{NAME} discriminator: x is {:?}, expected (N, {c}, {h}, {w})", x.dims())
    }
}

impl Discriminator for DcganDiscriminator {
    /// Images `(N, C, R, R)` to raw scores `(N,)`, or `(N, K)` of several.
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Critique> {
        self.check(input.samples)?;
        let mut x = self.head.see(input.samples, input.condition, mode)?;
        for (conv, norm) in &self.hidden {
            x = if norm.is_none() {
                conv.forward_activated(&x, Activation::LeakyRelu, mode)?
            } else if !conv.has_bias() {
                norm.after(&conv.pending(&x, mode)?, Activation::LeakyRelu, mode)?
            } else {
                norm.forward_activated(&conv.forward(&x, mode)?, Activation::LeakyRelu, mode)?
            };
        }
        let given = self.last.forward(&self.minibatch.append(&x, mode)?, mode)?;
        let scores = scores::shaped(&given, self.scores)?;
        self.head.judge(&x, scores, input.condition, mode)
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
