//! Convolutions of frozen networks, with their batch normalisation folded in.

use ganymede_kernels::channels_last::{Filter, FrozenConv};
use ganymede_tensor::{ConvConfig, Device, Tensor, add_channel_bias, conv2d, conv2d_bias_relu};

use super::weights::Weights;
use crate::Result;

/// What a convolution looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: [usize; 2],
    pub(super) stride: usize,
    pub(super) padding: [usize; 2],
    /// Whether a ReLU follows the bias.
    pub(super) relu: bool,
}

/// A convolution and a bias whose numbers are known.
pub(super) trait Frozen: Sized {
    /// From a weight of the spec's shape, and a bias.
    fn new(weight: Vec<f32>, bias: Vec<f32>, spec: Spec, device: &Device) -> Result<Self>;

    /// `name.conv.weight` with the batch normalisation `name.bn.*` folded in, in f64:
    /// `w·s` and `β − μ·s` with `s = γ/√(σ² + ε)`.
    fn folded(weights: &mut Weights, name: &str, spec: Spec, eps: f64, device: &Device) -> Result<Self> {
        let [high, wide] = spec.kernel;
        let shape = [spec.outputs, spec.inputs, high, wide];
        let mut weight = weights.numbers(&format!("{name}.conv.weight"), &shape)?;
        let mut of_norm = |field: &str| weights.numbers(&format!("{name}.bn.{field}"), &[spec.outputs]);
        let (gain, shift) = (of_norm("weight")?, of_norm("bias")?);
        let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);
        let scale: Vec<f64> = gain
            .iter()
            .zip(&variance)
            .map(|(gain, variance)| f64::from(*gain) / (f64::from(*variance) + eps).sqrt())
            .collect();
        for (row, scale) in weight.chunks_exact_mut(spec.inputs * high * wide).zip(&scale) {
            row.iter_mut().for_each(|w| *w = (f64::from(*w) * scale) as f32);
        }
        let bias: Vec<f32> = shift
            .iter()
            .zip(&mean)
            .zip(&scale)
            .map(|((shift, mean), scale)| (f64::from(*shift) - f64::from(*mean) * scale) as f32)
            .collect();
        if !weight.iter().chain(&bias).all(|v| v.is_finite()) {
            return Err(weights.error(format!("the numbers of layer {name:?} are not finite")));
        }
        Self::new(weight, bias, spec, device)
    }
}

/// A [`Frozen`] convolution of tensors, on any device.
pub(super) struct Conv {
    weight: Tensor,
    bias: Tensor,
    config: ConvConfig,
    relu: bool,
}

impl Conv {
    pub(super) fn run(&self, x: &Tensor) -> Result<Tensor> {
        Ok(if self.relu {
            conv2d_bias_relu(x, &self.weight, &self.bias, self.config)?
        } else {
            add_channel_bias(&conv2d(x, &self.weight, self.config)?, &self.bias)?
        })
    }
}

impl Frozen for Conv {
    fn new(weight: Vec<f32>, bias: Vec<f32>, spec: Spec, device: &Device) -> Result<Self> {
        let [high, wide] = spec.kernel;
        let config = ConvConfig { stride: [spec.stride; 2], padding: spec.padding, ..ConvConfig::default() };
        Ok(Self {
            weight: Tensor::from_vec(weight, (spec.outputs, spec.inputs, high, wide), device)?,
            bias: Tensor::from_vec(bias, spec.outputs, device)?,
            config,
            relu: spec.relu,
        })
    }
}

impl Frozen for FrozenConv {
    fn new(weight: Vec<f32>, bias: Vec<f32>, spec: Spec, _: &Device) -> Result<Self> {
        let [high, wide] = spec.kernel;
        let Spec { inputs, outputs, stride, padding, relu, .. } = spec;
        let shape = [outputs, inputs, high, wide];
        Ok(Self::new(&Filter { weight: &weight, bias: &bias, shape, stride, padding, relu }))
    }
}
