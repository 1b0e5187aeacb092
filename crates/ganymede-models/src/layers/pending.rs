//! A convolution that is still to be made, so that what follows it may be made with it.

use ganymede_tensor::{BiasAct, ConvProduct, Result, Tensor, conv_bias_act};

/// A convolution without bias and its operands.
pub(crate) struct Pending {
    pub(super) product: ConvProduct,
    pub(super) x: Tensor,
    pub(super) weight: Tensor,
}

impl Pending {
    /// The convolution alone.
    pub(crate) fn finish(&self) -> Result<Tensor> {
        self.product.apply(&self.x, &self.weight)
    }

    /// The convolution, a bias and a leaky ReLU.
    pub(crate) fn finish_with(&self, bias: Option<&Tensor>, slope: f64) -> Result<Tensor> {
        conv_bias_act(self.product, [&self.x, &self.weight], bias, BiasAct::leaky(slope))
    }
}
