//! A convolution that is still to be made, so that what follows it may be made with it.

use ganymede_tensor::{ConvProduct, Result, Tensor};

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
}
