//! Mean and covariance of features, one batch after another.

mod adm;
mod file;
mod moments;
mod npz;

use std::collections::BTreeSet;

use ganymede_files::Digest;
use ndarray::{Array1, Array2, ArrayView2, ArrayViewMut1, s};

pub use adm::{AdmBatch, AdmStatistics, read_adm_npz};
pub use npz::{load_npz, npz_bytes, read_npz, save_npz};

use crate::{MetricError, Result, Rows};
use moments::{BLOCK, Moments};

/// Divisor of a covariance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ddof {
    /// n − 1, as `np.cov`: TTUR, pytorch-fid, torch-fidelity, clean-fid, StudioGAN, dgm-eval.
    Sample,
    /// n: StyleGAN2, StyleGAN3, R3GAN.
    Population,
}

impl Ddof {
    /// The divisor for `n` rows; 0 where there is no covariance.
    pub(crate) fn divisor(self, n: u64) -> f64 {
        match self {
            Self::Sample => n.saturating_sub(1) as f64,
            Self::Population => n as f64,
        }
    }
}

/// Mean `(D,)` and covariance `(D, D)` of features.
#[derive(Clone, Debug, PartialEq)]
pub struct MeanCov {
    /// Mean of each feature.
    pub mean: Array1<f64>,
    /// Covariance, symmetric; its divisor is that of whoever made it.
    pub cov: Array2<f64>,
}

/// Count, mean and scatter of rows of features: in f64, fed in batches of any size, mergeable.
///
/// Rows are gathered into blocks of 512. A block is centred on its own mean, its scatter is one product of matrices,
/// and it is joined to the rest by the formula of Chan, Golub & LeVeque (1983, "Algorithms for computing the sample
/// variance", eq. 2.1b), so that a large mean costs no digits. How rows are cut into batches makes no difference; the
/// same rows in the same order, on as many threads, give the same bits. [`FeatureStats::merge`] of shards equals the
/// whole up to rounding.
///
/// Memory: `8 D²` bytes and a block; with [`FeatureStats::keeping_rows`] also `4 D` bytes a row.
#[derive(Clone, Debug)]
pub struct FeatureStats {
    moments: Moments,
    /// Rows that are no full block yet, and one spare row that [`Moments::absorb`] needs.
    block: Array2<f64>,
    filled: usize,
    /// All rows, one after another, if they are wanted.
    kept: Option<Vec<f32>>,
    /// By what the sets that were counted are known.
    parts: BTreeSet<String>,
}

impl FeatureStats {
    /// Statistics of no rows, of `dim` numbers each.
    ///
    /// # Errors
    /// `dim` is 0 or above 65,536.
    pub fn new(dim: usize) -> Result<Self> {
        if dim == 0 || dim > 1 << 16 {
            return Err(MetricError::Invalid(format!("features of {dim} numbers; 1 to 65536 are possible")));
        }
        let block = Array2::zeros((BLOCK + 1, dim));
        let parts = BTreeSet::new();
        Ok(Self { moments: Moments::new(dim), block, filled: 0, kept: None, parts })
    }

    /// As [`FeatureStats::new`], and the rows are kept, for measures that need them.
    ///
    /// # Errors
    /// As [`FeatureStats::new`].
    pub fn keeping_rows(dim: usize) -> Result<Self> {
        Ok(Self { kept: Some(Vec::new()), ..Self::new(dim)? })
    }

    /// Numbers in a row.
    pub fn dim(&self) -> usize {
        self.block.ncols()
    }

    /// Rows so far.
    pub fn count(&self) -> u64 {
        self.moments.count + self.filled as u64
    }

