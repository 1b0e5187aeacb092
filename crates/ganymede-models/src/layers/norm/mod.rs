//! Normalisation.
//!
//! Most kinds are y = γ·(x − μ)/√(σ² + ε) + β, with one γ and β a channel. They differ in the set that μ and
//! σ² (biased, divided by the count) are taken over:
//!
//! | kind | over | shape of μ | as |
//! |---|---|---|---|
//! | batch (Ioffe and Szegedy, 2015, arXiv:1502.03167) | N, H, W | C | `BatchNorm2d` |
//! | instance (Ulyanov et al., 2016, arXiv:1607.08022) | H, W | N C | `InstanceNorm2d(affine=True)` |
//! | layer (Ba et al., 2016, arXiv:1607.06450) | C, H, W | N | `GroupNorm(1, C)` |
//! | group (Wu and He, 2018, arXiv:1803.08494) | channels of a group, H, W | N G | `GroupNorm(G, C)` |
//! | virtual batch (Salimans et al., 2016, arXiv:1606.03498) | a reference batch and one sample, H, W | N C | |
//!
//! Two take no mean off. Pixel normalisation (Karras et al., 2018, arXiv:1710.10196, section 4.2) is x/√(mean_C x² + 1e-8)
//! at each position, without γ and β. Filter response normalisation (Singh and Krishnan, 2020, arXiv:1911.09737,
//! equation 2) is γ·x/√(mean_HW x² + ε) + β, with the activation that follows in place of the paper's thresholded one.
//!
//! Layer normalisation has γ and β a channel, as in the critics of WGAN-GP, not an element as in
//! `torch.nn.LayerNorm`: so weights do not depend on the resolution. PyTorch's instance norm has
//! no γ and β unless told; here it does, since the convolution before it has no bias
//! ([`NormConfig::without_affine`] is PyTorch's).

use ganymede_tensor::{
    Builder, Init, Param, Result, Tensor, bail, batch_norm, batch_norm_leaky_relu, conv_batch_norm_leaky_relu,
};
use serde::{Deserialize, Serialize};

use self::running::RunningStats;
use super::activation::Activation;
use super::pending::Pending;
use crate::Mode;

pub(crate) mod conditional;
mod running;
mod standard;
pub(crate) mod styled;
mod virtual_batch;

pub(crate) use self::virtual_batch::REFERENCE;

/// Which normalisation follows a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NormKind {
    /// None: the identity, without parameters.
    None,
    /// Over the batch and the image.
    #[default]
    Batch,
    /// Over the image of one channel of one sample.
    Instance,
    /// Over all channels of one sample.
    Layer,
    /// Over the channels of a group, of which there are 32, or fewer where 32 does not divide the channels: the greatest
    /// common divisor.
    Group,
    /// Over the channels at a position, about 0.
    Pixel,
    /// Over the image of one channel of one sample, about 0.
    FilterResponse,
    /// Over a batch that is drawn once and for all, and one sample. The layer takes the first 64 samples of what it is
    /// given for that batch; a generator built from its configuration puts them there and takes them off again. No
    /// discriminator has it.
    Virtual,
}

impl NormKind {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::None,
        Self::Batch,
        Self::Instance,
        Self::Layer,
        Self::Group,
        Self::Pixel,
        Self::FilterResponse,
        Self::Virtual,
    ];

    /// Whether it has gains and biases, beside which a bias of the layer before has no use.
    pub(crate) fn is_affine(self) -> bool {
        !matches!(self, Self::None | Self::Pixel)
    }

    /// Samples of the reference batch that it wants beside every other.
    pub(crate) fn reference(self) -> usize {
        if self == Self::Virtual { REFERENCE } else { 0 }
    }
}

/// The size and the options of a [`Norm`].
#[derive(Clone, Copy, Debug)]
pub struct NormConfig {
    /// The kind.
    pub kind: NormKind,
    /// Channels C.
    pub channels: usize,
    /// Whether it has γ and β; only instance norm can do without, pixel norm and none have to.
    pub affine: bool,
    /// The first value of γ; β starts at 0.
    pub weight_init: Init,
    /// ε, added to the variance.
    pub eps: f64,
    /// The share of the new batch in the running statistics (batch norm only).
    pub momentum: f64,
}

