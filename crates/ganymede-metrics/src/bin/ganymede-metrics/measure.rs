//! One measure of two sets.

use anyhow::{Result, anyhow};
use ganymede_metrics::{
    BallTest, FeatureSets, PRDC_NEIGHBOURS, fid_infinity, frechet_distance, frechet_distance_rows,
    improved_precision_recall, kid, kid_all, memorisation, mind, prdc, sfid, vendi_score,
};
use ganymede_tensor::Rng;
use ndarray::ArrayView2;
use serde_json::{Value, json};

use crate::choices::{Metric, Rules};
use crate::pixels;
use crate::source::Set;

/// Directions of MIND.
const DIRECTIONS: usize = 1000;

/// A number with its words.
pub(crate) struct Line {
    /// `Fréchet Inception distance (FID)`.
    pub(crate) label: String,
    pub(crate) value: f64,
    pub(crate) spread: Option<f64>,
    /// `lower` or `higher` is better, or what else to look for.
    pub(crate) better: &'static str,
}

/// What a measure gave.
pub(crate) struct Measured {
    pub(crate) metric: Metric,
    pub(crate) lines: Vec<Line>,
    pub(crate) json: Value,
    /// How many images it looked at, where that is not all of them.
    pub(crate) drawn: Option<Drawn>,
}

/// The number of images of either set, where the measure has to do with it.
#[derive(Clone, Copy)]
pub(crate) struct Drawn {
    pub(crate) real: Option<u64>,
    pub(crate) fake: Option<u64>,
}

/// Two sets and how to measure them.
pub(crate) struct Bench<'a> {
    pub(crate) real: &'a Set,
    pub(crate) fake: &'a Set,
    pub(crate) rules: &'a Rules,
    pub(crate) seed: u64,
    /// The extractor's name: only `inception2015` makes a Fréchet distance an FID.
    pub(crate) extractor: &'a str,
}

/// Why a measure cannot be taken of what there is; not a failure where nobody named it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotPossible(pub(crate) String);

fn line(label: impl Into<String>, value: f64, spread: Option<f64>, better: &'static str) -> Line {
    Line { label: label.into(), value, spread, better }
}

