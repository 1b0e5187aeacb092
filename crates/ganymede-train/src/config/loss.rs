//! `[loss]`: what both players play for, of scores or of features.

use std::fmt;

use ganymede_losses::mmd::Estimator;
use ganymede_losses::{AdversarialLoss, FeatureLoss, KernelKind, LabelSmoothing};

use super::bounds;
use super::check::{Check, shown};
use super::file::LossFile;
use super::{Course, Run};

const USUAL_EPSILON: f64 = 1.0;
const USUAL_ITERATIONS: usize = 20;
const USUAL_DIRECTIONS: usize = 256;
/// Kernels in a mixture, at most.
const MOST_SCALES: usize = 100;
const ESTIMATORS: [(&str, Estimator); 2] = [("unbiased", Estimator::Unbiased), ("biased", Estimator::Biased)];

/// The adversarial loss of both players.
#[derive(Clone, Debug, PartialEq)]
pub enum LossConfig {
    /// Of one score a sample.
    OfScores(AdversarialLoss),
    /// Of the features of a discriminator that gives several numbers a sample (`discriminator.scores`).
    OfFeatures(FeatureLoss),
}

impl LossConfig {
    /// The name that a configuration uses.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OfScores(loss) => loss.name(),
            Self::OfFeatures(loss) => loss.name(),
        }
    }

    /// The loss of scores, if it is one.
    pub fn of_scores(&self) -> Option<AdversarialLoss> {
        match self {
            Self::OfScores(loss) => Some(*loss),
            Self::OfFeatures(_) => None,
        }
    }

    /// The loss of features, if it is one.
    pub fn of_features(&self) -> Option<&FeatureLoss> {
        match self {
            Self::OfScores(_) => None,
            Self::OfFeatures(loss) => Some(loss),
        }
    }

    /// Whether the generator's loss looks at real samples, too.
    pub fn needs_real_for_generator(&self) -> bool {
        self.of_scores().is_none_or(AdversarialLoss::needs_real_for_generator)
    }
}

impl From<AdversarialLoss> for LossConfig {
    fn from(loss: AdversarialLoss) -> Self {
        Self::OfScores(loss)
    }
}

impl fmt::Display for LossConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The loss by its name, with its settings.
pub(super) fn resolve(file: &LossFile, check: &mut Check) -> (LossConfig, LabelSmoothing) {
    let usual = AdversarialLoss::NonSaturating;
    let of_scores = AdversarialLoss::ALL.iter().map(|loss| (loss.name(), loss.name()));
    let of_features = FeatureLoss::NAMES.iter().map(|name| (*name, *name));
    let options: Vec<(&str, &str)> = of_scores.chain(of_features).collect();
    let name = check.choose("loss.kind", file.kind.as_deref(), usual.name(), &options);
    let loss = match AdversarialLoss::ALL.iter().find(|loss| loss.name() == name) {
        Some(loss) => LossConfig::OfScores(*loss),
        None => LossConfig::OfFeatures(features(name, file, check)),
    };
    strangers(&loss, file, check);
    let smoothing = LabelSmoothing { real: check.number("loss.real_label", file.real_label, 1.0) };
    match &loss {
        LossConfig::OfScores(loss) => {
            if let Err(error) = loss.check_smoothing(smoothing) {
                check.add("loss.real_label", error.to_string());
            }
        }
        LossConfig::OfFeatures(loss) => {
            let why = format!("`{loss}` compares features, which have no labels to smooth; leave it out");
            check.refuse("loss.real_label", !smoothing.is_off(), &why);
        }
    }
    (loss, smoothing)
}

fn features(name: &str, file: &LossFile, check: &mut Check) -> FeatureLoss {
    match name {
        "cramer" => FeatureLoss::Cramer,
        "sinkhorn" => FeatureLoss::Sinkhorn {
            epsilon: check.number("loss.epsilon", file.epsilon, USUAL_EPSILON),
            iterations: check.size("loss.iterations", file.iterations, USUAL_ITERATIONS),
        },
        "sliced-wasserstein" => FeatureLoss::SlicedWasserstein {
            directions: check.size("loss.directions", file.directions, USUAL_DIRECTIONS),
        },
        _ => {
            let kernels: Vec<(&str, KernelKind)> =
                KernelKind::ALL.iter().map(|kernel| (kernel.name(), *kernel)).collect();
            let typed = file.kernel.as_deref();
            let kernel = check.choose("loss.kernel", typed, KernelKind::RationalQuadratic, &kernels);
            let typed = file.estimator.as_deref();
            let estimator = check.choose("loss.estimator", typed, Estimator::Unbiased, &ESTIMATORS);
            let scales = scales(file, kernel, check);
            FeatureLoss::Mmd { kernel, scales, estimator, repulsive: name == "mmd-repulsive" }
        }
    }
}

