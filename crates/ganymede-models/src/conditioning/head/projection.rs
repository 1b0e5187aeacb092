//! The projection discriminator (Miyato and Koyama, 2018, arXiv:1802.05637, equation 3): the score is
//! ψ(φ(x)) + ⟨embed(y), φ(x)⟩, with φ(x) the last feature map summed over its positions. The embedding is spectrally
//! normalised where the convolutions are, as in the authors' code.
//!
//! ψ is the network's own last layer. In a DCGAN that is the tutorial's convolution, so that the keys of `main` are those
//! of a network that is not told the class: it sees each position of the map, where the authors' ψ, a linear layer, sees
//! the sum alone. The embedding starts as the weights of its network do; the authors' by Glorot's rule.

use ganymede_tensor::{Result, Tensor};

use super::{Head, Judge};
use crate::io::Condition;
use crate::layers::embedding::Embedding;
use crate::{Critique, Mode};

pub(super) static HEAD: Head = Head {
    conditional: true,
    classifies: false,
    extra_channels: 0,
    weights: |parts| parts.classes as u128 * parts.channels as u128,
    build: |parts, builder| {
        let place = builder.pp(parts.embedding);
        let embedding = Embedding::new(parts.classes, parts.channels, parts.init, parts.spectral, &place)?;
        Ok(Box::new(Projection { embedding, who: parts.who }))
    },
};

#[derive(Debug)]
struct Projection {
    embedding: Embedding,
    who: &'static str,
}

impl Judge for Projection {
    fn see(&self, x: &Tensor, condition: &Condition, _: Mode) -> Result<Tensor> {
        // Before the layers, whose statistics must not move where a class is refused.
        self.embedding.check(condition.classes(self.who, x.dim(0)?)?)?;
        Ok(x.clone())
    }

    fn judge(
        &self,
        features: &Tensor,
        scores: Tensor,
        condition: &Condition,
        mode: Mode,
    ) -> Result<Critique> {
        let y = condition.classes(self.who, features.dim(0)?)?;
        let phi = features.flatten_from(2)?.sum(2)?;
        let projected = self.embedding.forward(y, mode)?.mul(&phi)?.sum(1)?;
        Ok(Critique::new((scores + projected)?))
    }
}
