//! What is written down while a run goes on.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::numbers::or_nan;
use crate::quality::Quality;

/// A line of `log.jsonl`: the values of one step by name, not averages.
///
/// Nothing here depends on the clock: the same configuration gives the same bytes.
///
/// | name | value |
/// |---|---|
/// | `loss_d` | the discriminator's adversarial loss, without terms, to minimise |
/// | `loss_g` | the generator's, likewise |
/// | `penalty` | the sum of penalties when last computed, each times its interval; absent without penalties |
/// | `penalty_exact` | what first-order penalties would be if they were exact; only where that was looked at when last computed |
/// | `penalty_norm` | the mean norm of the discriminator's gradient where the first penalty looked |
/// | `score_real`, `score_fake` | mean raw scores, those of generated samples in the discriminator's update; of losses of features the means of their witness, and absent for those without one |
/// | `accuracy_real`, `accuracy_fake` | shares of samples on their side of the score at which the discriminator is undecided; absent for losses without one |
/// | `r_t` | the mean sign of the scores of real samples around that score: 1 where all are taken for real, near 0 where the discriminator cannot tell; absent likewise |
/// | `score_held_out` | the mean raw score of real samples that are never trained on; absent where none are held out |
/// | `augment_p` | the probability with which samples are augmented; absent without one |
/// | `diffusion_t` | the timesteps T of a diffusion; absent without one |
/// | `grad_norm_d`, `grad_norm_g` | Euclidean norms of the players' whole gradients |
/// | `lr_factor` | the schedule's factor on both learning rates |
/// | `lr_g`, `lr_d` | the learning rates of this step |
///
/// Terms add names of their own. A value that is not a number is `null` in the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Generator updates made.
    pub step: u64,
    /// Real samples shown to the discriminator.
    pub images: u64,
    /// Values by name.
    #[serde(flatten, deserialize_with = "numbers_or_nan")]
    pub values: BTreeMap<String, f64>,
}

/// What is said of a value that is not finite; others go by their name.
const WORDS: &[(&str, &str)] = &[
    ("loss_d", "the discriminator's loss"),
    ("loss_g", "the generator's loss"),
    ("penalty", "the penalty"),
    ("penalty_norm", "the penalty's gradient norm"),
    ("score_real", "the score of real samples"),
    ("score_fake", "the score of generated samples"),
    ("grad_norm_d", "the discriminator's gradient"),
    ("grad_norm_g", "the generator's gradient"),
];

impl LogEntry {
    /// A value by name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.get(name).copied()
    }

    /// The first value that is not a finite number, in words.
    pub fn non_finite(&self) -> Option<String> {
        let known = WORDS.iter().find(|(name, _)| self.get(name).is_some_and(|x| !x.is_finite()));
        if let Some((_, words)) = known {
            return Some((*words).to_owned());
        }
        self.values.iter().find(|(_, x)| !x.is_finite()).map(|(name, _)| format!("`{name}`"))
    }
}

/// Numbers by name, where JSON says `null` for one that is none; what is neither belongs to another version.
fn numbers_or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, f64>, D::Error> {
    let values = BTreeMap::<String, serde_json::Value>::deserialize(deserializer)?;
    let number = |value: serde_json::Value| if value.is_null() { Some(f64::NAN) } else { value.as_f64() };
    Ok(values.into_iter().filter_map(|(name, value)| Some((name, number(value)?))).collect())
}

/// A line of `timing.jsonl`, the one file that the clock writes into.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimingEntry {
    /// Generator updates made.
    pub step: u64,
    /// Seconds of training up to here, those before a resume included.
    pub seconds: f64,
    /// Real samples a second since the start or the last resume.
    pub images_per_second: f64,
    /// Share of the steps' time since then in which they waited for data, in [0, 1].
    #[serde(default)]
    pub data_wait: f64,
}

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricEntry {
    /// Generator updates made.
    pub step: u64,
    /// What was measured.
    #[serde(flatten)]
    pub metric: Metric,
}

/// How good the samples are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "metric", rename_all = "kebab-case")]
pub enum Metric {
    /// Data with known modes: how many are found, and how many samples lie on one (Srivastava et al., 2017,
    /// arXiv:1705.07761, section 5.1; rule: [`ganymede_datasets::mode_coverage`]).
    ModeCoverage {
        /// Modes with at least `min_count` good samples.
        modes_covered: usize,
        /// Modes that there are.
        modes: usize,
        /// Share of samples within 3σ of a mode.
        #[serde(deserialize_with = "or_nan")]
        high_quality: f64,
        /// Good samples that make a mode count.
        min_count: usize,
        /// Modes with at least one good sample, as most papers count them; absent in files of older versions.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        modes_hit: Option<usize>,
        /// The divergence of the shares of modes from equal ones, each sample counted for the nearest mode.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reverse_kl: Option<f64>,
        /// Generated samples N.
        samples: usize,
    },
    /// Other data: the mean 1-Wasserstein distance between real and generated samples over random
    /// directions (Rabin et al., 2011), of raw values. It sees collapse and divergence; it does not see
    /// sharpness, and it is not comparable between data sets.
    SlicedWasserstein {
        /// The distance, ≥ 0; lower is better.
        #[serde(deserialize_with = "or_nan")]
        distance: f64,
        /// The same distance between as many real samples and as many other real samples.
        #[serde(deserialize_with = "or_nan")]
        between_reals: f64,
        /// Samples of either side N.
        samples: usize,
        /// Directions, uniform on the sphere, the same at every step.
        directions: usize,
    },
    /// Images, by the features of a network: FID, precision, recall and what else was asked for.
    Quality(Quality),
}