impl NormConfig {
    /// γ = 1, ε = 1e-5, momentum 0.1: PyTorch's; ε = 1e-6 for filter response normalisation, the paper's.
    pub fn new(kind: NormKind, channels: usize) -> Self {
        let eps = if kind == NormKind::FilterResponse { 1e-6 } else { 1e-5 };
        Self { kind, channels, affine: kind.is_affine(), weight_init: Init::Ones, eps, momentum: 0.1 }
    }

    /// The same without γ and β, as `torch.nn.InstanceNorm2d` is unless told otherwise.
    #[must_use]
    pub fn without_affine(self) -> Self {
        Self { affine: false, ..self }
    }
}

/// ε of pixel normalisation, as in StyleGAN.
const PIXEL_EPS: f64 = 1e-8;

/// A normalisation layer with `weight` γ `(C,)` and `bias` β `(C,)`; batch norm also has the
/// buffers `running_mean`, `running_var` and `num_batches_tracked`.
///
/// In training, gradients flow through μ and σ², to any order. Batch norm in [`Mode::Eval`] uses
/// the running statistics; the other kinds do the same in both modes.
///
/// ```
/// use ganymede_models::{Mode, Norm, NormConfig, NormKind};
/// use ganymede_tensor::{DType, Device, Params, Rng};
/// let params = Params::new();
/// let builder = params.builder(Rng::new(0), DType::F32, &Device::Cpu);
/// let norm = Norm::new(&NormConfig::new(NormKind::Batch, 3), &builder)?;
/// let x = Rng::new(1).normal((2, 3, 4, 4), DType::F32, &Device::Cpu)?;
/// let y = norm.forward(&x, Mode::Train { update_stats: true })?;
/// assert!(y.mean_all()?.to_scalar::<f32>()?.abs() < 1e-5);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Norm {
    config: NormConfig,
    affine: Option<Affine>,
    running: Option<RunningStats>,
}

#[derive(Debug)]
struct Affine {
    weight: Param,
    bias: Param,
}

impl Norm {
    /// A layer under the builder's path. [`NormKind::None`] creates nothing.
    ///
    /// # Errors
    /// There are no channels; the kind cannot be with γ and β, or without; or a name is taken.
    pub fn new(config: &NormConfig, builder: &Builder) -> Result<Self> {
        if config.channels == 0 {
            bail!("norm: channels = 0: there must be at least 1")
        }
        if config.affine != config.kind.is_affine() && config.kind != NormKind::Instance {
            bail!(
                "norm: affine = {} with {:?}: only instance norm has the choice",
                config.affine,
                config.kind
            )
        }
        let c = config.channels;
        let affine = match config.affine {
            false => None,
            true => Some(Affine {
                weight: builder.param("weight", c, config.weight_init)?,
                bias: builder.param("bias", c, Init::Zeros)?,
            }),
        };
        let running = match config.kind {
            NormKind::Batch => Some(RunningStats::new(c, builder)?),
            _ => None,
        };
        Ok(Self { config: *config, affine, running })
    }

