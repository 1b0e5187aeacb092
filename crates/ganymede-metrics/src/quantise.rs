//! From what a generator gives to the bytes that a picture file would hold.

use ganymede_tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::{MetricError, Result};

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

/// Images `(N, C, H, W)` in `[−1, 1]`, f32, as grey levels in `0..=255`: f32 in memory, whole numbers but for
/// [`Quantise::None`].
///
/// # Errors
/// [`MetricError::Invalid`] for images that are not four-dimensional, or hold a number that is not finite;
/// operations on tensors.
pub fn quantise(images: &Tensor, how: Quantise) -> Result<Tensor> {
    let shape = images.dims4()?;
    let mut levels = images.to_device(&Device::Cpu)?.contiguous()?.flatten_all()?.to_vec1::<f32>()?;
    if let Some(at) = levels.iter().position(|value| !value.is_finite()) {
        let image = at / (levels.len() / shape.0);
        let message = format!("image {image} of {} holds {}: the generator is broken", shape.0, levels[at]);
        return Err(MetricError::Invalid(message));
    }
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    for &value in &levels {
        (low, high) = (low.min(value), high.max(value));
    }
    // A constant batch has no range; it is black.
    let range = if high > low { high - low } else { 1.0 };
    for value in &mut levels {
        *value = match how {
            Quantise::HalfUp => (*value * 127.5 + 128.0).clamp(0.0, 255.0).trunc(),
            Quantise::Truncate => ((*value + 1.0) * 127.5).clamp(0.0, 255.0).trunc(),
            Quantise::BatchRange => (((*value - low) / range) * 255.0 + 0.5).clamp(0.0, 255.0).trunc(),
            Quantise::None => ((*value + 1.0) * 127.5).clamp(0.0, 255.0),
        };
    }
    Ok(Tensor::from_vec(levels, shape, &Device::Cpu)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(values: &[f32], how: Quantise) -> Vec<f32> {
        let images = Tensor::from_slice(values, (1, 1, 1, values.len()), &Device::Cpu).unwrap();
        quantise(&images, how).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn every_level_comes_back() {
        let values: Vec<f32> = (0..=255).map(|level| level as f32 / 127.5 - 1.0).collect();
        let whole: Vec<f32> = (0..=255).map(|level| level as f32).collect();
        for how in [Quantise::HalfUp, Quantise::BatchRange] {
            assert_eq!(levels(&values, how), whole, "{how}");
        }
    }

    #[test]
    fn halves_go_up_and_the_outside_is_clamped() {
        let values = [-3.0, -1.0, -0.997, 0.0, 0.003, 1.0, 2.0];
        assert_eq!(levels(&values, Quantise::HalfUp), [0.0, 0.0, 0.0, 128.0, 128.0, 255.0, 255.0]);
        assert_eq!(levels(&values, Quantise::Truncate), [0.0, 0.0, 0.0, 127.0, 127.0, 255.0, 255.0]);
        assert_eq!(levels(&values, Quantise::None)[3], 127.5);
        assert_eq!(levels(&[0.5, 0.5], Quantise::BatchRange), [0.0, 0.0]);
        assert_eq!(levels(&[0.0, 0.1, 0.2], Quantise::BatchRange), [0.0, 128.0, 255.0]);
    }

    #[test]
    fn what_is_not_finite_is_refused_with_its_place() {
        let images = Tensor::from_slice(&[0f32, 0., 0., f32::NAN], (2, 1, 1, 2), &Device::Cpu).unwrap();
        let message = quantise(&images, Quantise::HalfUp).unwrap_err().to_string();
        assert!(message.contains("image 1 of 2 holds NaN"), "{message}");
    }
}
