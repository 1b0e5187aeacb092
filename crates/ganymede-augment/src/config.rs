//! The closed set of augmentations, as a configuration names it.

use std::fmt;

use ganymede_tensor::Rng;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Adaptive, AugmentError, Draws, FILTER_MARGIN, Group, Heuristic, Part, Pipe};

const USUAL_KIMG: f64 = 500.0;
const USUAL_INTERVAL: u64 = 4;
const USUAL_HELD_OUT: f64 = 0.1;

/// What is done to all that a discriminator sees, real or generated, so that few samples last longer.
///
/// | kind | what |
/// |---|---|
/// | `none` | nothing |
/// | `diffaugment` | each part of the policy, to every image: [`Part`] |
/// | `ada` | each change of the pipe with probability p: [`AdaDraws`](crate::AdaDraws) |
/// | `apa` | a generated sample in the place of a real one with probability p: [`apa`](crate::apa) |
///
/// Serialised, the kind ([`AugmentConfig::NAMES`]) is the one key of a map, and its settings are the map below it: that way the
/// path of a faulty one can be told. Settings that may be left out are filled in by [`AugmentConfig::filled`], unknown ones are
/// refused.
///
/// ```
/// use ganymede_augment::{AugmentConfig, Probability};
/// #[derive(serde::Deserialize)]
/// struct File {
///     augment: AugmentConfig,
/// }
/// let file: File = toml::from_str("[augment.ada]\npipe = \"bg\"\np = 0.3")?;
/// assert_eq!(file.augment.probability(), Some(Probability::Fixed(0.3)));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AugmentConfig {
    /// Samples are shown as they are.
    None {},
    /// DiffAugment (Zhao et al., 2020, arXiv:2006.10738).
    #[serde(rename = "diffaugment")]
    DiffAugment {
        /// What is done, in this order; colour, translation and cutout unless given.
        #[serde(default = "policy")]
        policy: Vec<Part>,
    },
    /// Adaptive discriminator augmentation (Karras et al., 2020, arXiv:2006.06676).
    Ada {
        /// Which groups of changes are made; `bgc` unless given.
        #[serde(default)]
        pipe: Pipe,
        /// The probability of each change; adaptive unless given.
        #[serde(default)]
        p: Probability,
        /// What moves an adaptive p; `r_t` unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heuristic: Option<Heuristic>,
        /// The value of the heuristic to keep, in [0, 1]: see [`Heuristic::usual_target`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<f64>,
        /// Thousands of real images shown in which p can go from 0 to 1, above 0; 500 unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kimg: Option<f64>,
        /// Updates of the discriminator between moves of p, at least 1; 4 unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interval: Option<u64>,
        /// The share of the data that is held out for `r_v`, in (0, 1); 0.1 unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held_out: Option<f64>,
    },
    /// Adaptive pseudo augmentation (Jiang et al., 2021, arXiv:2111.06849).
    Apa {
        /// The probability of a replacement; adaptive unless given.
        #[serde(default)]
        p: Probability,
        /// The value of r_t to keep, in [0, 1]; 0.6 unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<f64>,
        /// As of ADA.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kimg: Option<f64>,
        /// As of ADA.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interval: Option<u64>,
    },
}

/// How probable a change is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Probability {
    /// Always so, in [0, 1].
    Fixed(f64),
    /// As an [`AdaController`](crate::AdaController) says. Serialised `"adaptive"`.
    #[default]
    Adaptive,
}

fn policy() -> Vec<Part> {
    Part::POLICY.to_vec()
}