    /// `(N, C, H, W)` or `(N, C)` to the same shape.
    ///
    /// # Errors
    /// The channels differ; a statistic would be taken over a single value, whose variance is 0
    /// (batch norm in training with N·H·W = 1, instance norm with H·W = 1, layer and group norm with as
    /// little).
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        if self.is_none() {
            return Ok(x.clone());
        }
        let extents = self.extents(x)?;
        let Some(affine) = &self.affine else { return self.without_weights(x, extents) };
        let y = match &self.running {
            Some(running) if !mode.is_train() => {
                affine.with_fixed(&x.reshape(extents)?, running, self.config.eps)
            }
            _ => self.with_own_statistics(x, extents, affine, mode),
        }?;
        y.reshape(x.shape())
    }

    /// Whether this is the norm that does nothing.
    pub fn is_none(&self) -> bool {
        self.config.kind == NormKind::None
    }

    /// [`Norm::forward`] and an activation, in one pass for batch norm in training.
    ///
    /// # Errors
    /// As [`Norm::forward`].
    pub fn forward_activated(&self, x: &Tensor, activation: Activation, mode: Mode) -> Result<Tensor> {
        match (&self.affine, &self.running, activation.slope()) {
            (Some(affine), Some(running), Some(slope)) if mode.is_train() => {
                let (n, _, area) = self.extents(x)?;
                self.batch(x, n * area, affine, (running, mode), slope)
            }
            _ => activation.forward(&self.forward(x, mode)?),
        }
    }

    /// [`Norm::forward_activated`] of a convolution: for batch norm in training they are made together.
    ///
    /// # Errors
    /// As [`Norm::forward`], or the convolution's operands do not fit.
    pub(crate) fn after(&self, conv: &Pending, activation: Activation, mode: Mode) -> Result<Tensor> {
        match (&self.affine, &self.running, activation.slope()) {
            (Some(affine), Some(running), Some(slope)) if mode.is_train() => {
                let [n, c, h, w] = conv.product.shape(&conv.x, &conv.weight)?;
                if c != self.config.channels {
                    bail!("{}: got {c} channels, expected {}", self.name(), self.config.channels)
                }
                let count = n * h * w;
                self.check_count(&[n, c, h, w], count)?;
                let (weight, bias) = (affine.weight.get(), affine.bias.get());
                let operands = [&conv.x, &conv.weight];
                let eps = self.config.eps;
                let normalized =
                    conv_batch_norm_leaky_relu(conv.product, operands, [&weight, &bias], eps, slope)?;
                running.take_in([&normalized.mean, &normalized.var], count, self.config.momentum, mode)?;
                Ok(normalized.output)
            }
            _ => self.forward_activated(&conv.finish()?, activation, mode),
        }
    }

    /// Batch norm by the statistics of `x`, and a leaky ReLU of that slope.
    fn batch(
        &self,
        x: &Tensor,
        count: usize,
        affine: &Affine,
        (running, mode): (&RunningStats, Mode),
        slope: f64,
    ) -> Result<Tensor> {
        self.check_count(x.dims(), count)?;
        let (weight, bias) = (affine.weight.get(), affine.bias.get());
        let normalized = batch_norm_leaky_relu(x, &weight, &bias, self.config.eps, slope)?;
        running.take_in([&normalized.mean, &normalized.var], count, self.config.momentum, mode)?;
        Ok(normalized.output)
    }

    fn extents(&self, x: &Tensor) -> Result<(usize, usize, usize)> {
        match x.dims() {
            &[n, c] if c == self.config.channels => Ok((n, c, 1)),
            &[n, c, h, w] if c == self.config.channels => Ok((n, c, h * w)),
            dims => {
                let c = self.config.channels;
                bail!("{}: got {dims:?}, expected (N, {c}) or (N, {c}, H, W)", self.name())
            }
        }
    }

    fn name(&self) -> &'static str {
        match self.config.kind {
            NormKind::None => "no norm",
            NormKind::Batch => "batch norm",
            NormKind::Instance => "instance norm",
            NormKind::Layer => "layer norm",
            NormKind::Group => "group norm",
            NormKind::Pixel => "pixel norm",
            NormKind::FilterResponse => "filter response norm",
            NormKind::Virtual => "virtual batch norm",
        }
    }

    /// Those with means are batch norm of another view: an instance norm has N·C channels of one sample,
    /// a layer norm has N, a group norm N·G.
    fn with_own_statistics(
        &self,
        x: &Tensor,
        (n, c, area): (usize, usize, usize),
        affine: &Affine,
        mode: Mode,
    ) -> Result<Tensor> {
        let eps = self.config.eps;
        let (weight, bias) = (affine.weight.get(), affine.bias.get());
        match self.config.kind {
            NormKind::None | NormKind::Pixel => unreachable!("they have no γ and β"),
            NormKind::FilterResponse => {
                let rows = x.reshape((n, c, area))?;
                let scale = (rows.sqr()?.mean(2)? + eps)?.sqrt()?;
                scale_and_shift(&rows, &spread(&weight, n)?.div(&scale)?, &spread(&bias, n)?)
            }
            NormKind::Virtual => virtual_batch::forward(&x.reshape((n, c, area))?, &weight, &bias, eps),
            NormKind::Batch => {
                let running = self.running.as_ref().expect("batch norm keeps running statistics");
                self.batch(x, n * area, affine, (running, mode), 1.0)
            }
            NormKind::Instance => {
                self.check_count(x.dims(), area)?;
                let view = x.reshape((1, n * c, area, 1))?;
                let (gain, offset) = (spread(&weight, n)?, spread(&bias, n)?);
                Ok(batch_norm(&view, &gain.flatten_all()?, &offset.flatten_all()?, eps)?.output)
            }
            NormKind::Layer | NormKind::Group => {
                let groups = if self.config.kind == NormKind::Group { groups(c) } else { 1 };
                self.check_count(x.dims(), c / groups * area)?;
                let view = x.reshape((1, n * groups, c / groups, area))?;
                let one = Tensor::ones(n * groups, x.dtype(), x.device())?;
                let standard = batch_norm(&view, &one, &one.zeros_like()?, eps)?.output;
                let rows = standard.reshape((n, c, area))?;
                scale_and_shift(&rows, &spread(&weight, n)?, &spread(&bias, n)?)
            }
        }
    }

    /// The kinds that have no γ and β, or can do without.
    fn without_weights(&self, x: &Tensor, (n, c, area): (usize, usize, usize)) -> Result<Tensor> {
        if self.config.kind == NormKind::Pixel {
            return pixel_norm(x);
        }
        self.check_count(x.dims(), area)?;
        let one = Tensor::ones(n * c, x.dtype(), x.device())?;
        let view = x.reshape((1, n * c, area, 1))?;
        batch_norm(&view, &one, &one.zeros_like()?, self.config.eps)?.output.reshape(x.shape())
    }

    /// The values that a statistic is taken over, at least two.
    fn check_count(&self, dims: &[usize], count: usize) -> Result<()> {
        if count < 2 {
            bail!(
                "{}: {dims:?} leaves one value for each statistic, and its variance is 0: \
                 use a larger batch or image, or no norm here",
                self.name()
            )
        }
        Ok(())
    }
}

