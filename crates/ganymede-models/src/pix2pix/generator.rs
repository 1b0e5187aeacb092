//! The generator: a U-Net.

use ganymede_tensor::{Builder, DType, Device, Params, Result, Rng, Tensor, bail, relu, tanh};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{
    KERNEL, MOST_SIDE, MOST_WIDTH, NAME, beside, channels, has_bias, image, images, layer, norm_config,
    of_images,
};
use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::conv_transpose::{ConvTranspose2d, ConvTranspose2dConfig};
use crate::layers::dropout::Dropout;
use crate::layers::norm::{Norm, NormKind};
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Generated, Generator, GeneratorInput, Mode, ModelError, reference};

/// The settings of a [`Pix2pixGenerator`]. The default is the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pix2pixGeneratorConfig {
    /// Channels of the first feature map, which double with each halving, up to eight times as many.
    pub width: usize,
    /// How often it halves. Left out, as often as the sides allow, 8 times at most: to 1×1 from 32, 64, 128 or 256 pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// The normalisation behind each layer but the outermost two, and the innermost that halves.
    pub norm: NormKind,
    /// The share of values that is dropped behind each of the three innermost layers that double (but never the last), in
    /// [0, 1).
    pub dropout: f64,
}

impl Default for Pix2pixGeneratorConfig {
    fn default() -> Self {
        Self { width: 64, depth: None, norm: NormKind::Batch, dropout: 0.5 }
    }
}

/// Halvings unless given, at most.
const USUAL_DEPTH: usize = 8;
/// Halvings of the longest side.
const MOST_DEPTH: usize = MOST_SIDE.ilog2() as usize;
/// Doublings with dropout, from the innermost.
const DROPPED: usize = 3;

/// A halving and the doubling that takes it back.
#[derive(Clone, Copy)]
struct Step {
    /// Channels of what is halved, and of the map behind it.
    down: [usize; 2],
    /// Channels of what is doubled, joined to what came down unless innermost, and of the map behind it.
    up: [usize; 2],
    /// Places of the halved map, and of the doubled one.
    areas: [usize; 2],
    is_outermost: bool,
    is_innermost: bool,
    /// Sides of the doubled map, where values of it are dropped.
    dropped: Option<[usize; 2]>,
}

impl Pix2pixGeneratorConfig {
    /// How often it halves images of such sides.
    fn depth_of(&self, height: usize, width: usize) -> usize {
        self.depth.unwrap_or(USUAL_DEPTH.min((height | width).trailing_zeros() as usize))
    }

    /// From the outermost to the innermost, on data that it fits.
    fn steps(&self, io: &Io) -> Vec<Step> {
        let (Some([out, height, width]), Some([seen, ..])) = (image(&io.sample), beside(io)) else {
            return Vec::new();
        };
        let depth = self.depth_of(height, width);
        let step = |i: usize| {
            let to = channels(self.width, i);
            let (is_outermost, is_innermost) = (i == 0, i + 1 == depth);
            let sides = [height >> i, width >> i];
            let has_dropout = self.dropout > 0.0 && !is_outermost && depth - i <= DROPPED;
            Step {
                down: [if is_outermost { seen } else { channels(self.width, i - 1) }, to],
                up: [
                    if is_innermost { to } else { 2 * to },
                    if is_outermost { out } else { channels(self.width, i - 1) },
                ],
                areas: [(sides[0] / 2) * (sides[1] / 2), sides[0] * sides[1]],
                is_outermost,
                is_innermost,
                dropped: has_dropout.then_some(sides),
            }
        };
        (0..depth).map(step).collect()
    }
}

pub(super) fn examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = Pix2pixGeneratorConfig { width: 4, ..Default::default() };
    let of_norm = |norm| Pix2pixGeneratorConfig { norm, ..small.clone() };
    let certain = Pix2pixGeneratorConfig { dropout: 0.0, ..small.clone() };
    let shallow = Pix2pixGeneratorConfig { depth: Some(2), ..small.clone() };
    let flat = Pix2pixGeneratorConfig { depth: Some(1), ..small.clone() };
    let io = Io::with_images([3, 16, 16], [2, 16, 16]);
    let all = [
        (small.clone(), io.clone()),
        (of_norm(NormKind::Instance), io.clone()),
        (of_norm(NormKind::None), io.clone()),
        (of_norm(NormKind::Layer), io.clone()),
        (certain, io.clone()),
        (shallow, Io::with_images([1, 12, 20], [1, 12, 20])),
        (flat, io),
        (small, Io::with_images([1, 32, 32], [3, 32, 32])),
    ];
    all.into_iter().map(|(config, io)| (Box::new(config) as Box<_>, io)).collect()
}

