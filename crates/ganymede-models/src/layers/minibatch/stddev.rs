//! Minibatch standard deviation (Karras et al., 2018, arXiv:1710.10196, section 3).

use ganymede_tensor::{Result, Tensor};

/// Added to a variance, whose root has no derivative at 0.
const EPS: f64 = 1e-8;

/// How much the samples `(N, ..)` of each group differ: the standard deviation of every feature over the group, meaned
/// over the features; `(N, 1)`, the same for all samples of a group.
///
/// A group has `group` samples, or as many as divide N where that does not: one of every N/G neighbours, as in
/// StyleGAN2's code. Variances are over G, plus 1e-8. The paper takes the whole batch as a group.
///
/// # Errors
/// The device refuses the memory.
pub fn minibatch_stddev(x: &Tensor, group: usize) -> Result<Tensor> {
    let n = x.dim(0)?;
    let group = (1..=group.clamp(1, n.max(1))).rev().find(|group| n % group == 0).unwrap_or(1);
    let groups = n / group;
    let y = x.contiguous()?.reshape((group, groups, x.elem_count() / n.max(1)))?;
    let variance = y.broadcast_sub(&y.mean_keepdim(0)?)?.sqr()?.mean(0)?;
    let deviation = (variance + EPS)?.sqrt()?.mean(1)?;
    deviation.unsqueeze(0)?.broadcast_as((group, groups))?.contiguous()?.reshape((n, 1))
}
