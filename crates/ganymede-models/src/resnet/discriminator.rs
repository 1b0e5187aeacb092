//! The discriminator: blocks that halve, then a linear layer over the pooled map.

use ganymede_tensor::{DType, Device, Params, Rng, global_avg_pool2d};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::block::{BlockConfig, DownBlock};
use super::layout::{LayoutKind, Role, Step, fits, size_of_blocks};
use super::{Initialisation, MOST_WIDTH, NAME};
use crate::conditioning::{DiscriminatorConditioning, Judge, Parts, Told};
use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::attention::SelfAttention2d;
use crate::layers::linear::Linear;
use crate::layers::minibatch::{MinibatchFeatures, MinibatchLayer};
use crate::layers::norm::NormKind;
use crate::layers::spectral::SpectralConfig;
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError, reference, scores};

/// What the last feature map becomes a vector by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Sums over the image: SNGAN and those after it.
    Sum,
    /// Means: WGAN-GP.
    Mean,
}

/// The settings of a [`ResnetDiscriminator`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResnetDiscriminatorConfig {
    /// Channels of the last feature map (`ndf`). Left out, it is as published: 128 at 32 pixels, 1024 above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// The normalisation before the convolutions of all blocks but the first.
    pub norm: NormKind,
    /// Before the convolutions.
    pub activation: Activation,
    /// How the image becomes a vector.
    pub pooling: Pooling,
    /// Spectral normalisation of all layers (arXiv:1802.05957).
    pub spectral: bool,
    /// Whether shortcuts take the activated input, as in torch-mimicry, whose activations write over it; in the authors'
    /// code they take it as it is.
    pub activated_shortcut: bool,
    /// Sides of the feature maps that self-attention follows.
    pub attention: Vec<usize>,
    /// How it judges the class.
    pub conditioning: DiscriminatorConditioning,
    /// Which blocks it has.
    pub layout: LayoutKind,
    /// How weights start.
    pub init: Initialisation,
    /// What the last layer sees of the batch as a whole.
    #[serde(default, skip_serializing_if = "MinibatchFeatures::is_none")]
    pub minibatch: MinibatchFeatures,
    /// Numbers a sample: 1, a score, or the features that a loss between distributions compares.
    #[serde(default = "scores::usual", skip_serializing_if = "scores::is_usual")]
    pub scores: usize,
}

impl ResnetDiscriminatorConfig {
    /// As in SNGAN (Miyato et al., 2018, table 4).
    pub fn sngan() -> Self {
        Self {
            width: None,
            norm: NormKind::None,
            activation: Activation::Relu,
            pooling: Pooling::Sum,
            spectral: true,
            activated_shortcut: false,
            attention: Vec::new(),
            conditioning: DiscriminatorConditioning::None,
            layout: LayoutKind::Sngan,
            init: Initialisation::Glorot,
            minibatch: MinibatchFeatures::None,
            scores: scores::usual(),
        }
    }

    /// As in WGAN-GP (Gulrajani et al., 2017, appendix C): no spectral normalisation, means in place of sums. Its
    /// layer normalisation is `norm = "layer"`; torch-mimicry has none.
    pub fn wgan_gp() -> Self {
        Self { spectral: false, pooling: Pooling::Mean, ..Self::sngan() }
    }

    /// As in SAGAN (Zhang et al., 2019, section 4), with attention where torch-mimicry has it at 32 pixels, at 8; the
    /// paper's, of 128 pixels, is at 32.
    pub fn sagan() -> Self {
        Self { attention: vec![8], ..Self::sngan() }
    }

    /// As in BigGAN (Brock et al., 2019, appendix B), told the class.
    pub fn biggan() -> Self {
        Self {
            layout: LayoutKind::Biggan,
            init: Initialisation::Orthogonal,
            conditioning: DiscriminatorConditioning::Projection,
            ..Self::sngan()
        }
    }

    /// Its blocks on data that it fits.
    fn steps(&self, io: &Io) -> Vec<Step> {
        let (Some(layout), Some((channels, _))) = (self.layout.of(io), io.square()) else {
            return Vec::new();
        };
        let width = self.width.unwrap_or(layout.usual_width(Role::Discriminator));
        layout.down(channels + self.conditioning.head().extra_channels, width, &self.attention)
    }

    /// What the head is built from, on such data.
    fn parts(&self, io: &Io, channels: usize) -> Parts {
        Parts {
            told: io.condition.clone(),
            channels,
            feature_side: 1,
            side: io.square().unwrap_or_default().1,
            spectral: self.spectral.then(SpectralConfig::default),
            init: self.init.weights(1.0),
            embedding: "l_y",
            who: WHO,
        }
    }
}

