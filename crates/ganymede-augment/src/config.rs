//! The closed set of augmentations, as a configuration names it.

use ganymede_tensor::Rng;
use serde::{Deserialize, Serialize};

use crate::{
    Adaptive, AugmentError, Diffusion, Draws, FILTER_MARGIN, Group, Heuristic, NoiseDraws, Part, Pipe,
    Probability, Timesteps,
};

const USUAL_KIMG: f64 = 500.0;
/// Of a diffusion, as its authors' program has it.
const USUAL_KIMG_OF_T: f64 = 100.0;
const USUAL_SIGMA: f64 = 0.1;
/// They are gone through for every look of the discriminator.
const MOST_TIMESTEPS: u64 = 10_000;
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
/// | `instance-noise` | Gaussian noise in every sample: [`NoiseDraws`] |
/// | `diffusion` | every other sample is diffused, as far as p says: [`Diffusion`] |
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
    /// Instance noise (Sønderby et al., 2016, arXiv:1610.04490). It takes samples of any kind.
    InstanceNoise {
        /// The deviation of the noise, 0 or more; 0.1 unless given.
        #[serde(default = "sigma")]
        sigma: f64,
    },
    /// Diffusion-GAN (Wang et al., 2023, arXiv:2206.02262), whose discriminator is not told the timestep. It takes samples of
    /// any kind.
    Diffusion {
        /// How far T is from `t_min` to `t_max`; adaptive unless given.
        #[serde(default)]
        p: Probability,
        /// The value of r_t to keep, in [0, 1]; 0.6 unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<f64>,
        /// Thousands of real images shown in which T can go from `t_min` to `t_max`, above 0; 100 unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kimg: Option<f64>,
        /// As of ADA.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        interval: Option<u64>,
        /// The fewest timesteps, at least 1; 5 unless given.
        #[serde(default = "t_min")]
        t_min: u64,
        /// The most, at least `t_min`; 500 unless given.
        #[serde(default = "t_max")]
        t_max: u64,
        /// β of the first timestep, in (0, 1); 1e-4 unless given.
        #[serde(default = "beta_start")]
        beta_start: f64,
        /// β of the last, in (0, 1); 0.02 unless given.
        #[serde(default = "beta_end")]
        beta_end: f64,
        /// The deviation of the noise that is diffused to, 0 or more; 0.05 unless given, as for images in [−1, 1].
        #[serde(default = "sigma_of_t")]
        sigma: f64,
        /// How timesteps are drawn; `priority` unless given.
        #[serde(default)]
        timesteps: Timesteps,
    },
}

fn policy() -> Vec<Part> {
    Part::POLICY.to_vec()
}

fn sigma() -> f64 {
    USUAL_SIGMA
}

fn t_min() -> u64 {
    5
}

fn t_max() -> u64 {
    500
}

fn beta_start() -> f64 {
    1e-4
}

fn beta_end() -> f64 {
    2e-2
}

fn sigma_of_t() -> f64 {
    0.05
}

impl AugmentConfig {
    /// The kinds, in the order of the table, as they are serialised.
    pub const NAMES: &'static [&'static str] =
        &["none", "diffaugment", "ada", "apa", "instance-noise", "diffusion"];

    /// The kind, one of [`AugmentConfig::NAMES`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::None {} => "none",
            Self::DiffAugment { .. } => "diffaugment",
            Self::Ada { .. } => "ada",
            Self::Apa { .. } => "apa",
            Self::InstanceNoise { .. } => "instance-noise",
            Self::Diffusion { .. } => "diffusion",
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
            Self::None {} | Self::DiffAugment { .. } | Self::InstanceNoise { .. } => None,
            Self::Ada { p, .. } | Self::Apa { p, .. } | Self::Diffusion { p, .. } => Some(*p),
        }
    }

    /// The diffusion, where samples are diffused.
    #[must_use]
    pub fn diffusion(&self) -> Option<Diffusion> {
        match *self {
            Self::Diffusion { t_min, t_max, beta_start, beta_end, sigma, timesteps, .. } => {
                Some(Diffusion { t_min, t_max, beta_start, beta_end, sigma, timesteps })
            }
            _ => None,
        }
    }

    /// What moves the probability, where it is adaptive.
    #[must_use]
    pub fn adaptive(&self) -> Option<Adaptive> {
        let heuristic = self.heuristic();
        let usual_kimg = if self.diffusion().is_some() { USUAL_KIMG_OF_T } else { USUAL_KIMG };
        match self {
            Self::Ada { p: Probability::Adaptive, target, kimg, interval, .. }
            | Self::Apa { p: Probability::Adaptive, target, kimg, interval }
            | Self::Diffusion { p: Probability::Adaptive, target, kimg, interval, .. } => Some(Adaptive {
                heuristic,
                target: target.unwrap_or(heuristic.usual_target()),
                kimg: kimg.unwrap_or(usual_kimg),
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
                Self::Apa { target, kimg, interval, .. } | Self::Diffusion { target, kimg, interval, .. } => {
                    (*target, *kimg, *interval) = (Some(all.target), Some(all.kimg), Some(all.interval));
                }
                Self::None {} | Self::DiffAugment { .. } | Self::InstanceNoise { .. } => {}
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
            Self::InstanceNoise { sigma } => check_sigma(*sigma),
            Self::Diffusion {
                p, target, kimg, interval, t_min, t_max, beta_start, beta_end, sigma, ..
            } => {
                check_p(*p, [target.is_some(), kimg.is_some(), interval.is_some()])?;
                check("t_min", *t_min > 0, || "found 0, expected a whole number of 1 or more".into())?;
                check("t_max", (*t_min..=MOST_TIMESTEPS).contains(t_max), || {
                    format!("found {t_max}, expected a whole number from t_min, {t_min}, to {MOST_TIMESTEPS}")
                })?;
                for (setting, beta) in [("beta_start", *beta_start), ("beta_end", *beta_end)] {
                    check(setting, beta > 0.0 && beta < 1.0, || {
                        format!("found {beta}, expected a number above 0 and below 1")
                    })?;
                }
                check_sigma(*sigma)?;
                self.adaptive().map_or(Ok(()), |adaptive| check_adaptive(&adaptive))
            }
        }
    }

    /// Whether samples `[C, H, W]` can be changed so.
    ///
    /// # Errors
    /// [`AugmentError::Images`]: they are no images, have neither 1 nor 3 channels where colours change, or are too small for the
    /// filter of ADA. The other kinds take any.
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

    /// Draws changes of samples of shape `[N, C, H, W]`, or `[N, …]` where the kind takes any, each with probability `p` where
    /// there is one; nothing where such samples are not changed.
    pub fn draw(&self, p: f64, shape: &[usize], rng: &mut Rng) -> Option<Draws> {
        match (self, shape) {
            (Self::DiffAugment { policy }, &[n, c, h, w]) => Some(Draws::parts(policy, [n, c, h, w], rng)),
            (Self::Ada { pipe, .. }, &[n, c, h, w]) => Some(Draws::ada(*pipe, p, [n, c, h, w], rng)),
            // Noise that has gone out leaves every bit as it is.
            (Self::InstanceNoise { sigma }, _) if *sigma > 0.0 => {
                Some(Draws::Noise(NoiseDraws::instance(*sigma, shape, rng)))
            }
            _ => self.diffusion().map(|diffusion| Draws::Noise(diffusion.draw(p, shape, rng))),
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

fn check_sigma(sigma: f64) -> Result<(), AugmentError> {
    check("sigma", sigma >= 0.0 && sigma.is_finite(), || {
        format!("found {sigma}, expected a number of 0 or more")
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
