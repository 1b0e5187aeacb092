//! Two-dimensional convolution.

use ganymede_tensor::{Builder, ConvConfig, ConvProduct, Result, Tensor, bail};

use super::activation::{Activation, bias_and_activation};
use super::pending::Pending;
use super::weight::{Bias, LayerConfig, Weight};
use crate::Mode;

/// The shape and the options of a [`Conv2d`].
#[derive(Clone, Copy, Debug)]
pub struct Conv2dConfig {
    /// Channels of the input, a multiple of the groups.
    pub in_channels: usize,
    /// Channels of the output, a multiple of the groups.
    pub out_channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Stride, padding, dilation and groups.
    pub conv: ConvConfig,
    /// Initialisation, bias and spectral normalisation.
    pub layer: LayerConfig,
}

impl Conv2dConfig {
    /// A square kernel; stride 1, no padding, PyTorch's initialisation, a bias.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Self {
            in_channels,
            out_channels,
            kernel: [kernel; 2],
            conv: ConvConfig::default(),
            layer: LayerConfig::default(),
        }
    }

    /// The same stride and padding for both axes.
    #[must_use]
    pub fn with_stride(mut self, stride: usize, padding: usize) -> Self {
        self.conv.stride = [stride; 2];
        self.conv.padding = [padding; 2];
        self
    }

    /// Other initialisation, bias and spectral normalisation.
    #[must_use]
    pub fn with_layer(self, layer: LayerConfig) -> Self {
        Self { layer, ..self }
    }
}

/// A convolution (cross-correlation, as everywhere in the field) with `weight`
/// `(O, I/groups, KH, KW)` and `bias` `(O,)`, as `torch.nn.Conv2d` with zero padding.
///
/// ```
/// use ganymede_models::{Conv2d, Conv2dConfig, Mode};
/// use ganymede_tensor::{DType, Device, Params, Rng, Tensor};
/// let builder = Params::new().builder(Rng::new(0), DType::F32, &Device::Cpu);
/// let layer = Conv2d::new(&Conv2dConfig::new(3, 8, 4).with_stride(2, 1), &builder)?;
/// let x = Tensor::zeros((2, 3, 16, 16), DType::F32, &Device::Cpu)?;
/// assert_eq!(layer.forward(&x, Mode::Eval)?.dims(), [2, 8, 8, 8]);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Conv2d {
    weight: Weight,
    bias: Option<Bias>,
    config: Conv2dConfig,
}

impl Conv2d {
    /// A layer under the builder's path.
    ///
    /// # Errors
    /// A size is 0, the groups do not divide the channels, or a name is taken.
    pub fn new(config: &Conv2dConfig, builder: &Builder) -> Result<Self> {
        let (i, o, groups) = (config.in_channels, config.out_channels, config.conv.groups);
        check_channels("conv2d", i, o, config.kernel, groups)?;
        let shape = [o, i / groups, config.kernel[0], config.kernel[1]];
        let weight = Weight::new(builder, &shape, 0, &config.layer)?;
        let bias = config.layer.build_bias(builder, o, (&weight, &shape))?;
        Ok(Self { weight, bias, config: *config })
    }

    /// `(N, I, H, W)` to `(N, O, H', W')`, H' = ⌊(H + 2·padding − dilation·(KH − 1) − 1)/stride⌋ + 1.
    ///
    /// # Errors
    /// `x` has other channels or another dtype, or is smaller than the kernel.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.apply(x, None, mode)
    }

    /// [`Self::forward`] and an activation, in one pass where there is a bias.
    ///
    /// # Errors
    /// As [`Self::forward`].
    pub fn forward_activated(&self, x: &Tensor, activation: Activation, mode: Mode) -> Result<Tensor> {
        self.apply(x, Some(activation), mode)
    }

    /// [`Self::forward`] but for the bias, which [`Self::has_bias`] speaks of.
    ///
    /// # Errors
    /// `x` has other channels.
    pub(crate) fn pending(&self, x: &Tensor, mode: Mode) -> Result<Pending> {
        match x.dims() {
            &[_, c, _, _] if c == self.config.in_channels => {}
            dims => bail!("conv2d: got {dims:?}, expected (N, {}, H, W)", self.config.in_channels),
        }
        let (product, weight) = (ConvProduct::Conv2d(self.config.conv), self.weight.get(mode)?);
        #[cfg(test)]
        {
            let result: usize = product.shape(x, &weight)?.iter().product();
            super::tally::add(weight.elem_count() * result / self.config.out_channels);
        }
        Ok(Pending { product, x: x.clone(), weight })
    }

    /// Whether something is added to each channel.
    pub(crate) fn has_bias(&self) -> bool {
        self.bias.is_some()
    }

    fn apply(&self, x: &Tensor, activation: Option<Activation>, mode: Mode) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(Bias::get).transpose()?;
        bias_and_activation(&self.pending(x, mode)?, bias.as_ref(), activation)
    }
}

/// What holds for both directions of convolution.
pub(crate) fn check_channels(
    op: &str,
    in_channels: usize,
    out_channels: usize,
    kernel: [usize; 2],
    groups: usize,
) -> Result<()> {
    if in_channels == 0 || out_channels == 0 || kernel.contains(&0) || groups == 0 {
        bail!(
            "{op}: {in_channels} to {out_channels} channels, kernel {kernel:?}, groups {groups}: \
             all must be at least 1"
        )
    }
    if !in_channels.is_multiple_of(groups) || !out_channels.is_multiple_of(groups) {
        bail!("{op}: groups {groups} must divide {in_channels} and {out_channels} channels")
    }
    Ok(())
}
