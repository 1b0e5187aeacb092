//! Virtual batch normalisation.

use ganymede_tensor::{Result, Tensor, bail};

use super::{scale_and_shift, spread};

/// Samples of a reference batch. The paper does not say how many; the authors' program takes a batch, of 64 there.
pub(crate) const REFERENCE: usize = 64;

/// Rows `(R + N, C, A)`, the first R = [`REFERENCE`] of which are the reference, with `weight` γ and `bias` β `(C,)`.
///
/// The reference is normalised as a batch is. Every other sample is, by the statistics of R + 1 samples, the reference
/// and itself: μ = (R·μ_r + μ_x)/(R + 1), and σ² the biased variance about it, (R·(σ²_r + (μ_r − μ)²) + σ²_x +
/// (μ_x − μ)²)/(R + 1), which equals the authors' E x² − μ² without its cancellation.
pub(super) fn forward(rows: &Tensor, weight: &Tensor, bias: &Tensor, eps: f64) -> Result<Tensor> {
    let (all, c, _) = rows.dims3()?;
    if all <= REFERENCE {
        bail!(
            "virtual batch norm: a batch of {all} holds no sample beside the {REFERENCE} of the reference, which come \
             first: build the generator from its configuration, which puts them there"
        )
    }
    let n = all - REFERENCE;
    let reference = rows.narrow(0, 0, REFERENCE)?;
    let samples = rows.narrow(0, REFERENCE, n)?;
    let (mean_r, var_r) = moments(&reference, &[0, 2])?;
    let (mean_x, var_x) = moments(&samples, &[2])?;
    let share = 1.0 / (REFERENCE as f64 + 1.0);
    let mean = mean_x.broadcast_sub(&mean_r)?.affine(share, 0.0)?.broadcast_add(&mean_r)?;
    let of_reference = mean.broadcast_sub(&mean_r)?.sqr()?.broadcast_add(&var_r)?;
    let of_sample = (mean_x - &mean)?.sqr()?.add(&var_x)?;
    let var = ((of_reference * (1.0 - share))? + (of_sample * share)?)?;
    let of_batch =
        |statistic: &Tensor| statistic.broadcast_as((1, c, 1))?.reshape((1, c))?.broadcast_as((REFERENCE, c));
    let mean = Tensor::cat(&[&of_batch(&mean_r)?, &mean.squeeze(2)?], 0)?;
    let var = Tensor::cat(&[&of_batch(&var_r)?, &var.squeeze(2)?], 0)?;
    let gain = spread(weight, all)?.div(&(var + eps)?.sqrt()?)?;
    let offset = (spread(bias, all)? - mean.mul(&gain)?)?;
    scale_and_shift(rows, &gain, &offset)
}

/// The mean and the biased variance over some axes, which stay as axes of 1.
fn moments(rows: &Tensor, axes: &[usize]) -> Result<(Tensor, Tensor)> {
    let mean = rows.mean_keepdim(axes)?;
    let var = rows.broadcast_sub(&mean)?.sqr()?.mean_keepdim(axes)?;
    Ok((mean, var))
}
