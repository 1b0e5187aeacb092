//! Top-k training: a generator learns from its best samples only.
//!
//! The mean of the generator's loss over the `k` samples of a batch that the discriminator scores highest. Samples that it
//! finds worst are thrown away: their gradients point away from the data as often as towards it. `k` is the batch at
//! first, when scores say little, and falls from epoch to epoch.
//!
//! # References
//! Sinha et al., 2020, arXiv:2002.06224, algorithm 1 and section 4: k = max(γᵉ·B, ν·B) in epoch e, with γ = 0.99 and ν
//! of 0.5 to 0.75.

use ganymede_tensor::Tensor;

use crate::LossError;
use crate::scores::{check_scores, per_sample};

/// What a sample's loss is multiplied by, shape `(N,)`, detached: N/k for the k samples of the highest scores, 0 for the
/// others, so that the mean over the batch of what is left is the mean over the k.
///
/// Samples of equal scores are kept in the order of the batch.
///
/// # Arguments
/// * `scores` — raw, of generated samples, `(N,)`, or `(N, P)` of patches or heads, whose mean counts.
/// * `k` — 1 to N.
///
/// # Errors
/// [`LossError::Shape`] unless the scores are `(N,)` or `(N, P)`, [`LossError::Parameter`] if `k` is 0 or more than N.
pub fn weights(scores: &Tensor, k: usize) -> Result<Tensor, LossError> {
    check_scores("scores", scores)?;
    let scores = per_sample(&scores.detach())?.contiguous()?;
    let n = scores.dim(0)?;
    if k == 0 || k > n {
        let (parameter, expected) = ("top-k k", "1 to the size of the batch");
        return Err(LossError::Parameter { parameter, value: k as f64, expected });
    }
    // The place of each sample is the order of the order, and stays on the device.
    let places = scores.arg_sort_last_dim(false)?.arg_sort_last_dim(true)?;
    let kept = places.lt(k as u32)?.to_dtype(scores.dtype())?;
    Ok((kept * (n as f64 / k as f64))?)
}

/// The `k` of an epoch: `max(γᵉ·batch, ν·batch)`, rounded down, and 1 at least.
///
/// # Arguments
/// * `epoch` — counted from 0, when `k` is the batch.
/// * `gamma` — what is left of `k` an epoch later, in `(0, 1]`; 0.99.
/// * `nu` — the least part of the batch, in `[0, 1]`; 0.5.
///
/// # Errors
/// [`LossError::Parameter`], naming the setting that is out of range.
pub fn k_at(batch: usize, epoch: u64, gamma: f64, nu: f64) -> Result<usize, LossError> {
    if !(gamma > 0.0 && gamma <= 1.0) {
        let (parameter, expected) = ("top-k gamma", "above 0, at most 1");
        return Err(LossError::Parameter { parameter, value: gamma, expected });
    }
    if !(0.0..=1.0).contains(&nu) {
        return Err(LossError::Parameter { parameter: "top-k nu", value: nu, expected: "in 0 to 1" });
    }
    let share = gamma.powf(epoch as f64).max(nu);
    Ok(((batch as f64 * share) as usize).max(1))
}
