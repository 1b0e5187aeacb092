//! The kernel distance of two sets of features.

use ganymede_tensor::Rng;

use crate::kernel::Kernel;
use crate::rows::check_pair;
use crate::{KidForm, MetricError, Result, Rows};

/// Rows of a subset, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KidSubset {
    /// Rows of the real set.
    pub real: Vec<usize>,
    /// Rows of the generated set.
    pub fake: Vec<usize>,
}

/// A kernel distance over subsets.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Kid {
    /// The mean over subsets.
    pub mean: f64,
    /// The population deviation over subsets. They overlap, so that this is no standard error.
    pub std: f64,
    /// The value of each subset.
    pub values: Vec<f64>,
}

/// A kernel distance over disjoint blocks.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct KidBlocks {
    /// The mean over blocks.
    pub mean: f64,
    /// Its standard error: √(Σ(e − ē)²/(B − 1)/B) over B blocks; NaN for one.
    pub std_error: f64,
    /// The value of each block.
    pub values: Vec<f64>,
}

/// `count` pairs of subsets of `size` rows, drawn without replacement within a subset; first the real rows of a
/// subset, then the generated ones. torch-fidelity, StyleGAN and clean-fid draw 100 of 1,000, by NumPy's generator.
///
/// # Errors
/// `count` is 0; `size` is below 2 or above the rows of either set.
pub fn draw_subsets(
    real_rows: usize,
    fake_rows: usize,
    count: usize,
    size: usize,
    rng: &mut Rng,
) -> Result<Vec<KidSubset>> {
    let least = real_rows.min(fake_rows);
    if count == 0 || size < 2 || size > least {
        return Err(MetricError::Unfit(format!(
            "{count} subsets of {size} rows: at least one subset, of 2 to {least} rows, is possible"
        )));
    }
    let mut draw = |rows: usize| {
        let mut order = rng.permutation(rows);
        order.truncate(size);
        order
    };
    Ok((0..count).map(|_| KidSubset { real: draw(real_rows), fake: draw(fake_rows) }).collect())
}

/// Subsets that are averaged over: torch-fidelity's, StyleGAN's and clean-fid's number.
const SUBSETS: usize = 100;
/// Rows in each, likewise.
pub(crate) const SUBSET_ROWS: usize = 1000;

impl KidForm {
    /// The subsets that this form averages over, drawn with `seed`; none for all rows at once.
    ///
    /// # Errors
    /// As [`draw_subsets`]: for [`KidForm::Subsets`], a set of fewer than 1,000 rows.
    pub fn subsets(self, real_rows: usize, fake_rows: usize, seed: u64) -> Result<Option<Vec<KidSubset>>> {
        let size = match self {
            Self::All => return Ok(None),
            Self::Subsets => SUBSET_ROWS,
            Self::SubsetsCapped => SUBSET_ROWS.min(real_rows).min(fake_rows),
        };
        draw_subsets(real_rows, fake_rows, SUBSETS, size, &mut Rng::stream(seed, "kid")).map(Some)
    }
}

/// The kernel inception distance (Bińkowski et al., 2018, arXiv:1801.01401, section 4): the unbiased estimate of MMD²
/// with the kernel k(x, y) = (x·y/d + 1)³, averaged over `subsets` of rows of features `(N, D)` and `(M, D)`. In f64,
/// whatever the features are in; others multiply in f32.
///
/// For subsets of m rows: (Σ_{i≠j} k(x_i, x_j) + Σ_{i≠j} k(y_i, y_j))/(m(m − 1)) − 2 Σ k(x_i, y_j)/m². StyleGAN and
/// clean-fid write the same numbers in another order. It may be negative; the mean over equal distributions is 0.
///
/// Cost: 4 m² d operations a subset, 10 s for 100 subsets of 1,000 of 2,048 features on two cores.
///
/// # Errors
/// Different dimensions, numbers that are not finite, no subset, a subset of fewer than 2 rows of a set or with a row
/// that is not there.
pub fn kid<'a, 'b>(
    real: impl Into<Rows<'a>>,
    fake: impl Into<Rows<'b>>,
    subsets: &[KidSubset],
) -> Result<Kid> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 2)?;
    over_subsets(cubic(real), real, fake, subsets)
}

