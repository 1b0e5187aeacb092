//! What the layers of both networks are made of.

use std::f64::consts::SQRT_2;

use ganymede_tensor::{
    BiasAct, Builder, ConvResample, Filter, Init, Param, Result, Tensor, bias_act, conv2d_resample,
    conv2d_resample_bias_act, leaky_relu,
};

use crate::Mode;
use crate::layers::activation::Activation;
use crate::layers::linear::Linear;
use crate::layers::resample::filter;
use crate::layers::weight::{LayerConfig, Weight};

/// Added to a mean of squares before its root.
const EPS: f64 = 1e-8;

/// x/√(mean x² + 1e-8) over the features of each sample: length √dim, whatever it was.
pub(super) fn normalised(x: &Tensor) -> Result<Tensor> {
    x.broadcast_div(&(x.sqr()?.mean_keepdim(1)? + EPS)?.sqrt()?)
}

/// A fully connected layer with an equalised learning rate, whose bias starts as `bias`.
pub(super) fn dense([from, to]: [usize; 2], lr_multiplier: f64, bias: f64, at: &Builder) -> Result<Linear> {
    let layer = LayerConfig { bias: Some(Init::Const(bias)), ..LayerConfig::equalised(1.0, lr_multiplier) };
    Linear::new(from, to, &layer, at)
}

/// √2 times the leaky ReLU.
pub(super) fn activated(x: &Tensor) -> Result<Tensor> {
    leaky_relu(x, Activation::LEAKY_SLOPE)? * SQRT_2
}

/// What follows a convolution: x + bias, its leaky ReLU, √2 and another gain; the bounds grow with that one.
pub(super) fn bias_and_activation(
    x: &Tensor,
    bias: &Tensor,
    gain: f64,
    clamp: Option<f64>,
) -> Result<Tensor> {
    bias_act(x, bias, act(gain, clamp))
}

fn act(gain: f64, clamp: Option<f64>) -> BiasAct {
    BiasAct { slope: Activation::LEAKY_SLOPE, gain: SQRT_2 * gain, clamp: clamp.map(|clamp| clamp * gain) }
}

/// How a convolution changes the side of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resampling {
    None,
    Up,
    Down,
}

impl Resampling {
    /// By a filter.
    pub(super) fn by(self, filter: &Filter) -> ConvResample<'_> {
        match self {
            Self::None => ConvResample::Same,
            Self::Up => ConvResample::Up(filter),
            Self::Down => ConvResample::Down(filter),
        }
    }

    /// The side of the map that the weights are used at, where a map of `side` comes in.
    #[cfg(test)]
    pub(super) fn side(self, side: usize) -> usize {
        if self == Self::Down { side / 2 } else { side }
    }
}

/// A convolution that is told nothing, with a bias and an activation.
#[derive(Debug)]
pub(super) struct ConvLayer {
    weight: Weight,
    bias: Param,
    resampling: Resampling,
    clamp: Option<f64>,
}

impl ConvLayer {
    /// From and to so many channels; the kernel is 1 or 3.
    pub(super) fn new(
        [from, to]: [usize; 2],
        kernel: usize,
        resampling: Resampling,
        clamp: Option<f64>,
        at: &Builder,
    ) -> Result<Self> {
        let layer = LayerConfig::equalised(1.0, 1.0);
        let weight = Weight::new(at, &[to, from, kernel, kernel], 0, &layer)?;
        let bias = at.param("bias", to, Init::Zeros)?;
        Ok(Self { weight, bias, resampling, clamp })
    }

    /// What comes out, times `gain`.
    pub(super) fn forward(&self, x: &Tensor, gain: f64, mode: Mode) -> Result<Tensor> {
        let weight = self.weight.get(mode)?;
        #[cfg(test)]
        count(x, &weight, self.resampling)?;
        let filter = filter()?;
        conv2d_resample_bias_act(
            x,
            &weight,
            self.resampling.by(&filter),
            &self.bias.get(),
            act(gain, self.clamp),
        )
    }
}

/// The shortcut of a residual block: a 1×1 convolution without bias, times √½.
#[derive(Debug)]
pub(super) struct Shortcut {
    weight: Weight,
    resampling: Resampling,
}

impl Shortcut {
    pub(super) fn new([from, to]: [usize; 2], resampling: Resampling, at: &Builder) -> Result<Self> {
        let layer = LayerConfig::equalised(RESIDUAL_GAIN, 1.0);
        Ok(Self { weight: Weight::new(at, &[to, from, 1, 1], 0, &layer)?, resampling })
    }

    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        resampled(x, &self.weight.get(mode)?, self.resampling)
    }
}

/// What either branch of a residual block is multiplied by, so that their sum has the variance of one.
pub(super) const RESIDUAL_GAIN: f64 = std::f64::consts::FRAC_1_SQRT_2;

#[cfg(test)]
fn count(x: &Tensor, weight: &Tensor, resampling: Resampling) -> Result<()> {
    crate::layers::tally::add(weight.elem_count() * x.dim(0)? * resampling.side(x.dim(3)?).pow(2));
    Ok(())
}

/// A convolution, through a filter where it changes the side.
fn resampled(x: &Tensor, weight: &Tensor, resampling: Resampling) -> Result<Tensor> {
    #[cfg(test)]
    count(x, weight, resampling)?;
    conv2d_resample(x, weight, resampling.by(&filter()?))
}
