//! The number of statistically different bins.

use ganymede_tensor::Rng;
use ndarray::{Array2, ArrayView2, Axis};

use crate::kmeans::{k_means, nearest_centres};
use crate::rows::check_pair;
use crate::{MetricError, Result, Rows};

/// The authors' number of bins; fewer where a bin would have fewer than [`ROWS_A_BIN`] rows.
const MOST_BINS: usize = 100;
const ROWS_A_BIN: usize = 20;
/// The fewest real samples: those of two bins.
pub(crate) const LEAST_ROWS: usize = 2 * ROWS_A_BIN;
/// Beyond this many numbers a row, only a part of them is looked at.
const MANY: usize = 1000;
/// Which part.
const PART: usize = 6;
/// Where a normal variable lies with 95 % (two-sided).
const Z_95: f64 = 1.959_963_984_540_054;

/// Bins of real samples: cells around the centres of clusters.
#[derive(Clone, Debug)]
pub struct Bins {
    /// `(K, D′)`, largest bin first.
    centres: Array2<f64>,
    /// Which numbers of a row are looked at.
    used: Vec<usize>,
    width: usize,
    /// Share of the real samples in each bin.
    shares: Vec<f64>,
    count: usize,
}

/// A bin of [`Ndb`].
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Bin {
    /// Share of the real samples in it.
    pub real: f64,
    /// Share of the generated ones.
    pub generated: f64,
    /// (real − generated)/standard error, above 0 where samples are missing; NaN where all of both are in it.
    pub z: f64,
    /// Whether the two differ at 95 %.
    pub differs: bool,
}

/// What [`Bins::compare`] gives.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Ndb {
    /// NDB/K: the share of bins that differ, in `0..=1`. About 0.05 for a perfect generator.
    pub share: f64,
    /// The Jensen–Shannon divergence of the two histograms, in nats, in `0..=ln 2`.
    pub js: f64,
    /// Each bin, the largest of real ones first.
    pub bins: Vec<Bin>,
    /// The bin of each generated sample.
    pub labels: Vec<usize>,
}

