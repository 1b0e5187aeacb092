//! The Sinkhorn divergence of features: optimal transport with an entropy, its bias taken off.
//!
//! `S(x, y) = W(x, y) − ½ W(x, x) − ½ W(y, y)`, `W(a, b) = Σ_ij P_ij ‖a_i − b_j‖²`
//!
//! where the plan `P` is what a number of Sinkhorn's iterations make of the costs with the entropy's weight ε. Small ε: the
//! squared Wasserstein distance of the two batches. Large ε: the squared distance of their means. The iterations are on
//! logarithms, so that no ε underflows, and are differentiated as they are, converged or not.
//!
//! Values are shared out to samples: entry i has the costs of what leaves real sample i and comes to generated sample i, and
//! the mean over the batch is the divergence.
//!
//! # References
//! Genevay et al., 2018, arXiv:1706.00292, eq. 5 and algorithm 1; Feydy et al., 2019, arXiv:1810.08278, for its properties.
//!
//! # Differs from reference implementations
//! Genevay et al. write twice this. Their plan and Feydy's is that of the last iteration, whose columns sum to 1/N and whose
//! rows do so at convergence; so it is here. geomloss costs half the squared distance: its ε is `blur²`, half of the one here.

use ganymede_tensor::{Tensor, softmax};

use crate::LossError;
use crate::error::check_positive;
use crate::features::{Features, squared_distances};

/// `S(x, y)`, shape `(N,)`, to minimise by the generator; a critic that gives the features minimises its negative.
///
/// Memory and time of the gradient grow with the iterations. How many are needed grows with the largest cost over ε: for
/// costs of order 1, 10 with ε = 1 and about 100 with ε = 0.05.
///
/// # Arguments
/// * `features` — both `(N, K)`.
/// * `epsilon` — above 0, in units of squared distances.
/// * `iterations` — of both potentials, at least 1.
///
/// # Errors
/// [`LossError::Shape`] unless both sides are `(N, K)`, alike; [`LossError::Parameter`] if a setting is out of range.
pub fn sinkhorn(features: Features<'_>, epsilon: f64, iterations: usize) -> Result<Tensor, LossError> {
    check_positive("sinkhorn epsilon", epsilon)?;
    if iterations == 0 {
        let (parameter, expected) = ("sinkhorn iterations", "1 or more");
        return Err(LossError::Parameter { parameter, value: 0.0, expected });
    }
    features.check()?;
    let Features { real, fake } = features;
    let costs = |a: &Tensor, b: &Tensor| transport(&squared_distances(a, b)?, epsilon, iterations);
    let ends = |costs: &Tensor| costs.sum(1)? + costs.sum(0)?;
    let across = ends(&costs(real, fake)?)?;
    let within = (ends(&costs(real, real)?)? + ends(&costs(fake, fake)?)?)?;
    let n = real.dim(0)? as f64;
    Ok(((across - (within * 0.5)?)? * (0.5 * n))?)
}

/// `P_ij C_ij` of costs `(N, N)`.
fn transport(costs: &Tensor, epsilon: f64, iterations: usize) -> ganymede_tensor::Result<Tensor> {
    let n = costs.dim(0)?;
    // In units of epsilon. What a whole row costs more changes no plan, and would only take digits.
    let scaled = (costs * (1.0 / epsilon))?;
    let scaled = scaled.broadcast_sub(&scaled.min_keepdim(1)?.detach())?;
    let mut columns = Tensor::zeros((1, n), costs.dtype(), costs.device())?;
    let mut rows = log_sum_exp(&columns.broadcast_sub(&scaled)?, 1)?.neg()?;
    for _ in 1..iterations {
        columns = log_sum_exp(&rows.broadcast_sub(&scaled)?, 0)?.neg()?;
        rows = log_sum_exp(&columns.broadcast_sub(&scaled)?, 1)?.neg()?;
    }
    // The last potential of the columns is what makes each of them sum to 1/N.
    let plan = softmax(&rows.broadcast_sub(&scaled)?, 0)?;
    (plan * costs)? * (1.0 / n as f64)
}

/// `log Σ exp` along `dim`, which stays with one entry.
fn log_sum_exp(x: &Tensor, dim: usize) -> ganymede_tensor::Result<Tensor> {
    let largest = x.max_keepdim(dim)?.detach();
    x.broadcast_sub(&largest)?.exp()?.sum_keepdim(dim)?.log()? + largest
}
