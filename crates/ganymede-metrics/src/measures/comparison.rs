//! What measures look at.

use std::rc::Rc;

use ndarray::{Array4, ArrayView2};

use super::passes::Passes;
use super::taken::Counts;
use crate::fid::stats_of;
use crate::neighbours::{Look, Seen};
use crate::{
    Choices, Ddof, FeatureSets, FeatureStats, Features, Frechet, MeanCov, MetricError, Result, Rows,
    frechet_distance, sfid,
};

/// One set of samples, as far as it is known. What is not there is `None`, and measures that need it cannot be taken.
#[derive(Clone, Copy, Default)]
pub struct SampleSet<'a> {
    /// Features `(N, D)`, one row a sample.
    pub rows: Option<ArrayView2<'a, f32>>,
    /// The same before they were rounded to f32, where somebody has them: what is more than f32 is then taken of these.
    pub wide_rows: Option<ArrayView2<'a, f64>>,
    /// Class logits `(N, K)`.
    pub logits: Option<ArrayView2<'a, f32>>,
    /// Spatial features `(N, S)`.
    pub spatial: Option<ArrayView2<'a, f32>>,
    /// Statistics of the features, where they were counted already. `mean_cov` goes before them.
    pub stats: Option<&'a FeatureStats>,
    /// Mean and covariance of the features, with whatever divisor they came.
    pub mean_cov: Option<&'a MeanCov>,
    /// Mean and covariance of the spatial features, likewise.
    pub spatial_mean_cov: Option<&'a MeanCov>,
    /// The samples themselves.
    pub images: Option<&'a dyn ImageSource>,
    /// The class of each sample, `(N,)`: that which was asked for where it was generated.
    pub labels: Option<&'a [u32]>,
}

impl<'a> From<&'a Features> for SampleSet<'a> {
    fn from(features: &'a Features) -> Self {
        Self {
            rows: (!features.pool.is_empty()).then(|| features.pool.view()),
            logits: features.logits.as_ref().map(|logits| logits.view()),
            spatial: features.spatial.as_ref().map(|spatial| spatial.view()),
            ..Self::default()
        }
    }
}

impl<'a> SampleSet<'a> {
    /// The features, as exact as they are.
    pub(super) fn exact_rows(&self) -> Option<Rows<'a>> {
        self.wide_rows.map(Rows::from).or(self.rows.map(Rows::from))
    }
}

impl SampleSet<'_> {
    /// The same for a shorter while: views of arrays do not shrink by themselves.
    pub(crate) fn reborrow(&self) -> SampleSet<'_> {
        SampleSet {
            rows: self.rows.map(|rows| rows.reborrow()),
            wide_rows: self.wide_rows.map(|rows| rows.reborrow()),
            logits: self.logits.map(|rows| rows.reborrow()),
            spatial: self.spatial.map(|rows| rows.reborrow()),
            stats: self.stats,
            mean_cov: self.mean_cov,
            spatial_mean_cov: self.spatial_mean_cov,
            images: self.images,
            labels: self.labels,
        }
    }

    fn has_moments(&self) -> bool {
        self.stats.is_some() || self.mean_cov.is_some()
    }

    /// How many samples the mean and covariance are of, where that is known.
    fn counted(&self) -> Option<u64> {
        match (self.mean_cov, self.stats, self.rows) {
            (Some(_), _, _) => None,
            (None, Some(stats), _) => Some(stats.count()),
            (None, None, rows) => rows.map(|rows| rows.nrows() as u64),
        }
    }

    fn has_spatial(&self) -> bool {
        self.spatial.is_some() || self.spatial_mean_cov.is_some()
    }

    /// Mean and covariance of the spatial features.
    fn spatial_moments(&self, ddof: Ddof) -> Result<MeanCov> {
        match (self.spatial_mean_cov, self.spatial) {
            (Some(mean_cov), _) => Ok(mean_cov.clone()),
            (None, Some(rows)) => stats_of(Rows::from(rows), ddof),
            (None, None) => Err(absent(Need::Spatial)),
        }
    }

    /// Mean and covariance of the features.
    pub(super) fn moments(&self, ddof: Ddof) -> Result<MeanCov> {
        match (self.mean_cov, self.stats, self.exact_rows()) {
            (Some(mean_cov), _, _) => Ok(mean_cov.clone()),
            (None, Some(stats), _) => stats.mean_cov(ddof),
            (None, None, Some(rows)) => stats_of(rows, ddof),
            (None, None, None) => Err(absent(Need::Moments)),
        }
    }
}