impl NetworkSpec for ResnetDiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[("width", self.width.unwrap_or(1), MOST_WIDTH)]);
        problems.extend(reference::objection(self.norm, reference::NO_DISCRIMINATOR));
        problems.extend(scores::check(self.scores, self.conditioning));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io, self.layout, self.width, &self.attention, Role::Discriminator);
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
        let steps = self.steps(io);
        let Some(last) = steps.last() else { return Size::default() };
        let own = (self.conditioning.head().weights)(&self.parts(io, last.to));
        let head = self.conditioning.head().products(io);
        // Gains and biases before the convolutions of all blocks but the first.
        let normed = steps[1..].iter().map(|step| step.from + step.inner).sum::<usize>();
        let normed = if self.norm.is_affine() { 2 * normed } else { 0 };
        size_of_blocks(&steps)
            .with_products([
                (((last.to + self.minibatch.extra()) * self.scores) as u128, 1),
                (self.minibatch.weights(last.to), 1),
                (own, head),
            ])
            .with_vectors((self.scores + normed) as u128 + head * io.classes().unwrap_or(0) as u128)
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for ResnetDiscriminatorConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(ResnetDiscriminator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the condition.
const WHO: &str = "resnet discriminator";

/// x → blocks, attention after some → activation → sums or means over the image → linear layer. Scores are raw.
///
/// ```
/// use ganymede_models::{
///     Discriminator, DiscriminatorInput, Io, Mode, ResnetDiscriminator, ResnetDiscriminatorConfig,
/// };
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = ResnetDiscriminatorConfig { width: Some(4), ..ResnetDiscriminatorConfig::sngan() };
/// let d = ResnetDiscriminator::new(&config, &Io::new([1, 32, 32]), Rng::new(0), DType::F32, &Device::Cpu)?;
/// let x = Rng::new(1).normal((2, 1, 32, 32), DType::F32, &Device::Cpu)?;
/// assert_eq!(d.forward(DiscriminatorInput::new(&x), Mode::Eval)?.scores.dims(), [2]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct ResnetDiscriminator {
    blocks: Vec<(DownBlock, Option<SelfAttention2d>)>,
    minibatch: MinibatchLayer,
    last: Linear,
    head: Box<dyn Judge>,
    scores: usize,
    activation: Activation,
    pooling: Pooling,
    params: Params,
    io: Io,
}

impl ResnetDiscriminator {
    /// A discriminator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not of a side that the family has a layout for.
    pub fn new(
        config: &ResnetDiscriminatorConfig,
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
        let block = BlockConfig {
            norm: config.norm,
            told: Told::Nothing,
            init: config.init,
            activation: config.activation,
            spectral: config.spectral,
            who: WHO,
        };
        let spectral = config.spectral.then(SpectralConfig::default);
        let mut blocks = Vec::new();
        for (i, step) in steps.iter().enumerate() {
            let options = [i == 0, config.activated_shortcut];
            let down = DownBlock::new(&block, step, options, &root.pp(format!("block{}", i + 1)))?;
            let attend = || SelfAttention2d::at(step.sides[1], step.to, &config.attention, spectral, &root);
            blocks.push((down, step.attends.then(attend).transpose()?));
        }
        let channels = steps[steps.len() - 1].to;
        let name = format!("l{}", steps.len() + 1);
        let layer = config.init.layer(1.0, config.spectral);
        let minibatch = config.minibatch.build(channels, &layer, &root.pp("minibatch"))?;
        let last = Linear::new(channels + config.minibatch.extra(), config.scores, &layer, &root.pp(name))?;
        let head = (config.conditioning.head().build)(&config.parts(io, channels), &root)?;
        let (activation, pooling, io) = (config.activation, config.pooling, io.clone());
        let scores = config.scores;
        Ok(Self { blocks, minibatch, last, head, scores, activation, pooling, params, io })
    }
}

impl Discriminator for ResnetDiscriminator {
    /// Images `(N, C, R, R)` to raw scores `(N,)`, or `(N, K)` of several.
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> ganymede_tensor::Result<Critique> {
        let x = input.images(WHO, &self.io)?;
        let mut x = self.head.see(x, input.condition, mode)?;
        for (block, attention) in &self.blocks {
            x = block.forward(&x, mode)?;
            if let Some(attention) = attention {
                x = attention.forward(&x, mode)?;
            }
        }
        let features = self.activation.forward(&x)?;
        let pooled = match self.pooling {
            Pooling::Sum => features.flatten_from(2)?.sum(2)?,
            Pooling::Mean => global_avg_pool2d(&features)?,
        };
        let given = self.last.forward(&self.minibatch.append(&pooled, mode)?, mode)?;
        let scores = scores::shaped(&given, self.scores)?;
        self.head.judge(&pooled.unsqueeze(2)?.unsqueeze(3)?, scores, input.condition, mode)
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
