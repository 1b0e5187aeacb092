//! The auxiliary classifier's loss of AC-GAN.
//!
//! `log sum_j exp(l_j) - l_y`, the cross entropy of a sample's class logits `l` and its label `y`.
//!
//! Both players minimise it beside their adversarial loss, which is what the paper writes as maximising
//! `L_C`: the discriminator on real samples with their labels and on generated ones with the labels that
//! they were made for, the generator on generated ones. Its gradient in the logits is
//! `softmax(l) - e_y`, between -1 and 1 wherever the logits are.
//!
//! # References
//! Odena et al., 2017, arXiv:1610.09585, section 3 (`L_C`).
//!
//! # Differs from reference implementations
//! The number is that of PyTorch's `cross_entropy` with `reduction = "none"`. How much it weighs beside the
//! adversarial loss, and on which samples the discriminator minimises it, is the caller's: the paper adds
//! it with weight 1, on real and generated ones.

use ganymede_tensor::{Tensor, log_softmax};

use crate::LossError;

/// `log sum_j exp(l_j) - l_y`, shape `(N,)`, to minimise.
///
/// Finite, with finite gradients, at logits of ±1e4 and far beyond.
///
/// # Arguments
/// * `logits` — raw, `(N, K)`, a row a sample, with `N >= 1` and `K >= 1`.
/// * `labels` — `(N,)`, u32, each below `K`, on the device of the logits.
///
/// # Errors
/// [`LossError::Shape`] for other shapes; [`LossError::Label`] for a label that is no class, on the CPU. To
/// read labels back from another device would stall every step: there the value of such a sample is NaN.
/// [`LossError::Tensor`] for labels of another dtype.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor, LossError> {
    let (n, classes) = match *logits.dims() {
        [n, classes] if n > 0 && classes > 0 => (n, classes),
        _ => return Err(shape("logits", logits, "(N, K) with N, K >= 1".into())),
    };
    if labels.dims() != [n] {
        return Err(shape("labels", labels, format!("({n},): one label a sample")));
    }
    if labels.device().is_cpu() {
        check(&labels.to_vec1()?, classes)?;
    }
    Ok(pick(&log_softmax(logits, 1)?, labels, classes)?.neg()?)
}

/// Refuses labels that are no class.
fn check(labels: &[u32], classes: usize) -> Result<(), LossError> {
    match labels.iter().position(|&label| label as usize >= classes) {
        Some(sample) => Err(LossError::Label { label: labels[sample], sample, classes }),
        None => Ok(()),
    }
}

/// The entry of each row that its label names; NaN where it names none.
///
/// A product with a mask, since the gradient of `gather`'s gradient fails.
fn pick(rows: &Tensor, labels: &Tensor, classes: usize) -> ganymede_tensor::Result<Tensor> {
    let columns = Tensor::arange(0, classes as u32, labels.device())?.unsqueeze(0)?;
    let mask = labels.detach().unsqueeze(1)?.broadcast_eq(&columns)?.to_dtype(rows.dtype())?;
    // 1 a row, but 0 for a label that is no class.
    let named = mask.sum(1)?;
    (rows * mask)?.sum(1)? / named
}

fn shape(what: &'static str, tensor: &Tensor, expected: String) -> LossError {
    LossError::Shape { what, got: tensor.dims().to_vec(), expected }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ganymede_tensor::testing::device;

    /// What happens on devices whose labels are not read back.
    #[test]
    fn a_label_that_is_no_class_picks_nothing() -> ganymede_tensor::Result<()> {
        let rows = Tensor::new(&[[1f64, 2.0], [3.0, 4.0]], &device())?;
        let labels = Tensor::new(&[1u32, 2], &device())?;
        let picked = pick(&rows, &labels, 2)?.to_vec1::<f64>()?;
        assert_eq!(picked[0], 2.0);
        assert!(picked[1].is_nan());
        Ok(())
    }
}
