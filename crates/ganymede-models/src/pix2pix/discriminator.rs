//! The discriminator: PatchGAN, and PixelGAN where a patch is a pixel.

use ganymede_tensor::{DType, Device, Params, Result, Rng, Tensor};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{
    KERNEL, MOST_SIDE, MOST_WIDTH, NAME, beside, channels, has_bias, image, images, layer, norm_config,
    of_images,
};
use crate::io::Io;
use crate::layers::activation::Activation;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::norm::{Norm, NormKind};
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError, reference};

/// The settings of a [`Pix2pixDiscriminator`]. The default is the paper's, of patches of 70×70.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pix2pixDiscriminatorConfig {
    /// Channels of the first feature map, which double with each layer, up to eight times as many.
    pub width: usize,
    /// Convolutions that halve (`n_layers`): a patch has 16 pixels a side with 1, 34 with 2, 70 with 3, and is a pixel
    /// with 0.
    pub layers: usize,
    /// The normalisation behind each convolution but the first and the last.
    pub norm: NormKind,
    /// Spectral normalisation of all convolutions (arXiv:1802.05957), which the paper does not have.
    pub spectral: bool,
    /// Whether it sees the image beside a sample; else it judges the sample alone.
    pub conditional: bool,
}

impl Default for Pix2pixDiscriminatorConfig {
    fn default() -> Self {
        Self { width: 64, layers: 3, norm: NormKind::Batch, spectral: false, conditional: true }
    }
}

/// Halvings of the longest side.
const MOST_LAYERS: usize = MOST_SIDE.ilog2() as usize;

/// A convolution, and what follows it.
#[derive(Clone, Copy)]
struct Step {
    from: usize,
    to: usize,
    kernel: usize,
    stride: usize,
    bias: bool,
    norm: NormKind,
}

impl Step {
    fn conv(&self) -> Conv2dConfig {
        Conv2dConfig::new(self.from, self.to, self.kernel).with_stride(self.stride, self.padding())
    }

    /// By 1 of kernel 4, so that a stride of 2 halves; of kernel 1 by nothing.
    fn padding(&self) -> usize {
        self.kernel / KERNEL
    }

    /// A side behind it.
    fn side(&self, side: usize) -> usize {
        (side + 2 * self.padding()).saturating_sub(self.kernel) / self.stride + 1
    }
}

impl Pix2pixDiscriminatorConfig {
    /// Channels that the first convolution sees.
    fn seen(&self, io: &Io) -> usize {
        let own = image(&io.sample).map_or(0, |[channels, ..]| channels);
        let told = beside(io).filter(|_| self.conditional).map_or(0, |[channels, ..]| channels);
        told + own
    }

    /// Its convolutions on data that it fits.
    fn steps(&self, io: &Io) -> Vec<Step> {
        let bias = has_bias(self.norm);
        let is_pixel = self.layers == 0;
        let kernel = if is_pixel { 1 } else { KERNEL };
        // Those that are normalised: PixelGAN has one, and none of its convolutions halve.
        let normed = self.layers.max(1);
        let stride = |i: usize| if i < self.layers { 2 } else { 1 };
        let first = Step {
            from: self.seen(io),
            to: self.width,
            kernel,
            stride: stride(0),
            bias: true,
            norm: NormKind::None,
        };
        let inner = (1..=normed).map(|i| Step {
            from: channels(self.width, i - 1),
            to: channels(self.width, i),
            kernel,
            stride: stride(i),
            bias,
            norm: self.norm,
        });
        let last = Step {
            from: channels(self.width, normed),
            to: 1,
            kernel,
            stride: 1,
            bias: bias || !is_pixel,
            norm: NormKind::None,
        };
        std::iter::once(first).chain(inner).chain([last]).collect()
    }
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = Pix2pixDiscriminatorConfig { width: 4, layers: 2, ..Default::default() };
    let of_norm = |norm| Pix2pixDiscriminatorConfig { norm, ..small.clone() };
    let spectral = Pix2pixDiscriminatorConfig { spectral: true, ..of_norm(NormKind::None) };
    let deep = Pix2pixDiscriminatorConfig { layers: 3, ..small.clone() };
    let pixel = Pix2pixDiscriminatorConfig { layers: 0, ..small.clone() };
    let blind = Pix2pixDiscriminatorConfig { conditional: false, ..small.clone() };
    let io = Io::with_images([3, 16, 16], [2, 16, 16]);
    let all = [
        (small.clone(), io.clone()),
        (of_norm(NormKind::Instance), io.clone()),
        (of_norm(NormKind::None), io.clone()),
        (spectral, io.clone()),
        (deep, Io::with_images([1, 32, 32], [1, 32, 32])),
        (pixel, Io::with_images([1, 6, 5], [2, 6, 5])),
        (small, Io::with_images([1, 14, 20], [1, 14, 20])),
        (blind.clone(), io),
        (blind.clone(), Io::with_classes([1, 16, 16], 3)),
        (blind, Io::new([2, 16, 16])),
    ];
    all.into_iter().map(|(config, io)| (Box::new(config) as Box<_>, io)).collect()
}

