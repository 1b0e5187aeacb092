//! The truncation trick, in all its forms: samples that are less varied and more typical.

use std::fmt;
use std::str::FromStr;

use ganymede_models::{Generator, LatentDistribution};
use serde::{Deserialize, Serialize};

use crate::config::hint;
use crate::error::TrainError;

/// No draw of N(0, 1) is ever so large, and no latent vector so much longer than the others.
const MOST_PSI: f64 = 100.0;

/// What becomes of a latent vector that is far from the middle, where far is said by ψ: the smaller, the less varied
/// and the more typical samples are.
///
/// σ is the standard deviation of a latent number ([`LatentDistribution::std`]) and Z the length of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case")]
pub enum Truncation {
    /// Each number of z is drawn again until |zᵢ| ≤ ψ (Brock et al., 2019, arXiv:1809.11096, section 3.1).
    Resample {
        /// ψ, 0.5 to 2 usually.
        psi: f64,
    },
    /// z with ‖z‖ > ψ·σ·√Z is scaled back to that length: ‖z‖ lies within a few hundredths of σ·√Z for a large Z, so
    /// that ψ = 1 cuts off the longer half and a smaller ψ puts (almost) all vectors onto a sphere of ψ times the radius.
    Norm {
        /// ψ, 0.3 to 1 usually.
        psi: f64,
    },
    /// z with ‖z‖ > ψ·σ is scaled back to that length, as the formula is often written. The lengths of all vectors lie
    /// far beyond, so that for every usual ψ this puts all of them onto a sphere of 1/√Z times the usual radius, where
    /// a generator has never been.
    NormLiteral {
        /// ψ.
        psi: f64,
    },
    /// w̄ + ψ·(w − w̄) in place of w, in generators with a mapping network (Karras et al., 2019, arXiv:1812.04948,
    /// section 2 and appendix B): [`ganymede_models::truncate`].
    W {
        /// ψ, 0.5 to 1 usually.
        psi: f64,
        /// Only in so many of the first layers; in all of them otherwise.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cutoff: Option<usize>,
    },
}

/// The form of a [`Truncation`], by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruncationForm {
    /// `resample`
    Resample,
    /// `norm`
    Norm,
    /// `norm-literal`
    NormLiteral,
    /// `w`
    W,
}

impl TruncationForm {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Resample, Self::Norm, Self::NormLiteral, Self::W];

    /// Its name on command lines and in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resample => "resample",
            Self::Norm => "norm",
            Self::NormLiteral => "norm-literal",
            Self::W => "w",
        }
    }

    /// A truncation of this form.
    ///
    /// # Errors
    /// A cutoff is given and the form has no layers to begin with.
    pub fn with(self, psi: f64, cutoff: Option<usize>) -> Result<Truncation, TrainError> {
        if let (Some(cutoff), true) = (cutoff, self != Self::W) {
            let reason = format!(
                "truncation cutoff {cutoff}: only the form `w` truncates layer by layer, and this one is `{self}`; \
                 leave the cutoff out"
            );
            return Err(TrainError::Sample { reason });
        }
        Ok(match self {
            Self::Resample => Truncation::Resample { psi },
            Self::Norm => Truncation::Norm { psi },
            Self::NormLiteral => Truncation::NormLiteral { psi },
            Self::W => Truncation::W { psi, cutoff },
        })
    }
}

impl fmt::Display for TruncationForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TruncationForm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known: Vec<&str> = Self::ALL.iter().map(|form| form.name()).collect();
        let found = Self::ALL.iter().find(|form| form.name() == text);
        found.copied().ok_or_else(|| format!("there is no form `{text}`{}", hint(text, &known)))
    }
}

impl Truncation {
    /// Its form.
    pub fn form(self) -> TruncationForm {
        match self {
            Self::Resample { .. } => TruncationForm::Resample,
            Self::Norm { .. } => TruncationForm::Norm,
            Self::NormLiteral { .. } => TruncationForm::NormLiteral,
            Self::W { .. } => TruncationForm::W,
        }
    }

    /// ψ.
    pub fn psi(self) -> f64 {
        match self {
            Self::Resample { psi } | Self::Norm { psi } | Self::NormLiteral { psi } | Self::W { psi, .. } => {
                psi
            }
        }
    }

    /// What latent vectors of a distribution are drawn from then.
    pub(super) fn distribution(
        self,
        trained_on: LatentDistribution,
    ) -> Result<LatentDistribution, TrainError> {
        match self {
            Self::Resample { psi } => trained_on.truncated(psi).map_err(|reason| self.refused(&reason)),
            _ => Ok(trained_on),
        }
    }

    /// The length that no latent vector is to exceed.
    pub(super) fn longest(self, z_dim: usize, trained_on: LatentDistribution) -> Option<f64> {
        match self {
            Self::Norm { psi } => Some(psi * trained_on.std() * (z_dim as f64).sqrt()),
            Self::NormLiteral { psi } => Some(psi * trained_on.std()),
            Self::Resample { .. } | Self::W { .. } => None,
        }
    }

    /// Whether a generator can be drawn from so.
    pub(super) fn check(self, generator: &dyn Generator) -> Result<(), TrainError> {
        let psi = self.psi();
        if !(psi > 0.0 && psi <= MOST_PSI) {
            let reason =
                format!("truncation {psi}: give a number above 0, at most {MOST_PSI}; 0.5 to 1 is usual");
            return Err(TrainError::Sample { reason });
        }
        match self {
            Self::W { cutoff, .. } => self.check_layers(generator, cutoff),
            _ if generator.z_dim() == 0 => Err(self.refused("this generator has no latent vector: leave it out")),
            Self::Resample { .. } => self.distribution(generator.latent_distribution()).map(drop),
            Self::Norm { .. } | Self::NormLiteral { .. } => match generator.latent_distribution() {
                LatentDistribution::Sphere => Err(self.refused(
                    "the latent vectors of this generator lie on a sphere (generator.latent = \"sphere\"), and are \
                     all of one length: leave it out",
                )),
                _ => Ok(()),
            },
        }
    }

    fn check_layers(self, generator: &dyn Generator, cutoff: Option<usize>) -> Result<(), TrainError> {
        let Some(mapping) = generator.mapping() else {
            return Err(self.refused(
                "this generator has no mapping network, and so no w to pull towards its centre: use the form \
                 `resample` or `norm`",
            ));
        };
        match (cutoff, mapping.layers()) {
            (Some(cutoff), layers) if !(1..=layers).contains(&cutoff) => {
                let reason = format!(
                    "truncation cutoff {cutoff}: this generator has {layers} layers; give 1 to {layers}, or leave it out \
                     for all"
                );
                Err(TrainError::Sample { reason })
            }
            _ => Ok(()),
        }
    }

    /// An error that says what was asked for.
    pub(super) fn refused(self, reason: &str) -> TrainError {
        TrainError::Sample { reason: format!("truncation {} (form `{}`): {reason}", self.psi(), self.form()) }
    }
}
