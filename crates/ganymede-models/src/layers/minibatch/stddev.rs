//! Minibatch standard deviation (Karras et al., 2018, arXiv:1710.10196, section 3), as two programs have it.

use ganymede_tensor::{Result, Tensor, bail};

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
    grouped_stddev(x, group, 1)
}

/// The same with `parts` numbers of each group, the means over as many equal shares of the channels: `(N, F)`.
///
/// # Errors
/// `parts` does not divide the features.
pub(crate) fn grouped_stddev(x: &Tensor, group: usize, parts: usize) -> Result<Tensor> {
    let n = x.dim(0)?;
    let group = (1..=group.clamp(1, n.max(1))).rev().find(|group| n % group == 0).unwrap_or(1);
    let (groups, features) = (n / group, x.elem_count() / n.max(1));
    if parts == 0 || features % parts != 0 {
        bail!("minibatch deviation: {parts} numbers of {:?}", x.dims())
    }
    let y = x.contiguous()?.reshape((group, groups, parts, features / parts))?;
    let variance = y.broadcast_sub(&y.mean_keepdim(0)?)?.sqr()?.mean(0)?;
    let deviation = (variance + EPS)?.sqrt()?.mean(2)?;
    deviation.unsqueeze(0)?.broadcast_as((group, groups, parts))?.contiguous()?.reshape((n, parts))
}

/// The same as pytorch_GAN_zoo has it: a group is `group` neighbours of the batch, or all of it where `group` does not
/// divide N, and variances are over G − 1. Of a single sample it is 0.
///
/// # Errors
/// The device refuses the memory.
pub fn minibatch_stddev_unbiased(x: &Tensor, group: usize) -> Result<Tensor> {
    let n = x.dim(0)?;
    let group = group.clamp(1, n.max(1));
    let group = if n.is_multiple_of(group) { group } else { n };
    if group < 2 {
        return Tensor::zeros((n, 1), x.dtype(), x.device());
    }
    let groups = n / group;
    let y = x.contiguous()?.reshape((groups, group, x.elem_count() / n))?;
    let squares = y.broadcast_sub(&y.mean_keepdim(1)?)?.sqr()?.sum(1)?;
    let deviation = ((squares / (group - 1) as f64)? + EPS)?.sqrt()?.mean(1)?;
    deviation.unsqueeze(1)?.broadcast_as((groups, group))?.contiguous()?.reshape((n, 1))
}