impl NetworkSpec for Pix2pixDiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems =
            sizes(&[("width", self.width, MOST_WIDTH), ("layers", self.layers.max(1), MOST_LAYERS)]);
        problems.extend(reference::objection(self.norm, reference::NO_DISCRIMINATOR));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let least = if self.layers == 0 { 1 } else { 3 << self.layers };
        let mut problems = match image(&io.sample) {
            Some([_, height, width]) if height.min(width) >= least && height.max(width) <= MOST_SIDE => {
                Vec::new()
            }
            found => {
                let field = if found.is_some() { "layers" } else { NAME };
                let fix = format!("images of {least} to {MOST_SIDE} pixels a side, or other `layers`");
                vec![Problem::new(field, format!("samples of shape {:?}", io.sample), fix)]
            }
        };
        if self.conditional {
            problems.extend(of_images(io, "conditional", ", or conditional = false"));
        }
        problems
    }

    fn traits(&self) -> Traits {
        Traits {
            mixes_batch: self.norm == NormKind::Batch,
            lipschitz: self.spectral,
            conditional: self.conditional,
            ..Traits::default()
        }
    }

    fn size(&self, io: &Io) -> Size {
        let Some([_, mut height, mut width]) = image(&io.sample) else { return Size::default() };
        let seen = self.seen(io) as u128 * (height * width) as u128;
        let mut size = Size { activations: seen, ..Size::default() };
        for step in self.steps(io) {
            [height, width] = [step.side(height), step.side(width)];
            let map = step.to as u128 * (height * width) as u128;
            size.activations = size.activations.max(map);
            size.held += if step.norm == NormKind::None { 2 * map } else { 3 * map };
            let window = (step.kernel * step.kernel) as u128;
            let is_normed = step.norm != NormKind::None && !step.bias;
            let vectors = if is_normed { 2 } else { u128::from(step.bias) };
            let places = (height * width) as u128;
            size = size
                .with_products([(window * step.from as u128 * step.to as u128, places)])
                .with_vectors(vectors * step.to as u128);
        }
        size
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for Pix2pixDiscriminatorConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(Pix2pixDiscriminator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for the images.
const WHO: &str = "pix2pix discriminator";

/// The condition and the sample, joined along the channels → [convolution, norm, leaky ReLU] … → convolution: a raw score
/// of each patch. Kernels are 4, with a stride of 2 in the first `layers` and 1 in the two behind them; with `layers` = 0
/// it is PixelGAN, three convolutions of kernel 1.
///
/// Patches overlap, and those at the border see the zeros around the image (section 6.1.2 of the paper).
///
/// ```
/// use ganymede_models::{
///     Condition, Discriminator, DiscriminatorInput, Io, Mode, Pix2pixDiscriminator, Pix2pixDiscriminatorConfig,
/// };
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = Pix2pixDiscriminatorConfig { width: 4, ..Default::default() };
/// let io = Io::with_images([3, 32, 32], [1, 32, 32]);
/// let d = Pix2pixDiscriminator::new(&config, &io, Rng::new(0), DType::F32, &Device::Cpu)?;
/// let x = Rng::new(1).normal((2, 3, 32, 32), DType::F32, &Device::Cpu)?;
/// let edges = Condition::Images(Rng::new(2).normal((2, 1, 32, 32), DType::F32, &Device::Cpu)?);
/// let input = DiscriminatorInput::new(&x).with_condition(&edges);
/// // 2×2 patches a sample.
/// assert_eq!(d.forward(input, Mode::Eval)?.scores.dims(), [2, 4]);
/// # Ok::<(), ganymede_models::ModelError>(())
/// ```
#[derive(Debug)]
pub struct Pix2pixDiscriminator {
    stages: Vec<(Conv2d, Norm)>,
    is_conditional: bool,
    params: Params,
    io: Io,
}

impl Pix2pixDiscriminator {
    /// A discriminator of images `[C, H, W]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, the sides are too small for so many layers, or no image of the same size lies beside a
    /// sample that it is to be judged with.
    pub fn new(
        config: &Pix2pixDiscriminatorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let root = root.pp(if config.layers == 0 { "net" } else { "model" });
        // Places in the reference's list of layers, where activations have one, too.
        let mut place = 0;
        let mut stages = Vec::new();
        for step in config.steps(io) {
            let conv = step.conv().with_layer(layer(step.bias, config.spectral));
            let conv = Conv2d::new(&conv, &root.pp(place))?;
            stages.push((conv, Norm::new(&norm_config(step.norm, step.to), &root.pp(place + 1))?));
            place += if place == 0 { 2 } else { 3 };
        }
        Ok(Self { stages, is_conditional: config.conditional, params, io: io.clone() })
    }
}

impl Discriminator for Pix2pixDiscriminator {
    /// Images `(N, C, H, W)` to raw scores `(N, P)` of P patches, row by row.
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> Result<Critique> {
        let x = input.images(WHO, &self.io)?;
        let mut x = match self.is_conditional {
            true => Tensor::cat(&[images(input.condition, &self.io, WHO, x.dim(0)?)?, x], 1)?,
            false => x.clone(),
        };
        let (last, inner) = self.stages.split_last().expect("a discriminator has layers");
        for (conv, norm) in inner {
            x = match norm.is_none() {
                true => conv.forward_activated(&x, Activation::LeakyRelu, mode)?,
                false => norm.forward_activated(&conv.forward(&x, mode)?, Activation::LeakyRelu, mode)?,
            };
        }
        Ok(Critique::new(last.0.forward(&x, mode)?.flatten_from(1)?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
