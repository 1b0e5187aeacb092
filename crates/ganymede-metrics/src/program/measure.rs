//! One measure of two sets.

use crate::{
    Comparison, Ddof, Estimate, ImageSource, Measure, MetricError, Need, Provenance, SampleSet, Taken,
};
use anyhow::Result;

use super::source::Set;

/// What a measure gave.
pub(crate) struct Measured {
    pub(crate) measure: &'static Measure,
    pub(crate) taken: Taken,
    /// Where its values lie with 95 %, if that was asked for and can be known.
    pub(crate) intervals: Vec<Estimate>,
}

impl Measured {
    /// The provenance of this measure: divisor and seed only where they matter.
    pub(crate) fn provenance(&self, common: &Provenance, ddof: Ddof, seed: u64) -> Provenance {
        let mut provenance = common.clone();
        provenance.ddof = self.measure.has_covariance.then_some(ddof);
        provenance.seed = self.measure.is_random.then_some(seed);
        if self.taken.of_pixels {
            provenance.extractor = "pixels".into();
            provenance.weights_sha256 = String::new();
            provenance.resize = None;
        }
        if let Some(counts) = self.taken.counts {
            (provenance.real, provenance.fake) = (counts.real, counts.generated);
        }
        provenance
    }

    /// The full name of its numbers.
    pub(crate) fn id(&self, common: &Provenance, ddof: Ddof, seed: u64) -> String {
        let name = match &self.taken.variant {
            Some(variant) => format!("{}-{variant}", self.measure.name),
            None => self.measure.name.to_owned(),
        };
        self.provenance(common, ddof, seed).id(&name)
    }
}

/// What a set has, as measures take it.
pub(crate) fn samples(set: &Set) -> SampleSet<'_> {
    SampleSet {
        rows: set.rows(),
        wide_rows: set.wide.as_ref().map(|rows| rows.view()),
        stats: set.stats.as_ref(),
        mean_cov: set.foreign.as_ref().map(|foreign| &foreign.pool),
        spatial_mean_cov: set.foreign.as_ref().and_then(|foreign| foreign.spatial.as_ref()),
        images: set.images.as_ref().map(|images| images as &dyn ImageSource),
        ..SampleSet::from(&set.features)
    }
}

/// Takes a measure of two sets that `comparison` was made of.
pub(crate) fn take(
    measure: &'static Measure,
    comparison: &Comparison<'_>,
    [real, fake]: [&Set; 2],
) -> Result<Measured> {
    let taken = match measure.missing(comparison) {
        None => measure.take(comparison)?,
        Some(need) => return Err(MetricError::Unfit(lacking(need, real, fake)).into()),
    };
    Ok(Measured { measure, taken, intervals: Vec::new() })
}

/// What would have to be given for a measure to be taken.
fn lacking(need: Need, real: &Set, fake: &Set) -> String {
    let rows = |set: &Set, what: &str| {
        let path = set.path.display();
        let way = "give the folder, or count it with `stats --rows`";
        format!("it needs the features of each {what} image, and {path} has none: {way}")
    };
    match need {
        Need::RealRows => rows(real, "real"),
        Need::GeneratedRows => rows(fake, "generated"),
        Need::Spatial => "it needs folders or adm's .npz, and an extractor with spatial features".into(),
        Need::Logits => "it needs a folder of generated images, and a network that classifies".into(),
        Need::GeneratedImages => "it needs a folder of generated images".into(),
        Need::RealImages => "it needs folders of images".into(),
        Need::Labels | Need::RealLabels => {
            "it needs classes: two folders of images whose subfolders have the names of the classes".into()
        }
        other => format!("it needs {}", other.words()),
    }
}