impl Bench<'_> {
    pub(crate) fn take(&self, metric: Metric) -> Result<Measured> {
        let (lines, json) = match metric {
            Metric::MsSsim => return pixels::ms_ssim(self),
            Metric::Swd => return pixels::swd(self),
            Metric::Fid => self.fid(),
            Metric::FidInfinity => self.infinity(),
            Metric::Sfid => self.sfid(),
            Metric::Kid => self.kid(),
            Metric::Is => self.inception_score(),
            Metric::Prdc => self.prdc(),
            Metric::Pr => self.precision_recall(),
            Metric::Mind => self.mind(),
            Metric::Memorisation => self.memorisation(),
            Metric::Vendi => self.vendi(),
            Metric::All => Err(anyhow!("`all` stands for other measures")),
        }?;
        Ok(Measured { metric, lines, json, drawn: None })
    }

    /// `FID`, or the Fréchet distance of whose features.
    fn frechet_label(&self, plain: &str) -> String {
        if self.extractor == "inception2015" {
            format!("Fréchet Inception distance ({plain})")
        } else {
            format!("Fréchet distance ({plain} by {})", self.extractor)
        }
    }

    fn sets(&self) -> Result<FeatureSets<'_>> {
        Ok(FeatureSets { real: rows_of(self.real, "real")?, generated: rows_of(self.fake, "generated")? })
    }

    fn fid(&self) -> Result<(Vec<Line>, Value)> {
        let ddof = self.rules.choices.ddof;
        let found = match (self.real.rows(), self.fake.rows()) {
            (Some(real), Some(fake)) if real.nrows().min(fake.nrows()) <= real.ncols() => {
                frechet_distance_rows(real, fake, ddof)?
            }
            _ => {
                let stats = |set: &crate::source::Set, what: &str| {
                    set.mean_cov(ddof)?.ok_or_else(|| anyhow!("there are no {what} statistics"))
                };
                frechet_distance(&stats(self.real, "real")?, &stats(self.fake, "generated")?)?
            }
        };
        let json =
            json!({ "value": found.distance, "mean_term": found.mean_term, "cov_term": found.cov_term });
        Ok((vec![line(self.frechet_label("FID"), found.distance, None, "lower")], json))
    }

    fn infinity(&self) -> Result<(Vec<Line>, Value)> {
        let sets = self.sets()?;
        let mut rng = Rng::stream(self.seed, "fid-infinity");
        let found = fid_infinity(sets.real, sets.generated, self.rules.choices.ddof, &mut rng)?;
        let label = self.frechet_label("FID, infinitely many images");
        let json = json!({
            "value": found.distance, "slope": found.slope, "r_squared": found.r_squared, "points": found.points,
        });
        Ok((vec![line(label, found.distance, None, "lower")], json))
    }

    fn sfid(&self) -> Result<(Vec<Line>, Value)> {
        let (Some(real), Some(fake)) = (&self.real.features.spatial, &self.fake.features.spatial) else {
            return Err(NotPossible("it needs folders, and an extractor with spatial features".into()).into());
        };
        let found = sfid(real, fake, self.rules.choices.ddof)?;
        let json =
            json!({ "value": found.distance, "mean_term": found.mean_term, "cov_term": found.cov_term });
        Ok((vec![line("Fréchet distance of spatial features (sFID)", found.distance, None, "lower")], json))
    }

    fn kid(&self) -> Result<(Vec<Line>, Value)> {
        let FeatureSets { real, generated, .. } = self.sets()?;
        let label =
            format!("Kernel {}distance (KID) × 1,000", if self.is_inception() { "Inception " } else { "" });
        let form = self.rules.choices.kid;
        let Some(subsets) = form.subsets(real.nrows(), generated.nrows(), self.seed)? else {
            let value = kid_all(real, generated)?;
            return Ok((vec![line(label, 1e3 * value, None, "lower")], json!({ "value": value })));
        };
        let found = kid(real, generated, &subsets)?;
        let (count, size) = (subsets.len(), subsets[0].real.len());
        let json = json!({ "value": found.mean, "std": found.std, "subsets": count, "subset_size": size });
        Ok((vec![line(label, 1e3 * found.mean, Some(1e3 * found.std), "lower")], json))
    }

    fn is_inception(&self) -> bool {
        self.extractor.starts_with("inception2015")
    }

    fn inception_score(&self) -> Result<(Vec<Line>, Value)> {
        let Some(logits) = &self.fake.features.logits else {
            return Err(NotPossible(
                "it needs a folder of generated images, and a network that classifies".into(),
            )
            .into());
        };
        let found = self.rules.choices.inception_score(logits, self.seed)?;
        let label = if self.is_inception() {
            "Inception Score (IS)".to_owned()
        } else {
            format!("Class score (IS by {})", self.extractor)
        };
        let json = json!({ "value": found.mean, "std": found.std, "splits": found.splits });
        Ok((vec![line(label, found.mean, Some(found.std), "higher")], json))
    }

    fn prdc(&self) -> Result<(Vec<Line>, Value)> {
        let found = prdc(self.sets()?, PRDC_NEIGHBOURS)?;
        let lines = vec![
            line(
                "Precision (k = 5): share of generated images that look real",
                found.precision,
                None,
                "higher",
            ),
            line("Recall (k = 5): share of real images that are reached", found.recall, None, "higher"),
            line("Density (k = 5)", found.density, None, "near 1"),
            line("Coverage (k = 5)", found.coverage, None, "higher"),
        ];
        Ok((lines, serde_json::to_value(found)?))
    }

    fn precision_recall(&self) -> Result<(Vec<Line>, Value)> {
        let (k, test) = (self.rules.choices.pr_neighbours, self.rules.choices.pr_test);
        let (precision, recall) = match test {
            BallTest::Open => {
                let found = prdc(self.sets()?, k)?;
                (found.precision, found.recall)
            }
            _ => {
                let found = improved_precision_recall(self.sets()?, k)?;
                (found.precision, found.recall)
            }
        };
        let lines = vec![
            line(format!("Improved precision (k = {k})"), precision, None, "higher"),
            line(format!("Improved recall (k = {k})"), recall, None, "higher"),
        ];
        Ok((lines, json!({ "precision": precision, "recall": recall, "k": k, "test": test })))
    }

    fn mind(&self) -> Result<(Vec<Line>, Value)> {
        let value = mind(self.sets()?, DIRECTIONS, self.seed)?;
        let label = if self.is_inception() {
            "Monge Inception distance (MIND)".to_owned()
        } else {
            format!("Sliced distance (MIND by {})", self.extractor)
        };
        Ok((vec![line(label, value, None, "lower")], json!({ "value": value, "directions": DIRECTIONS })))
    }

    fn memorisation(&self) -> Result<(Vec<Line>, Value)> {
        let found = memorisation(self.sets()?)?;
        let lines = vec![
            line("Authentic (AuthPct), % of generated images", found.authentic_percent, None, "about 50"),
            line("Memorised, % of generated images", 100.0 * found.memorised, None, "lower"),
        ];
        let json = json!({ "authentic_percent": found.authentic_percent, "memorised": found.memorised });
        Ok((lines, json))
    }

    fn vendi(&self) -> Result<(Vec<Line>, Value)> {
        let value = vendi_score(rows_of(self.fake, "generated")?)?;
        let label = "Vendi score: effective number of different generated images";
        Ok((vec![line(label, value, None, "higher")], json!({ "value": value })))
    }
}

fn rows_of<'a>(set: &'a Set, what: &str) -> Result<ArrayView2<'a, f32>> {
    set.rows().ok_or_else(|| {
        let path = set.path.display();
        let way = "give the folder, or count it with `stats --rows`";
        NotPossible(format!("it needs the features of each {what} image, and {path} has none: {way}")).into()
    })
}
