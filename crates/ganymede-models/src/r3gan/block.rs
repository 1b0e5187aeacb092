//! The block.

use ganymede_tensor::{Builder, Init, Param, Result, Tensor, add_channel_bias_leaky_relu};

use super::{EXPANSION, conv};
use crate::Mode;
use crate::layers::activation::Activation;
use crate::layers::conv::Conv2d;

/// x + C₃(a(C₂(a(C₁(x))))).
#[derive(Debug)]
pub(super) struct Block {
    convs: [Conv2d; 3],
    biases: [Param; 2],
}

impl Block {
    /// Of a network that has `blocks` of them.
    pub(super) fn new(width: usize, group_channels: usize, blocks: usize, at: &Builder) -> Result<Self> {
        let wide = width * EXPANSION;
        // Three layers in a branch: L^(−1/(2·3 − 2)).
        let gain = Activation::LeakyRelu.gain() * (blocks as f64).powf(-0.25);
        let bias = |name: &str| at.pp(name).param("Bias", wide, Init::Zeros);
        Ok(Self {
            convs: [
                conv([width, wide], 1, 1, gain, &at.pp("LinearLayer1"))?,
                conv([wide, wide], 3, wide / group_channels, gain, &at.pp("LinearLayer2"))?,
                conv([wide, width], 1, 1, 0.0, &at.pp("LinearLayer3"))?,
            ],
            biases: [bias("NonLinearity1")?, bias("NonLinearity2")?],
        })
    }

    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let activate =
            |y: Tensor, bias: &Param| add_channel_bias_leaky_relu(&y, &bias.get(), Activation::LEAKY_SLOPE);
        let y = activate(self.convs[0].forward(x, mode)?, &self.biases[0])?;
        let y = activate(self.convs[1].forward(&y, mode)?, &self.biases[1])?;
        x + self.convs[2].forward(&y, mode)?
    }
}
