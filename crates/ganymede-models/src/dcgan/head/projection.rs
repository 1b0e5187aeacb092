//! The projection discriminator (Miyato and Koyama, 2018, arXiv:1802.05637, equation 3): the score is
//! ψ(φ(x)) + ⟨embed(y), φ(x)⟩, with φ(x) the last feature map summed over its positions. The embedding is spectrally
//! normalised where the convolutions are, as in the authors' code.
//!
//! ψ is the tutorial's last convolution, so that the keys of `main` are those of a network that is not told the class.
//! It sees each position of the map; the authors' ψ, a linear layer, sees the sum alone, which is this convolution with
//! one weight for all 16 positions of a channel. The embedding starts as all weights do, from N(0, 0.02²); the authors'
//! by Glorot's rule.

use ganymede_tensor::{Init, Result, Tensor};

use super::{Head, Judge, WHO};
use crate::io::Condition;
use crate::layers::embedding::Embedding;
use crate::{Critique, Mode};

pub(super) static HEAD: Head = Head {
    conditional: true,
    classifies: false,
    extra_channels: 0,
    weights: |parts| parts.classes as u128 * parts.channels as u128,
    build: |parts, builder| {
        let init = Init::Normal { mean: 0.0, std: super::super::INIT_STD };
        let place = builder.pp("embed");
        let embedding = Embedding::new(parts.classes, parts.channels, init, parts.spectral, &place)?;
        Ok(Box::new(Projection { embedding }))
    },
};

#[derive(Debug)]
struct Projection {
    embedding: Embedding,
}

impl Judge for Projection {
    fn see(&self, x: &Tensor, condition: &Condition, _: Mode) -> Result<Tensor> {
        // Before the layers, whose statistics must not move where a class is refused.
        self.embedding.check(condition.classes(WHO, x.dim(0)?)?)?;
        Ok(x.clone())
    }

    fn judge(
        &self,
        features: &Tensor,
        scores: Tensor,
        condition: &Condition,
        mode: Mode,
    ) -> Result<Critique> {
        let y = condition.classes(WHO, features.dim(0)?)?;
        let phi = features.flatten_from(2)?.sum(2)?;
        let projected = self.embedding.forward(y, mode)?.mul(&phi)?.sum(1)?;
        Ok(Critique::new((scores + projected)?))
    }
}
