//! `[eval]`: how samples are measured while a run goes on.

use super::check::Check;
use super::file::EvalFile;

/// How samples of images are measured.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalConfig {
    /// Steps between measurements, ≥ 1.
    pub every: u64,
    /// The network whose features are compared.
    pub extractor: EvalExtractor,
    /// What is measured, at least one; the first decides which checkpoint is the best.
    pub metrics: Vec<EvalMetric>,
    /// Generated samples, and real ones where there are as many; ≥ 10.
    pub samples: usize,
}

/// A network that describes images by features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalExtractor {
    /// The small classifier that is built in: grey clothes of 32 pixels. Of some use for other small images.
    FashionCnn,
    /// The Inception network of FID, whose weights lie in the cache folder.
    Inception2015,
    /// DINOv2 with a small vision transformer, likewise.
    DinoV2Small,
    /// DINOv2, base.
    DinoV2Base,
    /// DINOv2, large.
    DinoV2Large,
}

impl EvalExtractor {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::FashionCnn, Self::Inception2015, Self::DinoV2Small, Self::DinoV2Base, Self::DinoV2Large];

    /// Its name, the one of `ganymede-metrics --extractor`.
    pub fn name(self) -> &'static str {
        match self {
            Self::FashionCnn => "fashion-cnn",
            Self::Inception2015 => "inception2015",
            Self::DinoV2Small => "dinov2-s",
            Self::DinoV2Base => "dinov2-b",
            Self::DinoV2Large => "dinov2-l",
        }
    }
}

/// A measure of generated against real samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalMetric {
    /// The Fréchet distance; lower is better.
    Fid,
    /// The kernel distance, unbiased, over subsets; lower is better.
    Kid,
    /// The Inception Score of the extractor's classes; higher is better.
    InceptionScore,
    /// Improved precision and recall, k = 3; higher is better.
    PrecisionRecall,
    /// Density and coverage, k = 5; higher is better.
    DensityCoverage,
}

impl EvalMetric {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Fid, Self::Kid, Self::InceptionScore, Self::PrecisionRecall, Self::DensityCoverage];

    /// Its name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fid => "fid",
            Self::Kid => "kid",
            Self::InceptionScore => "is",
            Self::PrecisionRecall => "precision-recall",
            Self::DensityCoverage => "density-coverage",
        }
    }
}

/// Resolution of the built-in extractor's images: where it serves unless another is named.
const BUILT_IN: usize = 32;
const NONE: &str = "none";

/// `resolution` is that of images, and none for points of the plane.
pub(super) fn resolve(
    file: &EvalFile,
    resolution: Option<usize>,
    sample_every: u64,
    check: &mut Check,
) -> Option<EvalConfig> {
    let Some(resolution) = resolution else {
        let given = file.extractor.as_deref().is_some_and(|name| name != NONE);
        check.refuse(
            "eval.extractor",
            given,
            "this data set has points of the plane, whose modes are counted",
        );
        return None;
    };
    let every = check.count("eval.every", file.every, sample_every);
    let samples = check.size("eval.samples", file.samples, 2000);
    let metrics = metrics(file, check);
    let named = EvalExtractor::ALL.iter().map(|e| (e.name(), Some(*e)));
    let options: Vec<(&str, Option<EvalExtractor>)> = named.chain([(NONE, None)]).collect();
    let usual = (resolution == BUILT_IN).then_some(EvalExtractor::FashionCnn);
    let extractor = check.choose("eval.extractor", file.extractor.as_deref(), usual, &options)?;
    Some(EvalConfig { every, extractor, metrics, samples })
}

fn metrics(file: &EvalFile, check: &mut Check) -> Vec<EvalMetric> {
    let usual = vec![EvalMetric::Fid, EvalMetric::PrecisionRecall];
    let Some(names) = &file.metrics else { return usual };
    if names.is_empty() {
        check.add("eval.metrics", "is empty; eval.extractor = \"none\" turns measuring off");
    }
    let options: Vec<(&str, EvalMetric)> = EvalMetric::ALL.iter().map(|m| (m.name(), *m)).collect();
    let mut chosen = Vec::new();
    for name in names {
        let metric = check.choose("eval.metrics", Some(name), EvalMetric::Fid, &options);
        if !chosen.contains(&metric) {
            chosen.push(metric);
        }
    }
    chosen
}

pub(super) fn write(eval: Option<&EvalConfig>, toy: bool) -> EvalFile {
    match eval {
        Some(eval) => EvalFile {
            every: Some(eval.every),
            extractor: Some(eval.extractor.name().to_owned()),
            metrics: Some(eval.metrics.iter().map(|m| m.name().to_owned()).collect()),
            samples: Some(eval.samples),
        },
        None => EvalFile { extractor: (!toy).then(|| NONE.to_owned()), ..EvalFile::default() },
    }
}