impl Bins {
    /// Bins of real samples `(N, D)`: the clusters of k-means, min(100, N/20) of them. Of more than 1,000 numbers a row
    /// a sixth is looked at, drawn by `seed`, as in the authors' program.
    ///
    /// # Errors
    /// Fewer than 40 rows, no columns, numbers that are not finite.
    pub fn new<'a>(real: impl Into<Rows<'a>>, seed: u64) -> Result<Self> {
        let real = real.into();
        let k = MOST_BINS.min(real.count() / ROWS_A_BIN);
        if k < 2 {
            return Err(MetricError::Unfit(format!(
                "{} real samples are too few for bins of {ROWS_A_BIN}: at least {} are needed",
                real.count(),
                LEAST_ROWS
            )));
        }
        real.check_finite("real samples", 0)?;
        if real.dim() == 0 {
            return Err(MetricError::Invalid("real samples without numbers cannot be binned".into()));
        }
        let mut rng = Rng::stream(seed, "ndb");
        let used = used(real.dim(), &mut rng);
        let rows = columns(real, &used);
        let found = k_means(rows.view(), k, 1, &mut rng);
        let mut sizes: Vec<(usize, usize)> = (0..k).map(|bin| (bin, 0)).collect();
        found.labels.iter().for_each(|label| sizes[*label].1 += 1);
        // Of copies there may be fewer clusters than were asked for.
        sizes.retain(|(_, size)| *size > 0);
        sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let order: Vec<usize> = sizes.iter().map(|(bin, _)| *bin).collect();
        Ok(Self {
            centres: found.centres.select(Axis(0), &order),
            used,
            width: real.dim(),
            shares: sizes.iter().map(|(_, size)| *size as f64 / real.count() as f64).collect(),
            count: real.count(),
        })
    }

    /// How many bins there are.
    pub fn len(&self) -> usize {
        self.shares.len()
    }

    /// Whether there are none; there always are.
    pub fn is_empty(&self) -> bool {
        self.shares.is_empty()
    }

    /// The bin of each of some samples `(N, D)`: that of the nearest centre.
    ///
    /// # Errors
    /// No rows, another number of columns, numbers that are not finite.
    pub fn labels<'a>(&self, rows: impl Into<Rows<'a>>) -> Result<Vec<usize>> {
        let rows = rows.into();
        rows.check_finite("samples", 0)?;
        if rows.count() == 0 || rows.dim() != self.width {
            return Err(MetricError::Invalid(format!(
                "{} samples of {} numbers do not fit bins of samples of {}",
                rows.count(),
                rows.dim(),
                self.width
            )));
        }
        Ok(nearest_centres(columns(rows, &self.used).view(), self.centres.view()).0)
    }

    /// Generated samples `(M, D)` in these bins: NDB/K and JS (Richardson & Weiss, 2018, "On GANs and GMMs",
    /// arXiv:1805.12462, section 3).
    ///
    /// With the shares p of N real and q of M generated samples in a bin, and P = (pN + qM)/(N + M), the bin differs
    /// where |p − q|/√(P(1 − P)(1/N + 1/M)) > 1.96: a two-sided test of two proportions at 5 %. A bin with too few
    /// generated samples is a mode that is missing, one with too many a mode that swelled.
    ///
    /// # Errors
    /// No rows, another number of columns, numbers that are not finite.
    pub fn compare<'a>(&self, generated: impl Into<Rows<'a>>) -> Result<Ndb> {
        let generated = generated.into();
        let labels = self.labels(generated)?;
        let mut counts = vec![0_usize; self.len()];
        labels.iter().for_each(|label| counts[*label] += 1);
        let (n, m) = (self.count as f64, generated.count() as f64);
        let of = |(real, count): (&f64, &usize)| {
            let share = *count as f64 / m;
            let both = (real * n + share * m) / (n + m);
            let z = (real - share) / (both * (1.0 - both) * (1.0 / n + 1.0 / m)).sqrt();
            Bin { real: *real, generated: share, z, differs: z.abs() > Z_95 }
        };
        let bins: Vec<Bin> = self.shares.iter().zip(&counts).map(of).collect();
        let different = bins.iter().filter(|bin| bin.differs).count();
        Ok(Ndb { share: different as f64 / bins.len() as f64, js: jensen_shannon(&bins), bins, labels })
    }
}

/// [`Bins::compare`] of bins of `real`.
///
/// # Errors
/// As [`Bins::new`] and [`Bins::compare`].
pub fn ndb<'a, 'b>(real: impl Into<Rows<'a>>, generated: impl Into<Rows<'b>>, seed: u64) -> Result<Ndb> {
    let (real, generated) = (real.into(), generated.into());
    check_pair(real, generated, 1)?;
    Bins::new(real, seed)?.compare(generated)
}

fn jensen_shannon(bins: &[Bin]) -> f64 {
    let part = |p: f64, q: f64| if p > 0.0 { p * (p / (0.5 * (p + q))).ln() } else { 0.0 };
    0.5 * bins.iter().map(|bin| part(bin.real, bin.generated) + part(bin.generated, bin.real)).sum::<f64>()
}

fn used(width: usize, rng: &mut Rng) -> Vec<usize> {
    if width <= MANY {
        return (0..width).collect();
    }
    let mut used = rng.permutation(width);
    used.truncate(width / PART);
    used.sort_unstable();
    used
}

fn columns(rows: Rows<'_>, used: &[usize]) -> Array2<f64> {
    fn those<T: Copy + Into<f64>>(rows: ArrayView2<'_, T>, used: &[usize]) -> Array2<f64> {
        Array2::from_shape_fn((rows.nrows(), used.len()), |(i, j)| rows[(i, used[j])].into())
    }
    match rows {
        Rows::F32(rows) => those(rows, used),
        Rows::F64(rows) => those(rows, used),
    }
}