/// Images that a measure of pixels draws from.
pub trait ImageSource {
    /// Width and height of most of the images; `None` where there are no images.
    fn size(&self) -> Option<(u32, u32)>;
    /// At most `limit` images, and no more than fit into memory, drawn by `seed` and brought to a width and a height.
    ///
    /// # Errors
    /// An image cannot be read.
    fn draw(&self, size: (u32, u32), limit: usize, seed: u64) -> Result<DrawnImages>;
}

/// Some images of a set.
#[derive(Clone, Debug)]
pub struct DrawnImages {
    /// Grey levels `(N, C, H, W)` in `0..=255`; one channel where all images of the set are grey, else three.
    pub images: Array4<f32>,
    /// How many images the set has.
    pub of: usize,
}

/// Real and generated samples, and how they are to be compared.
#[derive(Clone, Copy)]
pub struct Comparison<'a> {
    /// Real samples.
    pub real: SampleSet<'a>,
    /// Generated ones.
    pub generated: SampleSet<'a>,
    /// Features of real samples that the generator was not trained on, for measures of whether it has learnt the real ones
    /// by heart. Without them, these take every second real sample for one.
    pub unseen: Option<Rows<'a>>,
    /// The name of the extractor whose features these are, as [`Provenance`](crate::Provenance) has it: only
    /// `inception2015` makes a Fréchet distance an FID.
    pub extractor: &'a str,
    /// The choices of a [`Convention`](crate::Convention).
    pub choices: &'a Choices,
    /// Seed of random draws.
    pub seed: u64,
    /// Passes over all pairs that measures share; without them each makes its own.
    pub passes: Option<&'a Passes>,
}

/// Rows of both sets.
#[derive(Clone, Copy)]
pub(super) struct RowSets<'a> {
    pub(super) real: Rows<'a>,
    pub(super) generated: Rows<'a>,
}

/// Something that a measure looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Need {
    /// Mean and covariance of the features of both sets, or the features.
    Moments,
    /// Features of each real sample.
    RealRows,
    /// Features of each generated sample.
    GeneratedRows,
    /// Spatial features of both sets, or their mean and covariance.
    Spatial,
    /// Class logits of the generated samples.
    Logits,
    /// The class that was asked for of each generated sample.
    Labels,
    /// The class of each real sample.
    RealLabels,
    /// Images of both sets, or else features of both.
    ImagesOrRows,
    /// The pixels of generated samples.
    GeneratedImages,
    /// The pixels of real samples.
    RealImages,
}

impl Need {
    /// What it is, for a message.
    pub fn words(self) -> &'static str {
        match self {
            Self::Moments => "features of both sets, or their mean and covariance",
            Self::RealRows => "the features of each real sample",
            Self::GeneratedRows => "the features of each generated sample",
            Self::Spatial => "spatial features of both sets, which not every extractor gives",
            Self::Logits => "classes of the generated samples, and an extractor that classifies",
            Self::Labels => "the class that was asked for of each generated sample",
            Self::RealLabels => "the class of each real sample",
            Self::ImagesOrRows => "images or features of each sample of both sets",
            Self::GeneratedImages => "generated images",
            Self::RealImages => "real images",
        }
    }
}

pub(super) fn absent(need: Need) -> MetricError {
    MetricError::Unfit(format!("it needs {}", need.words()))
}

impl<'a> Comparison<'a> {
    /// Whether that is there.
    pub fn has(&self, need: Need) -> bool {
        let (real, generated) = (&self.real, &self.generated);
        let counted = |set: &SampleSet<'_>| set.has_moments() || set.rows.is_some();
        match need {
            Need::Moments => counted(real) && counted(generated),
            Need::RealRows => real.rows.is_some(),
            Need::GeneratedRows => generated.rows.is_some(),
            Need::Spatial => real.has_spatial() && generated.has_spatial(),
            Need::Logits => generated.logits.is_some(),
            Need::Labels => generated.labels.is_some(),
            Need::RealLabels => real.labels.is_some(),
            Need::ImagesOrRows => {
                let images = real.images.is_some() && generated.images.is_some();
                images || (real.rows.is_some() && generated.rows.is_some())
            }
            Need::GeneratedImages => generated.images.is_some(),
            Need::RealImages => real.images.is_some(),
        }
    }

