//! The discriminator.

use ganymede_tensor::{DType, Device, Init, Params, Result, Rng, Tensor, avg_pool2d};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{
    BOTTOM, KERNEL, MOST_BASE, MOST_WIDTH, NAME, USUAL_BASE, USUAL_MAX, blended, conv, fits, layer, linear,
    side, stages, widths,
};
use crate::conditioning::{DiscriminatorConditioning, Judge, Parts};
use crate::io::{ConditionShape, Io};
use crate::layers::activation::Activation;
use crate::layers::conv::Conv2d;
use crate::layers::linear::Linear;
use crate::layers::minibatch::{MinibatchFeatures, MinibatchLayer, minibatch_stddev_unbiased};
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError};

/// The settings of a [`PgganDiscriminator`]. The default is the paper's for 1024 pixels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PgganDiscriminatorConfig {
    /// Channels at a side R are this over R.
    pub width_base: usize,
    /// Channels at most.
    pub width_max: usize,
    /// The activation behind each layer but the last.
    pub activation: Activation,
    /// Whether layers have an equalised learning rate (section 4.1 of the paper).
    pub equalised: bool,
    /// What the convolution at 4×4 sees of the batch as a whole.
    pub minibatch: MinibatchFeatures,
    /// How it judges the class: by `projection`, or as an `auxiliary` classifier.
    pub conditioning: DiscriminatorConditioning,
}

impl Default for PgganDiscriminatorConfig {
    fn default() -> Self {
        Self {
            width_base: USUAL_BASE,
            width_max: USUAL_MAX,
            activation: Activation::LeakyRelu,
            equalised: true,
            minibatch: MinibatchFeatures::Stddev,
            conditioning: DiscriminatorConditioning::None,
        }
    }
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = PgganDiscriminatorConfig { width_base: 32, width_max: 4, ..Default::default() };
    let plain = PgganDiscriminatorConfig {
        activation: Activation::Softplus,
        equalised: false,
        minibatch: MinibatchFeatures::None,
        ..small.clone()
    };
    let first = PgganDiscriminatorConfig {
        width_base: 16,
        minibatch: MinibatchFeatures::Discrimination,
        ..small.clone()
    };
    let judging = |conditioning| PgganDiscriminatorConfig { conditioning, ..small.clone() };
    let projection = judging(DiscriminatorConditioning::Projection);
    let vectors = Io { sample: vec![1, 8, 8], condition: ConditionShape::Vectors(3) };
    vec![
        (Box::new(small.clone()), Io::new([2, 16, 16])),
        (Box::new(plain), Io::new([1, 8, 8])),
        (Box::new(first), Io::new([1, 4, 4])),
        (Box::new(judging(DiscriminatorConditioning::Auxiliary)), Io::with_classes([1, 8, 8], 3)),
        (Box::new(projection.clone()), Io::with_classes([1, 8, 8], 3)),
        (Box::new(projection), vectors),
    ]
}

/// Positions of the last feature map.
const LAST_AREA: usize = BOTTOM * BOTTOM;

impl PgganDiscriminatorConfig {
    fn widths(&self, io: &Io) -> Vec<usize> {
        widths(stages(io), self.width_base, self.width_max)
    }

    /// Numbers of the last layer: the score, and the logits of a classifier.
    fn outputs(&self, io: &Io) -> usize {
        1 + if self.conditioning.head().classifies { io.classes().unwrap_or(0) } else { 0 }
    }

    /// The way to judge the class that has weights of its own: a classifier's are in the last layer.
    fn beside(&self) -> DiscriminatorConditioning {
        match self.conditioning {
            DiscriminatorConditioning::Auxiliary => DiscriminatorConditioning::None,
            other => other,
        }
    }

    /// What it is built from, on such data.
    fn parts(&self, io: &Io, width: usize) -> Parts {
        Parts {
            told: io.condition.clone(),
            channels: width,
            feature_side: 1,
            side: io.square().unwrap_or_default().1,
            spectral: None,
            init: Init::Normal { mean: 0.0, std: 1.0 / (width as f64).sqrt() },
            embedding: "embed",
            who: WHO,
        }
    }

