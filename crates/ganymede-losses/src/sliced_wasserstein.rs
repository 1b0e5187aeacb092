//! The sliced Wasserstein distance of features.
//!
//! `mean over directions u of mean_j (sort(u·x)_j − sort(u·y)_j)²`
//!
//! Along one direction optimal transport is sorting: the j-th smallest real projection belongs to the j-th smallest generated
//! one. No critic has to be trained for it; of features that a critic gives it sees what samples as they are hide in
//! too many directions.
//!
//! # References
//! Deshpande et al., 2018, arXiv:1803.11188, eq. 5 and algorithm 1; Rabin et al., 2011, for the distance.
//!
//! # Differs from reference implementations
//! Values are shared out to generated samples: entry i has the squared distances of sample i's projections to their partners.
//! Which one is whose is a constant of the gradient, as it is where a sorted tensor is differentiated. The mean is over
//! directions and samples; programs that sum over either have weights that grow with their number.

use ganymede_tensor::{DType, Device, Rng, Tensor, l2_norm};

use crate::LossError;
use crate::features::{Features, check_features};
use crate::gradient::NORM_EPS;

/// `count` random unit vectors `(count, K)`, uniform over directions.
///
/// # Errors
/// The device refuses.
pub fn directions(
    rng: &mut Rng,
    count: usize,
    k: usize,
    dtype: DType,
    device: &Device,
) -> Result<Tensor, LossError> {
    let normal = rng.normal((count, k), dtype, device)?;
    let lengths = l2_norm(&normal, NORM_EPS)?.unsqueeze(1)?;
    Ok(normal.broadcast_div(&lengths)?)
}

/// The squared distance to a generated sample's partners, the mean over directions: shape `(N,)`, to minimise.
///
/// # Arguments
/// * `features` — both `(N, K)`; either may have a graph.
/// * `directions` — `(M, K)`, unit vectors, see [`directions`]; detached.
///
/// # Errors
/// [`LossError::Shape`] unless both sides are `(N, K)`, alike, and the directions `(M, K)`.
pub fn sliced_wasserstein(features: Features<'_>, directions: &Tensor) -> Result<Tensor, LossError> {
    let n = features.check()?;
    let m = check_features("directions", directions)?;
    let k = features.real.dim(1)?;
    if directions.dim(1)? != k {
        let (got, expected) = (directions.dims().to_vec(), format!("(M, {k}): vectors as long as features"));
        return Err(LossError::Shape { what: "directions", got, expected });
    }
    let directions = directions.detach();
    let project = |side: &Tensor| directions.matmul(&side.t()?);
    let (real, fake) = (project(features.real)?, project(features.fake)?);
    // The order of the order is the place of each projection; who is at that place of the others is its partner.
    let order = |side: &Tensor| side.detach().arg_sort_last_dim(true);
    let places = order(&fake)?.arg_sort_last_dim(true)?;
    let partners = order(&real)?.gather(&places, 1)?;
    let rows = (Tensor::arange(0, m as u32, real.device())? * n as f64)?.unsqueeze(1)?;
    let partners = partners.broadcast_add(&rows)?.flatten_all()?;
    // By rows of a column, since the gradient of `gather`'s gradient fails.
    let matched = real.flatten_all()?.index_select(&partners, 0)?.reshape((m, n))?;
    Ok((fake - matched)?.sqr()?.mean(0)?)
}
