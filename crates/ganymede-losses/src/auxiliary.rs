//! The loss of an auxiliary classifier (AC-GAN: Odena, Olah and Shlens, 2017, arXiv:1610.09585, section 3).

use ganymede_tensor::{DType, Tensor};

use crate::LossError;

/// Cross entropy of classes, `log Σⱼ exp(lⱼ) − l_y`, unreduced: both players of an AC-GAN minimise it beside the
/// adversarial loss (the paper's L_C, which it writes as a likelihood to maximise).
///
/// Finite, with finite gradients of any order, for logits of any finite size: the largest logit of a sample is taken off
/// before the exponential.
///
/// # Arguments
/// * `logits` — `(N, K)`, raw.
/// * `classes` — `(N,)` of dtype u32, below K. On the CPU a larger one is refused; elsewhere, where looking would wait
///   for the device, its logit counts as 0.
///
/// # Returns
/// `(N,)`, ≥ 0.
///
/// # Errors
/// [`LossError::Shape`] unless there are N ≥ 1 samples of K ≥ 1 logits, and a class for each; for a class that is not
/// below K.
///
/// # Differs from reference implementations
/// As `torch.nn.functional.cross_entropy(reduction="none")`. Programs differ in what the discriminator minimises on
/// generated samples: with the paper, both players want them classified as asked; some leave the discriminator's out.
pub fn cross_entropy(logits: &Tensor, classes: &Tensor) -> Result<Tensor, LossError> {
    let shape = |what, got: &Tensor, expected: &str| LossError::Shape {
        what,
        got: got.dims().to_vec(),
        expected: expected.to_owned(),
    };
    let &[n, k] = logits.dims() else { return Err(shape("logits", logits, "(N, K)")) };
    if n == 0 || k == 0 {
        return Err(shape("logits", logits, "(N, K) with N >= 1 and K >= 1"));
    }
    if classes.dims() != [n] || classes.dtype() != DType::U32 {
        return Err(shape("classes", classes, "(N,) of dtype u32, a class for each row of logits"));
    }
    if classes.device().is_cpu()
        && let Some(class) = classes.to_vec1::<u32>()?.into_iter().find(|class| *class as usize >= k)
    {
        return Err(shape("classes", classes, &format!("classes below {k}, found {class}")));
    }
    let largest = logits.detach().max_keepdim(1)?;
    let shifted = logits.broadcast_sub(&largest)?;
    let log_sum = shifted.exp()?.sum(1)?.log()?;
    let all = Tensor::arange(0, k as u32, classes.device())?.unsqueeze(0)?.broadcast_as((n, k))?;
    let own = classes.unsqueeze(1)?.broadcast_as((n, k))?.eq(&all)?.to_dtype(logits.dtype())?;
    Ok((log_sum - shifted.mul(&own)?.sum(1)?)?)
}
