//! What measures look at.

use std::rc::Rc;

use ndarray::{Array4, ArrayView2};

use super::passes::Passes;
use crate::fid::stats_of;
use crate::neighbours::{Look, Seen};
use crate::{Choices, Ddof, FeatureSets, FeatureStats, Features, MeanCov, MetricError, Result, Rows};

/// One set of samples, as far as it is known. What is not there is `None`, and measures that need it cannot be taken.
#[derive(Clone, Copy, Default)]
pub struct SampleSet<'a> {
    /// Features `(N, D)`, one row a sample.
    pub rows: Option<ArrayView2<'a, f32>>,
    /// Class logits `(N, K)`.
    pub logits: Option<ArrayView2<'a, f32>>,
    /// Spatial features `(N, S)`.
    pub spatial: Option<ArrayView2<'a, f32>>,
    /// Statistics of the features, where they were counted already. `mean_cov` goes before them.
    pub stats: Option<&'a FeatureStats>,
    /// Mean and covariance of the features, with whatever divisor they came.
    pub mean_cov: Option<&'a MeanCov>,
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

impl SampleSet<'_> {
    /// The same for a shorter while: views of arrays do not shrink by themselves.
    pub(crate) fn reborrow(&self) -> SampleSet<'_> {
        SampleSet {
            rows: self.rows.map(|rows| rows.reborrow()),
            logits: self.logits.map(|rows| rows.reborrow()),
            spatial: self.spatial.map(|rows| rows.reborrow()),
            stats: self.stats,
            mean_cov: self.mean_cov,
            images: self.images,
            labels: self.labels,
        }
    }

    fn has_moments(&self) -> bool {
        self.stats.is_some() || self.mean_cov.is_some()
    }

    /// Mean and covariance of the features.
    pub(super) fn moments(&self, ddof: Ddof) -> Result<MeanCov> {
        match (self.mean_cov, self.stats, self.rows) {
            (Some(mean_cov), _, _) => Ok(mean_cov.clone()),
            (None, Some(stats), _) => stats.mean_cov(ddof),
            (None, None, Some(rows)) => stats_of(Rows::from(rows), ddof),
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
    /// Spatial features of both sets.
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
            Need::Spatial => real.spatial.is_some() && generated.spatial.is_some(),
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

    /// Rows of both sets.
    pub(super) fn sets(&self) -> Result<FeatureSets<'a>> {
        let real = self.real.rows.ok_or_else(|| absent(Need::RealRows))?;
        let generated = self.generated.rows.ok_or_else(|| absent(Need::GeneratedRows))?;
        Ok(FeatureSets { real, generated })
    }

    /// What is to be seen of pairs.
    pub(super) fn look(&self, looks: &[Look]) -> Result<Rc<Seen>> {
        match self.passes {
            Some(passes) => passes.look(self, looks),
            None => Seen::of(self.sets()?, looks).map(Rc::new),
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

    /// Rows of both sets where a Fréchet distance is better taken of them than of their covariances: where they are few,
    /// or nobody counted them before.
    pub(super) fn rows_for_frechet(&self) -> Option<FeatureSets<'a>> {
        let (real, generated) = (self.real.rows?, self.generated.rows?);
        let are_few = real.nrows().min(generated.nrows()) <= real.ncols();
        let are_counted = self.real.has_moments() && self.generated.has_moments();
        (are_few || !are_counted).then_some(FeatureSets { real, generated })
    }
}
