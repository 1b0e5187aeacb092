//! Two-dimensional transposed convolution.

use ganymede_tensor::{Builder, ConvConfig, ConvProduct, Result, Tensor, bail};

use super::activation::{Activation, bias_and_activation};
use super::conv::check_channels;
use super::pending::Pending;
use super::weight::{Bias, LayerConfig, Weight};
use crate::Mode;

/// The shape and the options of a [`ConvTranspose2d`].
#[derive(Clone, Copy, Debug)]
pub struct ConvTranspose2dConfig {
    /// Channels of the input, a multiple of the groups.
    pub in_channels: usize,
    /// Channels of the output, a multiple of the groups.
    pub out_channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Stride, padding, dilation and groups.
    pub conv: ConvConfig,
    /// Rows and columns added at the far end; less than the stride or the dilation.
    pub output_padding: [usize; 2],
    /// Initialisation, bias and spectral normalisation.
    pub layer: LayerConfig,
}

impl ConvTranspose2dConfig {
    /// A square kernel; stride 1, no padding, PyTorch's initialisation, a bias.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Self {
            in_channels,
            out_channels,
            kernel: [kernel; 2],
            conv: ConvConfig::default(),
            output_padding: [0; 2],
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

/// The gradient of a convolution in its input, used as a layer: `weight`
/// `(I, O/groups, KH, KW)` and `bias` `(O,)`, as `torch.nn.ConvTranspose2d`.
///
/// ```
/// use ganymede_models::{ConvTranspose2d, ConvTranspose2dConfig, Mode};
/// use ganymede_tensor::{DType, Device, Params, Rng, Tensor};
/// let builder = Params::new().builder(Rng::new(0), DType::F32, &Device::Cpu);
/// let config = ConvTranspose2dConfig::new(8, 3, 4).with_stride(2, 1);
/// let layer = ConvTranspose2d::new(&config, &builder)?;
/// let x = Tensor::zeros((2, 8, 8, 8), DType::F32, &Device::Cpu)?;
/// assert_eq!(layer.forward(&x, Mode::Eval)?.dims(), [2, 3, 16, 16]);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct ConvTranspose2d {
    weight: Weight,
    bias: Option<Bias>,
    config: ConvTranspose2dConfig,
}

impl ConvTranspose2d {
    /// A layer under the builder's path.
    ///
    /// # Errors
    /// A size is 0, the groups do not divide the channels, or a name is taken.
    pub fn new(config: &ConvTranspose2dConfig, builder: &Builder) -> Result<Self> {
        let (i, o, groups) = (config.in_channels, config.out_channels, config.conv.groups);
        check_channels("conv_transpose2d", i, o, config.kernel, groups)?;
        let shape = [i, o / groups, config.kernel[0], config.kernel[1]];
        // The rows of the spectral matrix are output channels: axis 1 here, as in PyTorch.
        let weight = Weight::new(builder, &shape, 1, &config.layer)?;
        let bias = config.layer.build_bias(builder, o, (&weight, &shape))?;
        Ok(Self { weight, bias, config: *config })
    }

    /// `(N, I, H, W)` to `(N, O, H', W')`,
    /// H' = (H − 1)·stride − 2·padding + dilation·(KH − 1) + output padding + 1.
    ///
    /// # Errors
    /// `x` has other channels or another dtype, or the padding leaves nothing.
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
        let config = &self.config;
        match x.dims() {
            &[_, c, _, _] if c == config.in_channels => {}
            dims => {
                bail!("conv_transpose2d: got {dims:?}, expected (N, {}, H, W)", config.in_channels)
            }
        }
        let weight = self.weight.get(mode)?;
        #[cfg(test)]
        super::tally::add(weight.elem_count() * x.elem_count() / config.in_channels);
        let product = ConvProduct::Transposed(config.conv, config.output_padding);
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