impl Metric {
    /// Whether this is better than `other`: more modes, then more samples on them; or a lower distance.
    pub fn is_better_than(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::ModeCoverage { modes_covered: a, high_quality: x, .. },
                Self::ModeCoverage { modes_covered: b, high_quality: y, .. },
            ) => a > b || (a == b && x > y),
            (Self::SlicedWasserstein { distance: a, .. }, Self::SlicedWasserstein { distance: b, .. }) => {
                a < b
            }
            (Self::Quality(a), Self::Quality(b)) => a.is_better_than(b),
            _ => false,
        }
    }

    /// Whether this makes its checkpoint the best one. What is not a number never does, and anything beats it.
    pub(crate) fn improves_on(&self, best: Option<&Self>) -> bool {
        let best = best.filter(|best| best.is_number());
        self.is_number() && best.is_none_or(|best| self.is_better_than(best))
    }

    /// Whether the value that decides is a number.
    fn is_number(&self) -> bool {
        match self {
            Self::ModeCoverage { high_quality, .. } => !high_quality.is_nan(),
            Self::SlicedWasserstein { distance, .. } => !distance.is_nan(),
            Self::Quality(quality) => quality.values.first().is_some_and(|first| !first.value.is_nan()),
        }
    }

    /// The rule of [`Metric::is_better_than`] in words.
    pub fn rule(&self) -> String {
        match self {
            Self::ModeCoverage { .. } => {
                "most modes covered, then the largest share of samples within 3σ".into()
            }
            Self::SlicedWasserstein { .. } => {
                "lowest sliced Wasserstein distance of raw values between generated and real samples".into()
            }
            Self::Quality(quality) => match quality.values.first() {
                Some(first) => {
                    format!("{} {}", if first.lower_is_better { "lowest" } else { "highest" }, first.name)
                }
                None => "none".into(),
            },
        }
    }
}

/// The best checkpoint so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Its step.
    pub step: u64,
    /// What it scored.
    pub metric: Metric,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of every size, from a generator that needs no library.
    fn numbers() -> impl Iterator<Item = f64> {
        let mut state = 1u64;
        let bits = std::iter::from_fn(move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            Some(state ^ state >> 29)
        });
        bits.map(f64::from_bits).filter(|x| x.is_finite()).take(20_000)
    }

    #[test]
    fn numbers_come_back_from_json_and_toml_as_the_same_bits() {
        for x in numbers().chain([200.002_469_135_782_46, 0.1 + 0.2, f64::MIN_POSITIVE, 5e-324]) {
            let text = serde_json::to_string(&x).unwrap();
            assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), x.to_bits(), "JSON {text}");
            // As in the state of a checkpoint, by way of a value.
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value.as_f64().unwrap().to_bits(), x.to_bits(), "value {text}");
            let table = toml::to_string(&toml::Table::from_iter([("x".to_owned(), toml::Value::Float(x))]));
            let table = table.unwrap();
            let back: toml::Table = table.parse().unwrap();
            assert_eq!(back["x"].as_float().unwrap().to_bits(), x.to_bits(), "TOML {table}");
        }
    }

    #[test]
    fn a_metric_that_is_not_a_number_is_never_the_best_and_always_beaten() {
        let distance =
            |distance| Metric::SlicedWasserstein { distance, between_reals: 0.1, samples: 8, directions: 4 };
        let (good, better, none) = (distance(2.0), distance(1.0), distance(f64::NAN));
        assert!(good.improves_on(None) && better.improves_on(Some(&good)) && good.improves_on(Some(&none)));
        assert!(
            !none.improves_on(None) && !none.improves_on(Some(&good)) && !good.improves_on(Some(&better))
        );
        // JSON has no word for it: null, which is read back.
        let text = serde_json::to_string(&MetricEntry { step: 3, metric: none }).unwrap();
        assert!(text.contains("\"distance\":null"), "{text}");
        let back: MetricEntry = serde_json::from_str(&text).unwrap();
        let Metric::SlicedWasserstein { distance, .. } = back.metric else { panic!("{back:?}") };
        assert!(distance.is_nan());
    }
}
