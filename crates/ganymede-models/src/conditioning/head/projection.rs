//! The projection discriminator (Miyato and Koyama, 2018, arXiv:1802.05637, equation 3): the score is
//! ψ(φ(x)) + ⟨embed(y), φ(x)⟩, with φ(x) the last feature map summed over its positions. The embedding is spectrally
//! normalised where the convolutions are, as in the authors' code.
//!
//! ψ is the network's own last layer. In a DCGAN that is the tutorial's convolution, so that the keys of `main` are those
//! of a network that is not told the class: it sees each position of the map, where the authors' ψ, a linear layer, sees
//! the sum alone. The embedding starts as the weights of its network do; the authors' by Glorot's rule.
//!
//! Of a vector y the part is ⟨V·y, φ(x)⟩ with a matrix V in place of the table: for unit vectors that is the same.

use ganymede_tensor::{Result, Tensor};

use super::{Head, Judge};
use crate::conditioning::ToldVectors;
use crate::io::Condition;
use crate::{Critique, Mode};

pub(super) static HEAD: Head = Head {
    conditional: true,
    classifies: false,
    extra_channels: 0,
    weights: |parts| ToldVectors::weights(&parts.told, parts.channels),
    build: |parts, builder| {
        let start = (parts.init, parts.spectral);
        let place = (builder, parts.embedding);
        let directions = ToldVectors::new(&parts.told, parts.channels, start, place, parts.who)?;
        Ok(Box::new(Projection { directions }))
    },
};

#[derive(Debug)]
struct Projection {
    directions: ToldVectors,
}

impl Judge for Projection {
    fn see(&self, x: &Tensor, condition: &Condition, _: Mode) -> Result<Tensor> {
        // Before the layers, whose statistics must not move where a condition is refused.
        self.directions.check(condition, x.dim(0)?)?;
        Ok(x.clone())
    }

    fn judge(
        &self,
        features: &Tensor,
        scores: Tensor,
        condition: &Condition,
        mode: Mode,
    ) -> Result<Critique> {
        let phi = features.flatten_from(2)?.sum(2)?;
        let projected = self.directions.of(condition, features.dim(0)?, mode)?.mul(&phi)?.sum(1)?;
        Ok(Critique::new((scores + projected)?))
    }
}
