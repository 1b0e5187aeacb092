//! The discriminator: seven convolutions and a linear layer.

use ganymede_tensor::{DType, Device, Params, Rng, leaky_relu};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{MOST_WIDTH, NAME, fits, layer, odd_width};
use crate::conditioning::{DiscriminatorConditioning, Judge, Parts};
use crate::io::Io;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::linear::Linear;
use crate::layers::minibatch::{MinibatchFeatures, MinibatchLayer};
use crate::layers::norm::{Norm, NormConfig, NormKind};
use crate::layers::spectral::SpectralConfig;
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError, reference, scores};

/// The settings of a [`SndcganDiscriminator`]. The default is the paper's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SndcganDiscriminatorConfig {
    /// Channels of the last feature map, a multiple of 8.
    pub width: usize,
    /// The normalisation behind each convolution but the first.
    pub norm: NormKind,
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

impl Default for SndcganDiscriminatorConfig {
    fn default() -> Self {
        Self {
            width: 512,
            norm: NormKind::None,
            spectral: true,
            conditioning: DiscriminatorConditioning::None,
            minibatch: MinibatchFeatures::None,
            scores: scores::usual(),
        }
    }
}

/// The slope below 0, half that of most discriminators.
const SLOPE: f64 = 0.1;

/// Kernel, stride and share of the width of each convolution: those of kernel 4 halve.
const CONVS: [(usize, usize, usize); 7] =
    [(3, 1, 8), (4, 2, 8), (3, 1, 4), (4, 2, 4), (3, 1, 2), (4, 2, 2), (3, 1, 1)];

impl SndcganDiscriminatorConfig {
    /// What the head is built from, on such data.
    fn parts(&self, io: &Io) -> Parts {
        let side = io.square().unwrap_or_default().1;
        Parts {
            told: io.condition.clone(),
            channels: self.width,
            feature_side: side / 8,
            side,
            spectral: self.spectral.then(SpectralConfig::default),
            init: layer(true, false).weight_init,
            embedding: "embed",
            who: WHO,
        }
    }

    /// Channels that the first convolution sees.
    fn seen(&self, io: &Io) -> usize {
        io.square().unwrap_or_default().0 + self.conditioning.head().extra_channels
    }
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = SndcganDiscriminatorConfig { width: 16, ..Default::default() };
    let batch = SndcganDiscriminatorConfig { norm: NormKind::Batch, spectral: false, ..small.clone() };
    let images = Io::new([2, 16, 16]);
    let several = SndcganDiscriminatorConfig { scores: 3, ..small.clone() };
    let mut all = [small.clone(), batch, several].map(|config| (config, images.clone())).to_vec();
    let seeing = |&minibatch| SndcganDiscriminatorConfig { minibatch, ..small.clone() };
    all.extend(MinibatchFeatures::ALL[1..].iter().map(seeing).map(|config| (config, images.clone())));
    let judging = |&conditioning| SndcganDiscriminatorConfig { conditioning, ..small.clone() };
    let classes = Io::with_classes([1, 16, 16], 3);
    all.extend(
        DiscriminatorConditioning::ALL[1..].iter().map(judging).map(|config| (config, classes.clone())),
    );
    all.into_iter().map(|(config, io)| (Box::new(config) as Box<_>, io)).collect()
}