fn scales(file: &LossFile, kernel: KernelKind, check: &mut Check) -> Vec<f64> {
    const KEY: &str = "loss.scales";
    let usual = || kernel.usual_scales().to_vec();
    let Some(typed) = &file.scales else { return usual() };
    if !(1..=MOST_SCALES).contains(&typed.len()) {
        check.add(KEY, format!("found {} numbers, expected 1 to {MOST_SCALES}", typed.len()));
        return usual();
    }
    let bound = bounds::of(KEY);
    match typed.iter().find(|scale| !bound.holds(**scale)) {
        Some(scale) => {
            check.add(KEY, format!("found {}, expected {}", shown(*scale), bound.words()));
            usual()
        }
        None => typed.clone(),
    }
}

/// Settings of other losses.
fn strangers(loss: &LossConfig, file: &LossFile, check: &mut Check) {
    let is = |names: &[&str]| names.contains(&loss.name());
    const MMD: &[&str] = &["mmd", "mmd-repulsive"];
    const SINKHORN: &[&str] = &["sinkhorn"];
    const SLICED: &[&str] = &["sliced-wasserstein"];
    for (key, given, owners) in [
        ("loss.kernel", file.kernel.is_some(), MMD),
        ("loss.scales", file.scales.is_some(), MMD),
        ("loss.estimator", file.estimator.is_some(), MMD),
        ("loss.epsilon", file.epsilon.is_some(), SINKHORN),
        ("loss.iterations", file.iterations.is_some(), SINKHORN),
        ("loss.directions", file.directions.is_some(), SLICED),
    ] {
        let names: Vec<String> = owners.iter().map(|name| format!("\"{name}\"")).collect();
        let why = format!("belongs to loss.kind = {}; leave it out", names.join(" or "));
        check.refuse(key, given && !is(owners), &why);
    }
}

/// The settings of a loss, as a file says them.
pub(super) fn write(loss: &LossConfig) -> LossFile {
    let mut file = LossFile { kind: Some(loss.name().to_owned()), ..LossFile::default() };
    match loss.of_features() {
        Some(FeatureLoss::Mmd { kernel, scales, estimator, .. }) => {
            file.kernel = Some(kernel.name().to_owned());
            file.scales = Some(scales.clone());
            let name = ESTIMATORS.iter().find(|(_, known)| known == estimator).map(|(name, _)| *name);
            file.estimator = name.map(str::to_owned);
        }
        Some(FeatureLoss::Sinkhorn { epsilon, iterations }) => {
            (file.epsilon, file.iterations) = (Some(*epsilon), Some(*iterations));
        }
        Some(FeatureLoss::SlicedWasserstein { directions }) => file.directions = Some(*directions),
        Some(FeatureLoss::Cramer) | None => {}
    }
    file
}

/// What a loss of features asks of the rest of the run.
pub(super) fn check(run: &Run, check: &mut Check) {
    let Some(loss) = run.loss.of_features() else { return };
    let traits = run.discriminator.traits();
    if traits.scores == 1 {
        let reason = format!(
            "`{loss}` compares features, and the discriminator gives one score a sample: set discriminator.scores = 16 of \
             one that has this setting (dcgan, mlp, sndcgan, sngan and its kin)"
        );
        check.add("loss.kind", reason);
    }
    let of_stages =
        run.growth.iter().flat_map(|growth| growth.batch.iter().map(|batch| ("growth.batch", *batch)));
    for (key, batch) in std::iter::once(("run.batch", run.batch)).chain(of_stages) {
        let least = loss.least_batch() * traits.pack;
        if batch < least {
            let reason =
                format!("`{loss}` compares samples of a batch with one another: give {least} or more");
            check.add(key, reason);
        }
    }
    if run.top_k != (Course::Constant { value: 1.0 }) {
        let reason = format!("ranks samples by their scores, and `{loss}` has none; leave it out");
        check.add("loss.top_k", reason);
    }
    if !run.penalties.is_empty() && !loss.has_witness() {
        let reason = format!(
            "penalises the slope of a function of one sample, and the plan of `{loss}` is a function of the batch: use \
             discriminator.spectral = true or optimizer.weight_clip"
        );
        check.add("penalty.0.kind", reason);
    }
}
