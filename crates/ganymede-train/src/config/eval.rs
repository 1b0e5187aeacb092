//! `[eval]`: how samples are measured while a run goes on.

use ganymede_metrics::{EXTRACTORS, ExtractorKind, MEASURES, Measure, Need, find_measure};

use super::check::Check;
use super::file::EvalFile;
use super::nearest::hint;

/// How samples of images are measured.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalConfig {
    /// Steps between measurements, ≥ 1.
    pub every: u64,
    /// The network whose features are compared.
    pub extractor: &'static ExtractorKind,
    /// What is measured, at least one; the first decides which checkpoint is the best.
    pub metrics: Vec<&'static Measure>,
    /// Generated samples, and real ones where there are as many; ≥ 10.
    pub samples: usize,
    /// Passes of 64 samples whose statistics batch normalisation uses in the generator that is measured
    /// ([`ganymede_models::standing_statistics`]); 0: its running statistics.
    pub standing_statistics: u64,
}

impl EvalConfig {
    /// What is measured where nothing is named: of pixels what needs no network.
    pub fn usual_metrics(pixels: bool) -> [&'static str; 2] {
        if pixels { ["fwd", "ndb"] } else { ["fid", "pr"] }
    }
}

/// Whether a trainer has what a measure looks at: features, classes and what was asked for, pixels where these are the
/// features, but neither spatial features nor the classes of real samples.
fn is_for_trainers(measure: &Measure) -> bool {
    ![Need::Spatial, Need::RealLabels].into_iter().any(|need| measure.needs(need))
}

fn looks_at_pixels(measure: &Measure) -> bool {
    measure.needs(Need::GeneratedImages)
}

/// Resolution of the built-in network's images: where it serves unless another extractor is named. Elsewhere pixels do.
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
    let standing_statistics = check.count("eval.standing_statistics", file.standing_statistics, 0);
    let named = EXTRACTORS.iter().map(|kind| (kind.name, Some(*kind)));
    let options: Vec<(&str, Option<&'static ExtractorKind>)> = named.chain([(NONE, None)]).collect();
    let is_usual = |kind: &ExtractorKind| kind.is_built_in() && kind.is_network() == (resolution == BUILT_IN);
    let usual = EXTRACTORS.iter().copied().find(|kind| is_usual(kind));
    let extractor = check.choose("eval.extractor", file.extractor.as_deref(), usual, &options);
    let metrics = metrics(file, extractor, check);
    Some(EvalConfig { every, extractor: extractor?, metrics, samples, standing_statistics })
}

fn metrics(
    file: &EvalFile,
    extractor: Option<&'static ExtractorKind>,
    check: &mut Check,
) -> Vec<&'static Measure> {
    let pixels = extractor.is_some_and(|kind| !kind.is_network());
    let usual = EvalConfig::usual_metrics(pixels).map(str::to_owned);
    let names = file.metrics.as_deref().unwrap_or(&usual);
    if names.is_empty() {
        check.add("eval.metrics", "is empty; eval.extractor = \"none\" turns measuring off");
    }
    let mut chosen: Vec<&'static Measure> = Vec::new();
    for name in names {
        match find_measure(name) {
            Ok(measure) if !is_for_trainers(measure) => {
                let reason = format!("`{name}` looks at more than a run has; ganymede-metrics has it");
                check.add("eval.metrics", reason);
            }
            Ok(measure) if looks_at_pixels(measure) && !pixels && extractor.is_some() => {
                let reason = format!("`{name}` looks at pixels: set eval.extractor = \"pixels\" for it");
                check.add("eval.metrics", reason);
            }
            Ok(measure) if chosen.contains(&measure) => {}
            Ok(measure) => chosen.push(measure),
            Err(_) => {
                let offered = MEASURES.iter().filter(|measure| is_for_trainers(measure));
                let known: Vec<&str> = offered.map(|measure| measure.name).collect();
                check.add("eval.metrics", format!("there is no `{name}`{}", hint(name, &known)));
            }
        }
    }
    chosen
}

pub(super) fn write(eval: Option<&EvalConfig>, toy: bool) -> EvalFile {
    match eval {
        Some(eval) => EvalFile {
            every: Some(eval.every),
            extractor: Some(eval.extractor.name.to_owned()),
            metrics: Some(eval.metrics.iter().map(|m| m.name.to_owned()).collect()),
            samples: Some(eval.samples),
            // Left out where it is off, so that run files stay what they were.
            standing_statistics: Some(eval.standing_statistics).filter(|passes| *passes > 0),
        },
        None => EvalFile { extractor: (!toy).then(|| NONE.to_owned()), ..EvalFile::default() },
    }
}