impl NetworkSpec for SndcganDiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[("width", self.width, MOST_WIDTH)]);
        problems.extend(odd_width(self.width));
        problems.extend(reference::objection(self.norm, reference::NO_DISCRIMINATOR));
        problems.extend(scores::check(self.scores, self.conditioning));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io);
        problems.extend(self.conditioning.fits(io));
        problems
    }

    fn traits(&self) -> Traits {
        let head = self.conditioning.head();
        Traits {
            mixes_batch: self.norm == NormKind::Batch || !self.minibatch.is_none(),
            sees_batch: !self.minibatch.is_none(),
            lipschitz: self.spectral && self.minibatch.is_none(),
            conditional: head.conditional,
            classifies: head.classifies,
            scores: self.scores,
            ..Traits::default()
        }
    }

    fn size(&self, io: &Io) -> Size {
        let Some((_, side)) = io.square() else { return Size::default() };
        let (mut from, mut side) = (self.seen(io) as u128, side as u128);
        let mut size = Size { activations: from * side * side, ..Size::default() };
        for (i, (kernel, stride, divisor)) in CONVS.into_iter().enumerate() {
            let to = (self.width / divisor) as u128;
            side /= stride as u128;
            let map = to * side * side;
            size.activations = size.activations.max(map);
            size.held += if self.norm == NormKind::None { map } else { 2 * map };
            let is_normed = i > 0 && self.norm.is_affine();
            size = size
                .with_products([((kernel * kernel) as u128 * from * to, side * side)])
                .with_vectors(if is_normed { 2 * to } else { to });
            from = to;
        }
        let features = self.width * (side * side) as usize;
        let last = ((features + self.minibatch.extra()) * self.scores) as u128;
        let own = (self.conditioning.head().weights)(&self.parts(io));
        let head = self.conditioning.head().products(io);
        size.with_products([(last, 1), (self.minibatch.weights(features), 1), (own, head)])
            .with_vectors(self.scores as u128 + head * io.classes().unwrap_or(0) as u128)
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for SndcganDiscriminatorConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(SndcganDiscriminator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the condition.
const WHO: &str = "sndcgan discriminator";

/// x → [convolution (`c1` …), norm (`bn2` …), leaky ReLU of slope 0.1] × 7 → linear layer (`l`). Scores are raw.
#[derive(Debug)]
pub struct SndcganDiscriminator {
    stages: Vec<(Conv2d, Norm)>,
    minibatch: MinibatchLayer,
    last: Linear,
    head: Box<dyn Judge>,
    scores: usize,
    params: Params,
    io: Io,
}

impl SndcganDiscriminator {
    /// A discriminator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or 8 does not divide the side of the images.
    pub fn new(
        config: &SndcganDiscriminatorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let mut from = config.seen(io);
        let mut stages = Vec::new();
        for (i, (kernel, stride, divisor)) in CONVS.into_iter().enumerate() {
            let to = config.width / divisor;
            let kind = if i == 0 { NormKind::None } else { config.norm };
            let bias = !kind.is_affine();
            let conv = Conv2dConfig::new(from, to, kernel)
                .with_stride(stride, 1)
                .with_layer(layer(bias, config.spectral));
            let conv = Conv2d::new(&conv, &root.pp(format!("c{}", i + 1)))?;
            let norm = Norm::new(&NormConfig::new(kind, to), &root.pp(format!("bn{}", i + 1)))?;
            stages.push((conv, norm));
            from = to;
        }
        let bottom = io.square().unwrap_or_default().1 / 8;
        let features = config.width * bottom * bottom;
        let layer = layer(true, config.spectral);
        let minibatch = config.minibatch.build(features, &layer, &root.pp("minibatch"))?;
        let last = Linear::new(features + config.minibatch.extra(), config.scores, &layer, &root.pp("l"))?;
        let head = (config.conditioning.head().build)(&config.parts(io), &root)?;
        Ok(Self { stages, minibatch, last, head, scores: config.scores, params, io: io.clone() })
    }
}

impl Discriminator for SndcganDiscriminator {
    /// Images `(N, C, R, R)` to raw scores `(N,)`, or `(N, K)` of several.
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Critique> {
        let x = input.images(WHO, &self.io)?;
        let mut x = self.head.see(x, input.condition, mode)?;
        for (conv, norm) in &self.stages {
            x = leaky_relu(&norm.forward(&conv.forward(&x, mode)?, mode)?, SLOPE)?;
        }
        let features = self.minibatch.append(&x.flatten_from(1)?, mode)?;
        let scores = scores::shaped(&self.last.forward(&features, mode)?, self.scores)?;
        self.head.judge(&x, scores, input.condition, mode)
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
