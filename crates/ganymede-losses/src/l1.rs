//! The L1 distance of generated samples to the true ones.
//!
//! `mean_i |x_i - y_i|` over the elements of a sample.
//!
//! What a generator minimises beside its adversarial loss where the data hold the one true answer to each
//! condition: pix2pix, and super-resolution. Unlike the squared distance it asks for the median of the
//! answers that are possible, which is less blurred than their mean.
//!
//! # References
//! Isola et al., 2017, arXiv:1611.07004, eq. 3 and 4, with a weight of 100 beside the adversarial loss.
//!
//! # Differs from reference implementations
//! The paper writes a norm, its program takes the mean over the elements (`torch.nn.L1Loss`), and its weight
//! belongs to that; so it is here, but one value a sample.

use ganymede_tensor::{Tensor, relu};

use crate::LossError;
use crate::scores::check_same_shape;

/// `mean_i |x_i - y_i|`, shape `(N,)`, to minimise.
///
/// Its gradient is the sign of the difference over the number of elements, and 0 where both are equal, as in
/// PyTorch.
///
/// # Arguments
/// * `x`, `y` — two batches of samples `(N, ..)` of one shape, with `N >= 1`; either may have a graph.
///
/// # Errors
/// [`LossError::Shape`] if they have fewer than two axes, no elements, or different shapes.
pub fn distance(x: &Tensor, y: &Tensor) -> Result<Tensor, LossError> {
    if x.rank() < 2 || x.elem_count() == 0 {
        return Err(LossError::Shape {
            what: "x",
            got: x.dims().to_vec(),
            expected: "(N, ..) with N >= 1 and at least one element a sample".into(),
        });
    }
    check_same_shape("y", y, x)?;
    let apart = (x - y)?.flatten_from(1)?;
    // Not `abs`, whose derivative at 0 is 1.
    Ok((relu(&apart)? + relu(&apart.neg()?)?)?.mean(1)?)
}
