//! Kernel distances by a Gaussian kernel over all pairs.

use ndarray::Array2;

use crate::directions::unit_rows;
use crate::kernel::Kernel;
use crate::rows::check_pair;
use crate::{Result, Rows};

/// The kernel's width: that of the paper, for embeddings of length 1.
const SIGMA: f64 = 10.0;
/// What the distance is multiplied by.
const SCALE: f64 = 1000.0;

/// CMMD: 1,000 times the biased estimate of MMD² between rows that were scaled to length 1, with a Gaussian kernel of
/// width 10. The paper's embeddings are those of CLIP ViT-L/14 at 336 px.
///
/// Between vectors of length 1 a kernel as wide as that is all but linear: CMMD is 10·‖mean x − mean y‖² within about a
/// percent, and sees little more than the mean. Generated samples whose mean embedding is right, all alike as they may
/// be, have a CMMD near 0. Print it, and rely on others.
///
/// Jayasumana et al., 2024, "Rethinking FID: towards a better evaluation metric for image generation", arXiv:2401.09603,
/// equation 4 with its diagonals; the authors' JAX program leaves out the last images that do not fill a batch.
///
/// # Errors
/// Different dimensions, no rows, numbers that are not finite, a row of zeros, which has no direction.
pub fn cmmd<'a, 'b>(real: impl Into<Rows<'a>>, fake: impl Into<Rows<'b>>) -> Result<f64> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 1)?;
    let (real, fake): (Array2<f64>, Array2<f64>) = (unit_rows(real)?, unit_rows(fake)?);
    Ok(SCALE * mmd2_biased(&real, &fake, SIGMA)?)
}

/// The biased estimate of MMD² of all rows with the kernel exp(−‖x − y‖²/(2σ²)), diagonals included:
/// mean k(x, x′) + mean k(y, y′) − 2 mean k(x, y). It is never negative.
///
/// Gretton, Borgwardt, Rasch, Schölkopf and Smola, 2012, "A kernel two-sample test", JMLR 13, equation 5.
///
/// Cost: (N + M)² (d + 10) operations.
///
/// # Errors
/// Different dimensions, no rows, numbers that are not finite, a σ that is not above 0.
pub fn mmd2_biased<'a, 'b>(real: impl Into<Rows<'a>>, fake: impl Into<Rows<'b>>, sigma: f64) -> Result<f64> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 1)?;
    let kernel = Kernel::gaussian(sigma)?;
    let (n, m) = (real.count() as f64, fake.count() as f64);
    // On the diagonal every kernel is 1.
    let within = |sum: f64, n: f64| (sum + n) / (n * n);
    let (of_real, of_fake) = (within(kernel.within(real), n), within(kernel.within(fake), m));
    Ok(of_real + of_fake - 2.0 * kernel.between(real, fake) / (n * m))
}
