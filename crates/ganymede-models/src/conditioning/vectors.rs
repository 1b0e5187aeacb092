//! A vector for each sample from what it is said to be.

use ganymede_tensor::{Builder, Init, Result, Tensor, bail};

use crate::Mode;
use crate::io::{Condition, ConditionShape};
use crate::layers::embedding::Embedding;
use crate::layers::linear::Linear;
use crate::layers::spectral::SpectralConfig;
use crate::layers::weight::LayerConfig;

/// The row of a class in a table, or a linear map of a vector, without a bias: of unit vectors it is the same.
#[derive(Debug)]
pub(crate) struct ToldVectors {
    map: Map,
    /// Who asks for the condition.
    who: &'static str,
}

#[derive(Debug)]
enum Map {
    OfClass(Embedding),
    OfVector(Linear),
}

impl ToldVectors {
    /// Vectors of length `dim`. A table has the place `name`, a linear map `name_linear`: `(K, D)` and `(D, V)` are never
    /// taken for one another.
    ///
    /// # Errors
    /// Nothing is said of a sample that a vector can be made of; a size is 0, or a name is taken.
    pub(crate) fn new(
        told: &ConditionShape,
        dim: usize,
        (weight_init, spectral): (Init, Option<SpectralConfig>),
        (builder, name): (&Builder, &str),
        who: &'static str,
    ) -> Result<Self> {
        let map = match *told {
            ConditionShape::Classes(classes) => {
                Map::OfClass(Embedding::new(classes, dim, weight_init, spectral, &builder.pp(name))?)
            }
            ConditionShape::Vectors(len) => {
                let layer = LayerConfig { weight_init, bias: None, spectral, equalised: None };
                Map::OfVector(Linear::new(len, dim, &layer, &builder.pp(format!("{name}_linear")))?)
            }
            ConditionShape::None | ConditionShape::Images(_) => {
                bail!("{who}: it is told classes or vectors, and the samples have neither")
            }
        };
        Ok(Self { map, who })
    }

    /// Weights of the table or the map.
    pub(crate) fn weights(told: &ConditionShape, dim: usize) -> u128 {
        match *told {
            ConditionShape::Classes(len) | ConditionShape::Vectors(len) => len as u128 * dim as u128,
            ConditionShape::None | ConditionShape::Images(_) => 0,
        }
    }

    /// What [`Self::of`] refuses, for networks that must not have moved statistics by then.
    pub(crate) fn check(&self, condition: &Condition, n: usize) -> Result<()> {
        match &self.map {
            Map::OfClass(embedding) => embedding.check(condition.classes(self.who, n)?),
            Map::OfVector(linear) => linear.check(condition.vectors(self.who, n)?),
        }
    }

    /// The vectors `(n, D)` of a batch of `n` samples.
    pub(crate) fn of(&self, condition: &Condition, n: usize, mode: Mode) -> Result<Tensor> {
        match &self.map {
            Map::OfClass(embedding) => embedding.forward(condition.classes(self.who, n)?, mode),
            Map::OfVector(linear) => linear.forward(condition.vectors(self.who, n)?, mode),
        }
    }
}
