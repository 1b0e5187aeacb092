//! Path length regularisation of a generator with a mapping network.
//!
//! `(|J^T y|_2 - a)^2`, where `J = dx/dw` is the Jacobian of the image in the intermediate latent vector, `y` noise from
//! N(0, 1) over `sqrt(H W)`, and `a` the moving average of these lengths. A step in `w` then changes the image by as
//! much wherever it starts and whatever its direction. With one `w` for each of L layers the length is
//! `sqrt(mean_l |J_l^T y|^2)`.
//!
//! # References
//! Karras et al., 2020, arXiv:1912.04958, section 3.2, eq. 4, and appendix B. In stylegan2-ada-pytorch the average takes
//! 0.01 of each batch and the weight is 2; the term is computed every 4th step, times 4, for half of the batch.
//!
//! # Differs from reference implementations
//! As in stylegan2-ada-pytorch the average is moved before it is subtracted, and a hundredth of the gradient flows through
//! it. The length is `sqrt(sum + 1e-12)`: there nothing is added, and a generator that ignores `w` has the gradient NaN.

use ganymede_tensor::{Graph, Tensor, grad};

use crate::LossError;
use crate::gradient::NORM_EPS;
use crate::scores::check_same_shape;

/// What [`penalty`] gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PathLength {
    /// `(length - mean)^2` of each sample, shape `(N,)`, to minimise; the weight is the caller's.
    pub penalty: Tensor,
    /// The lengths `(N,)`, detached, for logs.
    pub lengths: Tensor,
    /// The average with this batch, a scalar, detached: to give next time.
    pub mean: Tensor,
}

/// `sqrt(mean_l |d<x, y>/dw_l|^2 / (H W) + 1e-12)`, shape `(N,)`; can be differentiated.
///
/// # Arguments
/// * `samples` — images `(N, C, H, W)`, with the graph of the pass that made them from `ws`.
/// * `ws` — vectors `(N, L, W)`, a point of that graph that gradients can be asked in.
/// * `y` — N(0, 1), as `samples`.
///
/// # Errors
/// [`LossError::Shape`] if the shapes disagree; a tensor error if no gradient can be asked in `ws`.
pub fn lengths(samples: &Tensor, ws: &Tensor, y: &Tensor) -> Result<Tensor, LossError> {
    let shape = |what, tensor: &Tensor, expected: &str| LossError::Shape {
        what,
        got: tensor.dims().to_vec(),
        expected: expected.into(),
    };
    let [n, _, height, width] = *samples.dims() else {
        return Err(shape("samples", samples, "(N, C, H, W)"));
    };
    if samples.elem_count() == 0 {
        return Err(shape("samples", samples, "(N, C, H, W), none of them 0"));
    }
    if ws.rank() != 3 || ws.dims()[0] != n || ws.dims()[1] == 0 {
        return Err(shape("ws", ws, "(N, L, W) of as many samples"));
    }
    check_same_shape("y", y, samples)?;
    let scale = 1.0 / ((height * width) as f64).sqrt();
    let product = (samples.mul(&y.detach())?.sum_all()? * scale)?;
    let slope = grad(&product, &[ws], Graph::Create)?.remove(0);
    Ok((slope.sqr()?.sum(2)?.mean(1)? + NORM_EPS)?.sqrt()?)
}

/// The penalty on one batch, see the module; `samples`, `ws` and `y` as for [`lengths`].
///
/// # Arguments
/// * `mean` — the moving average so far, a scalar; 0 at first.
/// * `decay` — the share of this batch in it, in `[0, 1]`; 0.01.
///
/// # Errors
/// As [`lengths`]; [`LossError::Shape`] if `mean` is no scalar, [`LossError::Parameter`] if `decay` is out of range.
pub fn penalty(
    samples: &Tensor,
    ws: &Tensor,
    y: &Tensor,
    mean: &Tensor,
    decay: f64,
) -> Result<PathLength, LossError> {
    if !(0.0..=1.0).contains(&decay) {
        let (parameter, expected) = ("path length decay", "in 0 to 1");
        return Err(LossError::Parameter { parameter, value: decay, expected });
    }
    if mean.rank() != 0 {
        let got = mean.dims().to_vec();
        return Err(LossError::Shape { what: "mean", got, expected: "(): a scalar".into() });
    }
    let lengths = lengths(samples, ws, y)?;
    let mean = ((mean.detach() * (1.0 - decay))? + (lengths.mean_all()? * decay)?)?;
    let penalty = lengths.broadcast_sub(&mean)?.sqr()?;
    Ok(PathLength { penalty, lengths: lengths.detach(), mean: mean.detach() })
}