    /// The rows `(N, D)`, in the order in which they came, if they are kept.
    pub fn rows(&self) -> Option<ArrayView2<'_, f32>> {
        let kept = self.kept.as_ref()?;
        let shape = (kept.len() / self.dim(), self.dim());
        Some(ArrayView2::from_shape(shape, kept).expect("whole rows are kept"))
    }

    /// Adds rows `(N, D)`.
    ///
    /// # Errors
    /// Another number of columns; a number that is not finite (rows are counted from the first one ever pushed), of
    /// which nothing is added; f64 rows where rows are kept, which is done in f32.
    pub fn push<'a>(&mut self, rows: impl Into<Rows<'a>>) -> Result<()> {
        let rows = rows.into();
        if rows.dim() != self.dim() {
            return Err(MetricError::Invalid(format!(
                "features have {} columns, and these statistics are of {}",
                rows.dim(),
                self.dim()
            )));
        }
        rows.check_finite("features", usize::try_from(self.count()).unwrap_or(usize::MAX))?;
        match (&mut self.kept, rows) {
            (None, _) => {}
            (Some(kept), Rows::F32(rows)) => kept.extend(rows.iter()),
            (Some(_), Rows::F64(_)) => {
                return Err(MetricError::Invalid(
                    "rows are kept in f32, and these are f64; convert them, or do not keep rows".into(),
                ));
            }
        }
        self.fill(rows);
        Ok(())
    }

    fn fill(&mut self, rows: Rows<'_>) {
        let mut at = 0;
        while at < rows.count() {
            let end = rows.count().min(at + BLOCK - self.filled);
            for row in at..end {
                copy_row(rows, row, self.block.row_mut(self.filled));
                self.filled += 1;
            }
            at = end;
            if self.filled == BLOCK {
                self.moments.absorb(self.block.view_mut());
                self.filled = 0;
            }
        }
    }

    /// Adds the rows of `other`, as if they had been pushed after these. Rows are kept on if both have them.
    ///
    /// # Errors
    /// Another number of columns.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if other.dim() != self.dim() {
            return Err(MetricError::Invalid(format!(
                "statistics of {} features cannot be merged with those of {}",
                other.dim(),
                self.dim()
            )));
        }
        self.parts = self.contents().union(&other.contents()).cloned().collect();
        self.moments = self.whole();
        self.filled = 0;
        self.moments.merge(&other.whole());
        match (&mut self.kept, &other.kept) {
            (Some(kept), Some(more)) => kept.extend(more),
            _ => self.kept = None,
        }
        Ok(())
    }

    /// Says what the rows are of: some hash of the images.
    pub fn add_content(&mut self, hash: &str) {
        self.parts.insert(hash.to_owned());
    }

    /// By what the counted sets are known: what [`FeatureStats::add_content`] said of each that was merged, and a hash of
    /// count, mean and scatter. Statistics that have one in common count the same images, and must not be merged.
    pub fn contents(&self) -> BTreeSet<String> {
        let Moments { count, mean, scatter } = self.whole();
        let mut digest = Digest::new("statistics");
        digest.number(count);
        mean.iter().chain(&scatter).for_each(|x| digest.number(x.to_bits()));
        let mut contents = self.parts.clone();
        contents.insert(digest.hex());
        contents
    }

    /// The moments of all rows, those of the unfinished block included.
    fn whole(&self) -> Moments {
        let mut moments = self.moments.clone();
        if self.filled > 0 {
            let mut block = self.block.slice(s![..=self.filled, ..]).to_owned();
            moments.absorb(block.view_mut());
        }
        moments
    }

    /// Mean and covariance.
    ///
    /// # Errors
    /// Fewer than 2 rows.
    pub fn mean_cov(&self, ddof: Ddof) -> Result<MeanCov> {
        if self.count() < 2 {
            return Err(MetricError::Unfit(format!(
                "{} row(s) of features have no covariance; at least 2 are needed",
                self.count()
            )));
        }
        let Moments { count, mean, mut scatter } = self.whole();
        crate::linalg::mirror(&mut scatter);
        scatter /= ddof.divisor(count);
        Ok(MeanCov { mean, cov: scatter })
    }
}

fn copy_row(rows: Rows<'_>, row: usize, mut to: ArrayViewMut1<'_, f64>) {
    match rows {
        Rows::F32(rows) => to.zip_mut_with(&rows.row(row), |to, from| *to = f64::from(*from)),
        Rows::F64(rows) => to.assign(&rows.row(row)),
    }
}
