//! Adaptive pseudo augmentation (Jiang et al., 2021, arXiv:2111.06849): with probability p a generated sample is shown to the
//! discriminator as a real one.
//!
//! p is moved by [`AdaController`](crate::AdaController) with r_t, which the paper calls λ_r.
//!
//! Differs from the authors' program: there the samples are those of the generator's last update.

use ganymede_tensor::{Result, Rng, Tensor};

/// Which of `n` samples are replaced, each with probability `p`.
pub fn draw(n: usize, p: f64, rng: &mut Rng) -> Vec<bool> {
    (0..n).map(|_| rng.coin(p)).collect()
}

/// Those rows of `real` that are not `replaced`, and of `fake` those that are. Either has N rows of anything: samples, their
/// classes or vectors.
///
/// # Errors
/// Shapes differ.
pub fn replace(real: &Tensor, fake: &Tensor, replaced: &[bool]) -> Result<Tensor> {
    let n = real.dim(0)?;
    if real.dims() != fake.dims() || replaced.len() != n {
        ganymede_tensor::bail!(
            "apa: {:?} and {:?} differ, or are not {}",
            real.dims(),
            fake.dims(),
            replaced.len()
        )
    }
    let rows =
        replaced.iter().enumerate().map(|(row, replaced)| (row + if *replaced { n } else { 0 }) as u32);
    let rows = Tensor::from_vec(rows.collect(), n, real.device())?;
    Tensor::cat(&[real, fake], 0)?.index_select(&rows, 0)
}