impl AugmentConfig {
    /// The kinds, in the order of the table, as they are serialised.
    pub const NAMES: &'static [&'static str] = &["none", "diffaugment", "ada", "apa"];

    /// The kind, one of [`AugmentConfig::NAMES`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None {} => "none",
            Self::DiffAugment { .. } => "diffaugment",
            Self::Ada { .. } => "ada",
            Self::Apa { .. } => "apa",
        }
    }

    /// Whether nothing is done at all.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None {})
    }

    /// The probability of what is done, where there is one.
    #[must_use]
    pub fn probability(&self) -> Option<Probability> {
        match self {
            Self::None {} | Self::DiffAugment { .. } => None,
            Self::Ada { p, .. } | Self::Apa { p, .. } => Some(*p),
        }
    }

    /// What moves the probability, where it is adaptive.
    #[must_use]
    pub fn adaptive(&self) -> Option<Adaptive> {
        let heuristic = self.heuristic();
        match self {
            Self::Ada { p: Probability::Adaptive, target, kimg, interval, .. }
            | Self::Apa { p: Probability::Adaptive, target, kimg, interval } => Some(Adaptive {
                heuristic,
                target: target.unwrap_or(heuristic.usual_target()),
                kimg: kimg.unwrap_or(USUAL_KIMG),
                interval: interval.unwrap_or(USUAL_INTERVAL),
            }),
            _ => None,
        }
    }

    /// The share of the data that is never trained on, where there is one.
    #[must_use]
    pub fn held_out(&self) -> Option<f64> {
        let needs = self.adaptive().is_some_and(|adaptive| adaptive.heuristic == Heuristic::HeldOut);
        match self {
            Self::Ada { held_out, .. } if needs => Some(held_out.unwrap_or(USUAL_HELD_OUT)),
            _ => None,
        }
    }

    fn heuristic(&self) -> Heuristic {
        match self {
            Self::Ada { heuristic: Some(heuristic), .. } => *heuristic,
            _ => Heuristic::Sign,
        }
    }

    /// The same with everything that was left out.
    #[must_use]
    pub fn filled(mut self) -> Self {
        let (adaptive, share) = (self.adaptive(), self.held_out());
        if let Some(all) = adaptive {
            match &mut self {
                Self::Ada { heuristic, target, kimg, interval, held_out, .. } => {
                    *heuristic = Some(all.heuristic);
                    *held_out = share;
                    (*target, *kimg, *interval) = (Some(all.target), Some(all.kimg), Some(all.interval));
                }
                Self::Apa { target, kimg, interval, .. } => {
                    (*target, *kimg, *interval) = (Some(all.target), Some(all.kimg), Some(all.interval));
                }
                Self::None {} | Self::DiffAugment { .. } => {}
            }
        }
        self
    }

    /// Refuses settings that are out of their range, or mean nothing beside the others.
    ///
    /// # Errors
    /// [`AugmentError::Setting`], naming the first.
    pub fn validate(&self) -> Result<(), AugmentError> {
        match self {
            Self::None {} => Ok(()),
            Self::DiffAugment { policy } => check_policy(policy),
            Self::Ada { p, heuristic, target, kimg, interval, held_out, .. } => {
                check_p(*p, [target.is_some(), kimg.is_some(), interval.is_some()])?;
                let why = "belongs to p = \"adaptive\"; leave it out";
                let fixed = *p != Probability::Adaptive;
                check("heuristic", !(fixed && heuristic.is_some()), || why.into())?;
                let why = "belongs to heuristic = \"r_v\"; leave it out";
                let alone = self.held_out().is_none();
                check("held_out", !(alone && held_out.is_some()), || why.into())?;
                let share = held_out.unwrap_or(USUAL_HELD_OUT);
                check("held_out", share > 0.0 && share < 1.0, || {
                    format!("found {share}, expected a number above 0 and below 1")
                })?;
                self.adaptive().map_or(Ok(()), |adaptive| check_adaptive(&adaptive))
            }
            Self::Apa { p, target, kimg, interval } => {
                check_p(*p, [target.is_some(), kimg.is_some(), interval.is_some()])?;
                self.adaptive().map_or(Ok(()), |adaptive| check_adaptive(&adaptive))
            }
        }
    }

    /// Whether samples `[C, H, W]` can be changed so.
    ///
    /// # Errors
    /// [`AugmentError::Images`]: they are no images, have neither 1 nor 3 channels where colours change, or are too small for the
    /// filter of ADA. APA takes any.
    pub fn check_sample(&self, sample: &[usize]) -> Result<(), AugmentError> {
        let wrong = |reason: String| Err(AugmentError::Images { got: sample.to_vec(), reason });
        let (Self::DiffAugment { .. } | Self::Ada { .. }) = self else { return Ok(()) };
        let &[channels, height, width] = sample else {
            return wrong(format!("`{}` changes images (C, H, W)", self.name()));
        };
        let Self::Ada { pipe, .. } = self else { return Ok(()) };
        if pipe.has(Group::Color) && ![1, 3].contains(&channels) {
            return wrong("colours are changed of 1 or 3 channels; use a pipe without `color`".into());
        }
        if pipe.has(Group::Filter) && height.min(width) <= FILTER_MARGIN {
            return wrong(format!(
                "the filter needs more than {FILTER_MARGIN} pixels a side; use a pipe without `filter`, such as bgc"
            ));
        }
        Ok(())
    }

    /// Draws changes of images of shape `[N, C, H, W]`, each with probability `p` where there is one; nothing where images are
    /// not changed.
    pub fn draw(&self, p: f64, shape: [usize; 4], rng: &mut Rng) -> Option<Draws> {
        match self {
            Self::None {} | Self::Apa { .. } => None,
            Self::DiffAugment { policy } => Some(Draws::parts(policy, shape, rng)),
            Self::Ada { pipe, .. } => Some(Draws::ada(*pipe, p, shape, rng)),
        }
    }
}