    fn minibatch(&self, width: usize, builder: &ganymede_tensor::Builder) -> Result<MinibatchLayer> {
        match self.minibatch {
            MinibatchFeatures::Stddev => Ok(MinibatchLayer::Stddev(minibatch_stddev_unbiased)),
            other => other.build(width * LAST_AREA, &layer(self.equalised), builder),
        }
    }
}

impl NetworkSpec for PgganDiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems =
            sizes(&[("width_base", self.width_base, MOST_BASE), ("width_max", self.width_max, MOST_WIDTH)]);
        if self.conditioning == DiscriminatorConditioning::Concat {
            let fix =
                "\"projection\" or \"auxiliary\": a channel of the class has the side of one stage only";
            problems.push(Problem::new("conditioning", "\"concat\"", fix));
        }
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = fits(io, self.width_base);
        problems.extend(self.conditioning.fits(io));
        problems
    }

    fn traits(&self) -> Traits {
        let head = self.conditioning.head();
        Traits {
            mixes_batch: !self.minibatch.is_none(),
            sees_batch: !self.minibatch.is_none(),
            conditional: head.conditional,
            classifies: head.classifies,
            ..Traits::default()
        }
    }

    fn size(&self, io: &Io) -> Size {
        let (widths, image) = (self.widths(io), io.square().unwrap_or_default().0 as u128);
        let last = widths.len().saturating_sub(1);
        let bottom = widths.first().copied().unwrap_or(0);
        let (features, seen) = (bottom * LAST_AREA, (bottom + self.minibatch.extra()) as u128);
        let (head, outputs) = (self.beside().head(), self.outputs(io) as u128);
        let width = bottom as u128;
        let mut size = Size::default()
            .with_products([(self.minibatch.weights(features), 1)])
            .with_products([(KERNEL * seen * width, LAST_AREA as u128)])
            .with_products([(features as u128 * width, 1), (width * outputs, 1)])
            .with_products([((head.weights)(&self.parts(io, bottom)), head.products(io))])
            .with_vectors(2 * width + outputs);
        for (stage, &width) in widths.iter().enumerate() {
            let (area, width) = (side(stage).pow(2) as u128, width as u128);
            // Only the last stage sees colours when all have grown.
            size = size
                .with_products([(width * image, if stage == last { area } else { 0 })])
                .with_vectors(width);
            let mut largest = width.max(image);
            if let Some(to) = stage.checked_sub(1).map(|before| widths[before] as u128) {
                let convs = [width, to].map(|to| (KERNEL * width * to, area));
                size = size.with_products(convs).with_vectors(width + to);
                largest = largest.max(to);
            }
            size.activations = size.activations.max(largest * area);
            size.held += 2 * width * area;
        }
        size
    }

    fn stages(&self, io: &Io) -> usize {
        stages(io)
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for PgganDiscriminatorConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(PgganDiscriminator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for what it is given.
const WHO: &str = "pggan discriminator";

/// x → 1×1 convolution of the stage from colours → [two 3×3 convolutions, halving by means] a stage → \[features of the
/// batch\] → 3×3 convolution → linear layer of the whole map → linear layer to the score. Behind each layer but the last
/// stands a leaky ReLU. Scores are raw.
///
/// ```
/// use ganymede_models::{Discriminator, DiscriminatorInput, Growth, Io, Mode, PgganDiscriminator, PgganDiscriminatorConfig};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = PgganDiscriminatorConfig { width_base: 64, width_max: 8, ..Default::default() };
/// let d = PgganDiscriminator::new(&config, &Io::new([3, 16, 16]), Rng::new(0), DType::F32, &Device::Cpu)?;
/// let x = Rng::new(1).normal((2, 3, 8, 8), DType::F32, &Device::Cpu)?;
/// let fading = DiscriminatorInput { growth: Growth { stage: 1, alpha: 0.3 }, ..DiscriminatorInput::new(&x) };
/// assert_eq!(d.forward(fading, Mode::Eval)?.scores.dims(), [2]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct PgganDiscriminator {
    /// Of each stage.
    from_colours: Vec<Conv2d>,
    /// Of each stage but the first.
    stages: Vec<[Conv2d; 2]>,
    minibatch: MinibatchLayer,
    bottom: Conv2d,
    whole: Linear,
    last: Linear,
    head: Box<dyn Judge>,
    activation: Activation,
    params: Params,
    io: Io,
}

impl PgganDiscriminator {
    /// A discriminator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &PgganDiscriminatorConfig,
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
        let colours = |(i, &width)| conv([image, width], 1, equalised, &root.pp("fromRGBLayers").pp(i));
        let from_colours = widths.iter().enumerate().map(colours).collect::<Result<_>>()?;
        let stage = |(i, pair): (usize, &[usize])| {
            let at = root.pp("scaleLayers").pp(i);
            let second = conv([pair[1], pair[0]], 3, equalised, &at.pp(1))?;
            Ok([conv([pair[1]; 2], 3, equalised, &at.pp(0))?, second])
        };
        let stages = widths.windows(2).enumerate().map(stage).collect::<Result<_>>()?;
        let (width, at) = (widths[0], root.pp("groupScaleZero"));
        let minibatch = config.minibatch(width, &root.pp("minibatch"))?;
        let bottom = conv([width + config.minibatch.extra(), width], 3, equalised, &at.pp(0))?;
        let whole = linear([width * LAST_AREA, width], equalised, &at.pp(1))?;
        let last = linear([width, config.outputs(io)], equalised, &root.pp("decisionLayer"))?;
        let head = (config.beside().head().build)(&config.parts(io, width), &root)?;
        let activation = config.activation;
        Ok(Self {
            from_colours,
            stages,
            minibatch,
            bottom,
            whole,
            last,
            head,
            activation,
            params,
            io: io.clone(),
        })
    }

    /// The map of 4×4 pixels.
    fn map(&self, input: DiscriminatorInput<'_>, mode: Mode) -> Result<Tensor> {
        let all = self.from_colours.len();
        let (last, fading) = (input.growth.stage_of(all), input.growth.fading(WHO, all)?);
        let image = input.images_of_stage(WHO, &self.io, all)?;
        let seen = self.head.see(image, input.condition, mode)?;
        let colours =
            |stage: usize, x: &Tensor| self.from_colours[stage].forward_activated(x, self.activation, mode);
        let mut x = colours(last, &seen)?;
        for stage in (1..=last).rev() {
            for conv in &self.stages[stage - 1] {
                x = conv.forward_activated(&x, self.activation, mode)?;
            }
            x = avg_pool2d(&x, 2)?;
            if let (true, Some(alpha)) = (stage == last, fading) {
                x = blended(&colours(stage - 1, &avg_pool2d(&seen, 2)?)?, &x, alpha)?;
            }
        }
        Ok(x)
    }
}

impl Discriminator for PgganDiscriminator {
    /// Images `(N, C, S, S)` of the stage to raw scores `(N,)`.
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> Result<Critique> {
        let x = self.minibatch.append(&self.map(input, mode)?, mode)?;
        let x = self.bottom.forward_activated(&x, self.activation, mode)?.flatten_from(1)?;
        let x = self.activation.forward(&self.whole.forward(&x, mode)?)?;
        let said = self.last.forward(&x, mode)?;
        let scores = said.narrow(1, 0, 1)?.squeeze(1)?;
        let features = x.unsqueeze(2)?.unsqueeze(3)?;
        let critique = self.head.judge(&features, scores, input.condition, mode)?;
        Ok(match said.dim(1)? - 1 {
            0 => critique,
            classes => critique.with_class_logits(said.narrow(1, 1, classes)?),
        })
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