/// [`kid`] with the Gaussian kernel exp(−‖x − y‖²/(2σ²)): torch-fidelity's `kid_kernel=rbf`, whose σ is 10.
///
/// # Errors
/// As [`kid`]; `sigma` is not above 0.
pub fn kid_rbf<'a, 'b>(
    real: impl Into<Rows<'a>>,
    fake: impl Into<Rows<'b>>,
    subsets: &[KidSubset],
    sigma: f64,
) -> Result<Kid> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 2)?;
    over_subsets(Kernel::gaussian(sigma)?, real, fake, subsets)
}

/// [`kid_rbf`] over all rows at once.
///
/// # Errors
/// As [`kid_all`]; `sigma` is not above 0.
pub fn kid_rbf_all<'a, 'b>(real: impl Into<Rows<'a>>, fake: impl Into<Rows<'b>>, sigma: f64) -> Result<f64> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 2)?;
    Ok(Kernel::gaussian(sigma)?.mmd2(real, fake))
}

fn cubic(rows: Rows<'_>) -> Kernel {
    Kernel::Cubic { dim: rows.dim() as f64 }
}

fn over_subsets(kernel: Kernel, real: Rows<'_>, fake: Rows<'_>, subsets: &[KidSubset]) -> Result<Kid> {
    check_subsets(real.count(), fake.count(), subsets)?;
    let of = |subset: &KidSubset| {
        kernel.mmd2(Rows::from(&real.select(&subset.real)), Rows::from(&fake.select(&subset.fake)))
    };
    let values: Vec<f64> = subsets.iter().map(of).collect();
    let mean = mean(&values);
    let std = (squares(&values, mean) / values.len() as f64).sqrt();
    Ok(Kid { mean, std, values })
}

fn check_subsets(real: usize, fake: usize, subsets: &[KidSubset]) -> Result<()> {
    if subsets.is_empty() {
        return Err(MetricError::Invalid("no subset to average over".into()));
    }
    for subset in subsets {
        for (what, rows, total) in [("real", &subset.real, real), ("generated", &subset.fake, fake)] {
            if rows.len() < 2 {
                return Err(MetricError::Invalid(format!(
                    "a subset of {} {what} rows; at least 2 are needed",
                    rows.len()
                )));
            }
            if let Some(row) = rows.iter().find(|row| **row >= total) {
                return Err(MetricError::Invalid(format!("a subset has {what} row {row}, of {total}")));
            }
        }
    }
    Ok(())
}

/// [`kid`] over all rows at once: the estimate with the smallest variance, at (N + M)² d operations.
///
/// # Errors
/// Different dimensions, numbers that are not finite, fewer than 2 rows.
pub fn kid_all<'a, 'b>(real: impl Into<Rows<'a>>, fake: impl Into<Rows<'b>>) -> Result<f64> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 2)?;
    Ok(cubic(real).mmd2(real, fake))
}

/// [`kid`] over disjoint blocks of rows in their order, of at most `max_block` rows of the larger set: TF-GAN's and
/// compare_gan's form, with 1,024. The rows must come in random order. compare_gan's program mixes up the blocks of its
/// two sets where they differ in size; this is what it means to do.
///
/// # Errors
/// As [`kid_all`]; `max_block` so small that a block has fewer than 2 rows.
pub fn kid_blocks<'a, 'b>(
    real: impl Into<Rows<'a>>,
    fake: impl Into<Rows<'b>>,
    max_block: usize,
) -> Result<KidBlocks> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 2)?;
    let blocks = real.count().max(fake.count()).div_ceil(max_block.max(1));
    if real.count().min(fake.count()) < 2 * blocks {
        return Err(MetricError::Invalid(format!(
            "{} real and {} generated rows in blocks of at most {max_block} leave fewer than 2 in a block",
            real.count(),
            fake.count()
        )));
    }
    let kernel = cubic(real);
    let values: Vec<f64> = (0..blocks)
        .map(|i| {
            let (real, fake) = (real.range(part(real, i, blocks)), fake.range(part(fake, i, blocks)));
            kernel.mmd2(Rows::from(&real), Rows::from(&fake))
        })
        .collect();
    let (mean, n) = (mean(&values), values.len() as f64);
    Ok(KidBlocks { mean, std_error: (squares(&values, mean) / (n - 1.0) / n).sqrt(), values })
}

/// The i-th of `blocks` parts; the first ones are larger by one row where it does not divide.
fn part(rows: Rows<'_>, i: usize, blocks: usize) -> std::ops::Range<usize> {
    let (size, larger) = (rows.count() / blocks, rows.count() % blocks);
    let start = |i: usize| i * size + i.min(larger);
    start(i)..start(i + 1)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|v| (v - mean) * (v - mean)).sum()
}