impl Affine {
    /// Evaluation of batch norm: one multiplication and one addition an element.
    fn with_fixed(&self, rows: &Tensor, running: &RunningStats, eps: f64) -> Result<Tensor> {
        let n = rows.dim(0)?;
        let gain = self.weight.get().div(&(running.variance() + eps)?.sqrt()?)?;
        let offset = self.bias.get().sub(&running.mean().mul(&gain)?)?;
        scale_and_shift(rows, &spread(&gain, n)?, &spread(&offset, n)?)
    }
}

/// Groups of so many channels.
fn groups(channels: usize) -> usize {
    [32, 16, 8, 4, 2].into_iter().find(|groups| channels.is_multiple_of(*groups)).unwrap_or(1)
}

/// Vectors of channels of a mean square of 1, of `(N, C, H, W)` or `(N, C)`.
pub(crate) fn pixel_norm(x: &Tensor) -> Result<Tensor> {
    ganymede_tensor::pixel_norm(x, PIXEL_EPS)
}

/// `(C,)` repeated to `(N, C)`, so that gradients are summed over the image first.
fn spread(channels: &Tensor, n: usize) -> Result<Tensor> {
    channels.unsqueeze(0)?.broadcast_as((n, channels.elem_count()))?.contiguous()
}

/// `rows` `(N, C, A)` times `gain` plus `offset`, both `(N, C)`.
fn scale_and_shift(rows: &Tensor, gain: &Tensor, offset: &Tensor) -> Result<Tensor> {
    rows.broadcast_mul(&gain.unsqueeze(2)?)?.broadcast_add(&offset.unsqueeze(2)?)
}