impl NetworkSpec for Pix2pixGeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems =
            sizes(&[("width", self.width, MOST_WIDTH), ("depth", self.depth.unwrap_or(1), MOST_DEPTH)]);
        let why = "a reference batch would need images of its own";
        problems.extend(reference::objection(self.norm, why));
        if !(0.0..1.0).contains(&self.dropout) {
            problems.push(Problem::new("dropout", self.dropout, "a number of 0 or more, below 1"));
        }
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let found = format!("samples of shape {:?}", io.sample);
        let mut problems: Vec<Problem> = match image(&io.sample) {
            Some([_, height, width]) if height.max(width) <= MOST_SIDE => {
                let multiple = 1 << self.depth.unwrap_or(1);
                let divides = height.is_multiple_of(multiple) && width.is_multiple_of(multiple);
                let fix = match self.depth {
                    Some(_) => format!("sides that {multiple} divides, or a smaller depth"),
                    None => "even sides".to_owned(),
                };
                (!divides).then(|| Problem::new("depth", found, fix)).into_iter().collect()
            }
            _ => vec![Problem::new(NAME, found, format!("images of even sides, at most {MOST_SIDE}"))],
        };
        problems.extend(of_images(io, NAME, ""));
        problems
    }

    fn traits(&self) -> Traits {
        Traits { mixes_batch: self.norm == NormKind::Batch, conditional: true, ..Traits::default() }
    }

    fn size(&self, io: &Io) -> Size {
        let mut size = Size::default();
        let bias = u128::from(has_bias(self.norm));
        for Step { down, up, areas: [small, large], is_outermost, is_innermost, .. } in self.steps(io) {
            let [small, large] = [small as u128, large as u128];
            let [seen, halved, joined, doubled] = [down[0], down[1], up[0], up[1]].map(|c| c as u128);
            let largest = (seen.max(doubled) * large).max(joined * small);
            size.activations = size.activations.max(largest);
            // Behind the convolution, the normalisation and the activation; joined, and behind its activation; behind
            // the doubling, the normalisation and the dropout.
            let joint = if is_innermost { 1 } else { 2 };
            size.held += 3 * halved * small + joint * joined * small + 3 * doubled * large;
            let window = (KERNEL * KERNEL) as u128;
            // A bias, or else a gain and a bias of the normalisation; the outermost layers have none of these.
            let of_halved = match (is_outermost || is_innermost, bias) {
                (true, bias) => bias,
                (false, bias) => 2 - bias,
            };
            let of_doubled = if is_outermost { 1 } else { 2 - bias };
            size = size
                .with_products([(window * seen * halved, small), (window * joined * doubled, small)])
                .with_vectors(of_halved * halved + of_doubled * doubled);
        }
        size
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl GeneratorSpec for Pix2pixGeneratorConfig {
    fn z_dim(&self) -> usize {
        0
    }

    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Generator>, ModelError> {
        Ok(Box::new(Pix2pixGenerator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the images.
const WHO: &str = "pix2pix generator";

/// The condition → [convolution, norm, leaky ReLU] per halving → [ReLU of what came up, behind the first joined to what
/// came down at its side; transposed convolution, norm, dropout] per doubling → tanh. Kernels are 4, strides 2.
///
/// Dropout follows the three innermost doublings, as in the paper (section 6.1.1). The authors' program in PyTorch has it
/// behind the second to the fourth, and behind fewer where there are fewer than eight: at 32 pixels behind none.
///
/// ```
/// use ganymede_models::{
///     Condition, Generator, GeneratorInput, Io, Mode, Pix2pixGenerator, Pix2pixGeneratorConfig,
/// };
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = Pix2pixGeneratorConfig { width: 4, ..Default::default() };
/// let io = Io::with_images([3, 32, 32], [1, 32, 32]);
/// let g = Pix2pixGenerator::new(&config, &io, Rng::new(0), DType::F32, &Device::Cpu)?;
/// let latents = g.draw(2, &mut Rng::new(1), &Device::Cpu)?;
/// let edges = Condition::Images(Rng::new(2).normal((2, 1, 32, 32), DType::F32, &Device::Cpu)?);
/// let input = GeneratorInput::new(&latents).with_condition(&edges);
/// assert_eq!(g.forward(input, Mode::Eval)?.samples.dims(), [2, 3, 32, 32]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct Pix2pixGenerator {
    /// From the outermost to the innermost.
    levels: Vec<Level>,
    params: Params,
    io: Io,
}

impl Pix2pixGenerator {
    /// A generator of images `[C, H, W]` from images `[C', H, W]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, the sides cannot be halved so often, or no image of the same size lies beside a sample.
    pub fn new(
        config: &Pix2pixGeneratorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let mut at = params.builder(rng, dtype, device).pp("model").pp("model");
        let mut levels = Vec::new();
        for step in config.steps(io) {
            levels.push(Level::new(config, &step, &at)?);
            at = at.pp(if step.is_outermost { 1 } else { 3 }).pp("model");
        }
        Ok(Self { levels, params, io: io.clone() })
    }

    /// A mask for each level, or nothing where nothing is dropped.
    fn masks<'a>(&self, noise: &'a [Tensor], n: usize) -> Result<Vec<Option<&'a Tensor>>> {
        if noise.is_empty() {
            return Ok(vec![None; self.levels.len()]);
        }
        let expected: Vec<Vec<usize>> =
            self.levels.iter().rev().filter_map(|level| level.mask_shape(n)).collect();
        if !noise.iter().map(Tensor::dims).eq(expected.iter().map(Vec::as_slice)) {
            let found: Vec<&[usize]> = noise.iter().map(Tensor::dims).collect();
            bail!("{WHO}: the noise is {found:?}, expected masks {expected:?}, or none")
        }
        let mut noise = noise.iter();
        let mask = |level: &Level| level.dropout.and_then(|_| noise.next());
        let mut masks: Vec<_> = self.levels.iter().rev().map(mask).collect();
        masks.reverse();
        Ok(masks)
    }
}

impl Generator for Pix2pixGenerator {
    /// Masks of the dropout `(n, C, H, W)`, from the innermost layer.
    fn noise(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        let draw = |level: &Level| {
            let (dropout, shape) = (level.dropout?, level.mask_shape(n)?);
            Some(dropout.0.draw(shape, rng, device))
        };
        self.levels.iter().rev().filter_map(draw).collect()
    }

    /// The condition `(N, C', H, W)` to images `(N, C, H, W)` in [−1, 1]; `z` is `(N, 0)`. Without noise nothing is
    /// dropped.
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Generated> {
        let (_, n) = input.z(WHO, 0)?;
        let masks = self.masks(&input.latents.noise, n)?;
        let mut x = images(input.condition, &self.io, WHO, n)?.clone();
        let mut came_down = Vec::with_capacity(self.levels.len());
        for level in &self.levels {
            x = level.down(&x, mode)?;
            came_down.push(x.clone());
        }
        let mut came_up: Option<Tensor> = None;
        for ((level, x), mask) in self.levels.iter().zip(&came_down).zip(masks).rev() {
            let joined = match &came_up {
                None => x.clone(),
                Some(inner) => Tensor::cat(&[x, inner], 1)?,
            };
            // The skip was through a leaky ReLU, in place in the authors' program; behind a ReLU that is all the same.
            came_up = Some(level.up(&relu(&joined)?, mask, mode)?);
        }
        let x = came_up.expect("a generator has a level");
        Ok(Generated::new(tanh(&x)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        0
    }

    fn io(&self) -> &Io {
        &self.io
    }
}

/// The layers of a [`Step`].
#[derive(Debug)]
struct Level {
    halving: Conv2d,
    halved: Norm,
    doubling: ConvTranspose2d,
    doubled: Norm,
    /// And the channels and sides of the map that it follows.
    dropout: Option<(Dropout, [usize; 3])>,
}

impl Level {
    fn new(config: &Pix2pixGeneratorConfig, step: &Step, at: &Builder) -> Result<Self> {
        let &Step { down, up, is_outermost, is_innermost, .. } = step;
        let bias = has_bias(config.norm);
        let norm = |applies: bool, channels: usize, place: usize| {
            let kind = if applies { config.norm } else { NormKind::None };
            Norm::new(&norm_config(kind, channels), &at.pp(place))
        };
        // Places in the reference's list of layers: activations have one, too, and what lies further in.
        let halving_at = if is_outermost { 0 } else { 1 };
        let doubling_at = if is_outermost || is_innermost { 3 } else { 5 };
        let halving = Conv2dConfig::new(down[0], down[1], KERNEL).with_stride(2, 1);
        let doubling = ConvTranspose2dConfig::new(up[0], up[1], KERNEL).with_stride(2, 1);
        let dropout = match step.dropped {
            Some([height, width]) => Some((Dropout::new(config.dropout)?, [up[1], height, width])),
            None => None,
        };
        Ok(Self {
            halving: Conv2d::new(&halving.with_layer(layer(bias, false)), &at.pp(halving_at))?,
            halved: norm(!is_outermost && !is_innermost, down[1], halving_at + 1)?,
            doubling: ConvTranspose2d::new(
                &doubling.with_layer(layer(bias || is_outermost, false)),
                &at.pp(doubling_at),
            )?,
            doubled: norm(!is_outermost, up[1], doubling_at + 1)?,
            dropout,
        })
    }

    /// The shape of a mask of `n` samples.
    fn mask_shape(&self, n: usize) -> Option<Vec<usize>> {
        self.dropout.map(|(_, [channels, height, width])| vec![n, channels, height, width])
    }

    fn down(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let y = self.halving.forward(x, mode)?;
        self.halved.forward_activated(&y, Activation::LeakyRelu, mode)
    }

    fn up(&self, x: &Tensor, mask: Option<&Tensor>, mode: Mode) -> Result<Tensor> {
        let y = self.doubled.forward(&self.doubling.forward(x, mode)?, mode)?;
        match (self.dropout, mask) {
            (Some((dropout, _)), Some(mask)) => dropout.forward(&y, mask),
            _ => Ok(y),
        }
    }
}
