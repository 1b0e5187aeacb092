//! From what a generator gives to the bytes that a picture file would hold.

use serde::{Deserialize, Serialize};

/// How a generator's numbers in `[−1, 1]` become grey levels in `0..=255`.
///
/// Real images come from files of whole levels. A generator that is not quantised is measured on images that
/// nobody can save, and its FID differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantise {
    /// The nearest level, halves up: trunc(127.5·x + 128), clamped. StyleGAN's and StudioGAN's rule (the
    /// latter writes trunc(255·(x + 1)/2 + 0.5)).
    #[default]
    HalfUp,
    /// The level below: trunc(127.5·(x + 1)), clamped. What programs do that forget the half: images come
    /// out half a level darker.
    Truncate,
    /// The batch's own minimum becomes 0 and its maximum 255, then the nearest level: torch-mimicry's rule.
    /// It depends on the batch, so that the numbers change with its size.
    BatchRange,
    /// No rounding: 127.5·(x + 1), clamped.
    None,
}

impl Quantise {
    /// All of them.
    pub const ALL: &[Self] = &[Self::HalfUp, Self::Truncate, Self::BatchRange, Self::None];

    /// Its name in configurations and provenance, such as `half-up`.
    pub fn name(self) -> &'static str {
        match self {
            Self::HalfUp => "half-up",
            Self::Truncate => "truncate",
            Self::BatchRange => "batch-range",
            Self::None => "none",
        }
    }
}

impl std::fmt::Display for Quantise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}
