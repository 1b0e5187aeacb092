//! Between the two halves of a generator with a mapping network.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use ganymede_models::{Condition, Mapping, Mode};
use ganymede_tensor::Tensor;

use super::Sampler;
use crate::error::TrainError;

/// Layers of a synthesis network, whose first layers make what is large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MixLayers {
    /// 0 to 3, at 4² and 8² pixels: pose, outline (Karras et al., 2019, arXiv:1812.04948, figure 3).
    Coarse,
    /// 4 to 7, at 16² and 32² pixels: parts.
    Middle,
    /// 8 and above, from 64² pixels on: colours and textures.
    Fine,
    /// From the first of two numbers to the second, both included.
    From(usize, usize),
}

impl MixLayers {
    /// These of so many layers.
    ///
    /// # Errors
    /// There are none of them, or not all.
    pub fn of(self, layers: usize) -> Result<Range<usize>, TrainError> {
        let (first, end) = match self {
            Self::Coarse => (0, 4),
            Self::Middle => (4, layers.min(8)),
            Self::Fine => (8, layers),
            Self::From(first, last) => (first, last.saturating_add(1)),
        };
        if first < end && end <= layers {
            return Ok(first..end);
        }
        let last = layers.saturating_sub(1);
        let reason = format!(
            "layers {self}: this generator has {layers}, numbered 0 to {last}; name some of them, such as 0-{}",
            last / 2
        );
        Err(TrainError::Sample { reason })
    }
}

impl fmt::Display for MixLayers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coarse => f.write_str("coarse"),
            Self::Middle => f.write_str("middle (from 4 on)"),
            Self::Fine => f.write_str("fine (from 8 on)"),
            Self::From(first, last) => write!(f, "{first}-{last}"),
        }
    }
}

impl FromStr for MixLayers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<usize>().ok();
        let numbers = |text: &str| match text.split_once('-') {
            Some((first, last)) => number(first).zip(number(last)),
            None => number(text).map(|only| (only, only)),
        };
        match text {
            "coarse" => Ok(Self::Coarse),
            "middle" => Ok(Self::Middle),
            "fine" => Ok(Self::Fine),
            _ => numbers(text).filter(|(first, last)| first <= last).map(|(first, last)| Self::From(first, last)).ok_or_else(|| {
                "give coarse (0-3), middle (4-7), fine (8 and above), or the first and the last number, such as 0-6"
                    .to_owned()
            }),
        }
    }
}

impl Sampler {
    /// L, the number of layers that are told a vector w each; nothing where there is no mapping network.
    pub fn layers(&self) -> Option<usize> {
        self.generator().mapping().map(Mapping::layers)
    }

    /// The mapping network; `what` is what it is wanted for.
    pub(super) fn mapping(&self, what: &str) -> Result<&dyn Mapping, TrainError> {
        self.generator().mapping().ok_or_else(|| {
            let reason = format!(
                "{what}: this generator has no mapping network from z to w, as those of kind `stylegan2` have"
            );
            TrainError::Sample { reason }
        })
    }

    /// The intermediate vectors w `(N, W)` of latent vectors `(N, Z)` and their condition, not truncated.
    ///
    /// # Errors
    /// The generator has no mapping network; the vectors have another length; a condition lacks.
    pub fn w(&self, z: &Tensor, condition: &Condition) -> Result<Tensor, TrainError> {
        let mapping = self.mapping("w")?;
        let _frozen = self.generator().params().freeze();
        Ok(mapping.w(z, condition, Mode::Eval)?.detach())
    }

    /// Samples of vectors `(N, L, W)`, a w for each layer, which are truncated here where the sampler truncates in w.
    /// Without noise it is the constant one.
    ///
    /// # Errors
    /// The generator has no mapping network; vectors or noise have another shape.
    pub fn synthesise(&self, ws: &Tensor, noise: &[Tensor]) -> Result<Tensor, TrainError> {
        let mapping = self.mapping("w")?;
        let _frozen = self.generator().params().freeze();
        let ws = self.truncated()?.pulled(ws)?;
        Ok(mapping.synthesise(&ws, noise, self.growth, Mode::Eval)?.detach())
    }

    /// Style mixing: samples `(N, ..)` of `rows` `(N, W)` that are told `columns` `(N, W)` in the chosen layers.
    ///
    /// # Errors
    /// As [`Sampler::synthesise`]; there are no such layers.
    pub fn mixed(
        &self,
        rows: &Tensor,
        columns: &Tensor,
        chosen: MixLayers,
        noise: &[Tensor],
    ) -> Result<Tensor, TrainError> {
        let layers = self.mapping("style mixing")?.layers();
        let chosen = chosen.of(layers)?;
        let of = |layer: usize| if chosen.contains(&layer) { columns } else { rows };
        let ws: Vec<&Tensor> = (0..layers).map(of).collect();
        self.synthesise(&Tensor::stack(&ws, 1)?, noise)
    }
}

#[cfg(test)]
mod tests;