fn check(setting: &'static str, holds: bool, reason: impl FnOnce() -> String) -> Result<(), AugmentError> {
    if holds { Ok(()) } else { Err(AugmentError::Setting { setting, reason: reason() }) }
}

fn check_policy(policy: &[Part]) -> Result<(), AugmentError> {
    check("policy", !policy.is_empty(), || "is empty; give a part, or leave the augmentation out".into())?;
    let twice = policy.iter().enumerate().find(|(at, part)| policy[..*at].contains(part));
    check("policy", twice.is_none(), || {
        let name = twice.map_or("", |(_, part)| part.name());
        format!("has `{name}` twice; give each part once")
    })
}

/// `given` are the settings of the controller.
fn check_p(p: Probability, given: [bool; 3]) -> Result<(), AugmentError> {
    let Probability::Fixed(p) = p else { return Ok(()) };
    check("p", (0.0..=1.0).contains(&p), || {
        format!("found {p}, expected a number from 0 to 1, or \"adaptive\"")
    })?;
    for (setting, given) in ["target", "kimg", "interval"].into_iter().zip(given) {
        check(setting, !given, || "belongs to p = \"adaptive\"; leave it out".into())?;
    }
    Ok(())
}

fn check_adaptive(adaptive: &Adaptive) -> Result<(), AugmentError> {
    let Adaptive { target, kimg, interval, .. } = *adaptive;
    check("target", (0.0..=1.0).contains(&target), || {
        format!("found {target}, expected a number from 0 to 1")
    })?;
    check("kimg", kimg > 0.0 && kimg.is_finite(), || format!("found {kimg}, expected a number above 0"))?;
    check("interval", interval > 0, || "found 0, expected a whole number of 1 or more".into())
}

impl Serialize for Probability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(p) => serializer.serialize_f64(*p),
            Self::Adaptive => serializer.serialize_str(ADAPTIVE),
        }
    }
}

const ADAPTIVE: &str = "adaptive";

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ProbabilityVisitor)
    }
}

struct ProbabilityVisitor;

impl Visitor<'_> for ProbabilityVisitor {
    type Value = Probability;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number from 0 to 1, or \"adaptive\"")
    }

    fn visit_f64<E: de::Error>(self, p: f64) -> Result<Probability, E> {
        Ok(Probability::Fixed(p))
    }

    fn visit_i64<E: de::Error>(self, p: i64) -> Result<Probability, E> {
        Ok(Probability::Fixed(p as f64))
    }

    fn visit_u64<E: de::Error>(self, p: u64) -> Result<Probability, E> {
        Ok(Probability::Fixed(p as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Probability, E> {
        match text {
            ADAPTIVE => Ok(Probability::Adaptive),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}