    pub(super) fn is_inception(&self) -> bool {
        self.extractor.starts_with("inception2015")
    }

    /// Rows of both sets, as exact as they are.
    pub(super) fn rows(&self) -> Result<RowSets<'a>> {
        if let Some(FeatureSets { real, generated }) = self.wide_sets() {
            return Ok(RowSets { real: real.into(), generated: generated.into() });
        }
        let FeatureSets { real, generated } = self.sets()?;
        Ok(RowSets { real: real.into(), generated: generated.into() })
    }

    /// Rows of both sets, where both are there in f64.
    pub(super) fn wide_sets(&self) -> Option<FeatureSets<'a, f64>> {
        let (real, generated) = (self.real.wide_rows?, self.generated.wide_rows?);
        Some(FeatureSets { real, generated })
    }

    /// Rows of both sets, in f32.
    pub(super) fn sets(&self) -> Result<FeatureSets<'a>> {
        let real = self.real.rows.ok_or_else(|| absent(Need::RealRows))?;
        let generated = self.generated.rows.ok_or_else(|| absent(Need::GeneratedRows))?;
        Ok(FeatureSets { real, generated })
    }

    /// What is to be seen of pairs.
    pub(super) fn look(&self, looks: &[Look]) -> Result<Rc<Seen>> {
        match self.passes {
            Some(passes) => passes.look(self, looks),
            None => self.see(looks).map(Rc::new),
        }
    }

    /// The same without shared passes.
    pub(super) fn see(&self, looks: &[Look]) -> Result<Seen> {
        match self.wide_sets() {
            Some(sets) => Seen::of(sets, looks),
            None => Seen::of(self.sets()?, looks),
        }
    }

    pub(super) fn logits(&self) -> Result<ArrayView2<'a, f32>> {
        self.generated.logits.ok_or_else(|| absent(Need::Logits))
    }

    /// Mean and covariance of both sets.
    pub(super) fn moments(&self) -> Result<(MeanCov, MeanCov)> {
        let ddof = self.choices.ddof;
        Ok((self.real.moments(ddof)?, self.generated.moments(ddof)?))
    }

    /// The Fréchet distance of the spatial features of both sets.
    pub(super) fn spatial_distance(&self) -> Result<Frechet> {
        let (real, generated, ddof) = (&self.real, &self.generated, self.choices.ddof);
        match (real.spatial, generated.spatial) {
            (Some(a), Some(b)) if real.spatial_mean_cov.or(generated.spatial_mean_cov).is_none() => {
                sfid(a, b, ddof)
            }
            _ => frechet_distance(&real.spatial_moments(ddof)?, &generated.spatial_moments(ddof)?),
        }
    }

    /// Of how many samples either side's mean and covariance are, where these came with samples that are not all of
    /// those that they are of.
    pub(super) fn counts_of_moments(&self) -> Option<Counts> {
        let differ = |set: &SampleSet<'_>| set.mean_cov.is_some() && set.rows.is_some();
        let counts = Counts { real: self.real.counted(), generated: self.generated.counted() };
        (differ(&self.real) || differ(&self.generated)).then_some(counts)
    }

    /// Rows of both sets where a Fréchet distance is better taken of them than of their covariances: where they are few,
    /// or nobody counted them before.
    pub(super) fn rows_for_frechet(&self) -> Option<RowSets<'a>> {
        let RowSets { real, generated } = self.rows().ok()?;
        if self.real.mean_cov.or(self.generated.mean_cov).is_some() {
            return None;
        }
        let are_few = real.count().min(generated.count()) <= real.dim();
        let are_counted = self.real.has_moments() && self.generated.has_moments();
        (are_few || !are_counted).then_some(RowSets { real, generated })
    }
}
