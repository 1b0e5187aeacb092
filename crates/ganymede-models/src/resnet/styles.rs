//! What the normalisations of a generator are told by vectors.

use ganymede_tensor::{Result, Tensor};

use crate::Mode;
use crate::io::Condition;
use crate::layers::embedding::Embedding;

/// Where the vectors come from that normalisations are made from.
#[derive(Debug)]
pub(super) struct Styles {
    /// The vectors of classes, where it is told a class.
    pub(super) shared: Option<Embedding>,
    /// Length of a part of the latent vector.
    pub(super) part: usize,
    /// Whether each block has a part.
    pub(super) of_parts: bool,
    /// Whether it is told anything.
    pub(super) told: bool,
}

impl Styles {
    /// A vector for each sample and each of so many blocks.
    pub(super) fn of(
        &self,
        z: &Tensor,
        told: &Condition,
        blocks: usize,
        mode: Mode,
    ) -> Result<Vec<Condition>> {
        let n = z.dim(0)?;
        let own = match &self.shared {
            Some(shared) => Some(shared.forward(told.classes(super::generator::WHO, n)?, mode)?),
            None if self.told => Some(told.vectors(super::generator::WHO, n)?.clone()),
            None => None,
        };
        let style = |block: usize| {
            let part = match self.of_parts {
                true => Some(z.narrow(1, (block + 1) * self.part, self.part)?),
                false => None,
            };
            let parts: Vec<&Tensor> = own.iter().chain(&part).collect();
            Ok(Condition::Vectors(Tensor::cat(&parts, 1)?))
        };
        (0..blocks).map(style).collect()
    }
}
